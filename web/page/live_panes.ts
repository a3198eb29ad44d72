// live_panes.ts: what lies on the side "Allocate": pages, objects, a workload, one at a time. Before memblock has handed
// memory over there is only the way there.
import { Allocate } from "./allocate";
import { h } from "./dom";
import { allocatorOf } from "./live_call";
import { t } from "./locale";
import { Objects } from "./objects";
import type { Page } from "./page";
import { WorkloadPane } from "./workload";

interface Pane {
  refresh(): void;
  focus(): void;
}

export class LivePanes {
  private readonly early = h("div", { class: "alloc-early" });
  private readonly choice = h("div", { class: "panes", role: "radiogroup", "aria-label": t("alloc.panes") });
  private readonly panes = new Map<string, { pane: Pane; view: HTMLElement; input: HTMLInputElement }>();
  private current = "pages";
  private arriving = false; // on the way to where there is something to allocate from; the keyboard goes there

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    panel: HTMLElement,
    show: (path: string) => void,
  ) {
    panel.append(this.early, this.choice);
    this.add(panel, "pages", (view) => new Allocate(page, later, view, show));
    this.add(panel, "objects", (view) => new Objects(page, later, view));
    this.add(panel, "workload", (view) => new WorkloadPane(page, later, view));
    this.fillEarly();
  }

  refresh(): void {
    const ready = allocatorOf(this.later, 0)?.ready ?? false;
    this.early.hidden = ready;
    this.choice.hidden = !ready;
    for (const [name, { view, input }] of this.panes) {
      view.hidden = !ready || name !== this.current;
      input.checked = name === this.current;
    }
    if (!ready) return;
    this.panes.get(this.current)?.pane.refresh();
    if (this.arriving) this.focus();
    this.arriving = false;
  }

  focus(): void {
    if (!this.early.hidden) this.early.querySelector("button")?.focus();
    else this.panes.get(this.current)?.pane.focus();
  }

  private add(panel: HTMLElement, name: string, make: (view: HTMLElement) => Pane): void {
    const view = h("div", { class: "pane", hidden: true });
    const input = h("input", { type: "radio", name: "alloc-pane", value: name });
    input.addEventListener("change", () => {
      this.current = name;
      this.refresh();
    });
    this.choice.append(h("label", {}, input, h("span", {}, t(`alloc.pane.${name}`))));
    panel.append(view);
    this.panes.set(name, { pane: make(view), view, input });
  }

  private fillEarly(): void {
    const go = (word: string, to: () => number) => {
      const press = h("button", { type: "button" }, t(word));
      press.addEventListener("click", () => {
        this.arriving = true;
        this.page.seek(to());
      });
      return press;
    };
    const end = go("alloc.to-end", () => this.page.story?.place.calls ?? 0);
    end.classList.add("primary");
    const handoff = go("alloc.to-handoff", () => Math.max(this.page.handoff(), 0));
    this.early.append(
      h("p", { class: "thing-how" }, t("alloc.not-ready")),
      h("div", { class: "buttons" }, end, handoff),
    );
  }
}
