// page_panes.ts: what lies on the side "Page", one pane at a time: a page's bytes, its flags, five memory models, and the
// allocators before memblock. On a wide screen the column can be made wide, so that things stand side by side.
import { byId, h } from "./dom";
import { t } from "./locale";
import type { Machines } from "./machines";
import type { Page } from "./page";
import { type Choices, PageChoice } from "./page_choice";
import { PageFlags } from "./page_flags";
import { PageModels } from "./page_models";
import { PageOld } from "./page_old";
import { PageStruct } from "./page_struct";

interface Pane {
  readonly view: HTMLElement;
  /** The one that is shown is drawn anew. */
  refresh(choice: PageChoice): void;
}

export class PagePanes {
  private readonly radios = h("div", { class: "panes page-panes", role: "radiogroup", "aria-label": t("pages.panes") });
  private readonly wide = h(
    "button",
    { type: "button", class: "page-wide", "aria-pressed": "false", "aria-label": t("pages.wide"), title: t("pages.wide") },
    h("span", { "aria-hidden": "true" }, "↔"),
  );
  private readonly choice: PageChoice;
  private readonly panes = new Map<string, { pane: Pane; input: HTMLInputElement }>();
  private current = "";
  private machine: Choices | null = null;

  constructor(page: Page, later: MmscopeLater, panel: HTMLElement, machines: Machines) {
    this.choice = new PageChoice(page, later, () => this.draw());
    panel.append(h("div", { class: "page-top" }, this.radios, this.wide), this.choice.view);
    this.add(panel, "struct", new PageStruct(later));
    this.add(panel, "flags", new PageFlags(later));
    this.add(panel, "models", new PageModels(later));
    this.add(panel, "old", new PageOld(page, later, machines));
    this.wide.addEventListener("click", () => {
      const on = this.wide.getAttribute("aria-pressed") !== "true";
      this.wide.setAttribute("aria-pressed", String(on));
      byId("story").toggleAttribute("data-wide", on);
      this.draw();
      page.changed();
    });
    page.onMachine(() => {
      if (this.current) queueMicrotask(() => this.refresh());
    });
    // What is pressed in the picture is looked at here too.
    page.onFrame(() => {
      if (!panel.hidden && this.choice.stale) this.refresh();
    });
  }

  refresh(): void {
    this.choice.refresh();
    const { choices } = this.choice;
    if (choices !== this.machine) {
      // The machine decides what is to be seen first.
      if (choices?.old) this.current = "old";
      else if (!this.current || this.current === "old") this.current = "struct";
      this.machine = choices;
    }
    this.draw();
  }

  focus(): void {
    this.panes.get(this.current)?.input.focus();
  }

  private draw(): void {
    this.choice.view.hidden = this.current === "old";
    this.choice.wordChoice = this.current === "struct";
    for (const [name, { pane, input }] of this.panes) {
      input.checked = name === this.current;
      pane.view.hidden = name !== this.current;
    }
    this.panes.get(this.current)?.pane.refresh(this.choice);
  }

  private add(panel: HTMLElement, name: string, pane: Pane): void {
    const input = h("input", { type: "radio", name: "page-pane", value: name });
    input.addEventListener("change", () => {
      this.current = name;
      this.draw();
    });
    this.radios.append(h("label", {}, input, h("span", {}, t(`pages.pane.${name}`))));
    pane.view.hidden = true;
    panel.append(pane.view);
    this.panes.set(name, { pane, input });
  }
}
