// layout.ts: how the page is laid out: the header's buttons (in a menu where they have no room), one panel of the picture
// alone, projector mode, and on a phone which panel stands below the strip.
import { byId, h } from "./dom";
import { LAYOUTS, PANELS } from "./link_state";
import { t } from "./locale";
import type { Page } from "./page";
import { say } from "./say";

const PROJECTOR_SCALE = 1.5;
const phone = matchMedia("(max-width: 820px)");

export class Layout {
  private readonly bar = document.querySelector<HTMLElement>(".bar") as HTMLElement;
  private readonly menu = byId<HTMLButtonElement>("menu");
  private readonly tools = byId("tools");
  private readonly view = byId<HTMLButtonElement>("view");
  private readonly viewPanel = byId("view-panel");
  private readonly projector = h("input", { type: "checkbox", id: "projector" });
  private readonly layouts = new Map<string, HTMLInputElement>();
  private readonly panels = new Map<string, HTMLInputElement>();

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
  ) {
    const choices = h("fieldset", {}, h("legend", {}, t("view.panel")));
    for (const name of LAYOUTS) {
      const radio = h("input", { type: "radio", name: "layout", value: name, checked: name === "" });
      radio.addEventListener("change", () => this.focus(name));
      this.layouts.set(name, radio);
      choices.append(h("label", {}, radio, t(`layout.${name}`)));
    }
    this.projector.addEventListener("change", () => this.project(this.projector.checked));
    this.viewPanel.append(choices, h("label", {}, this.projector, t("view.projector")));
    this.fillPanelTabs();
    disclose(this.view, this.viewPanel);
    disclose(this.menu, this.tools, () => this.bar.dataset.compact !== undefined);
    // Choosing something closes the menu; its own parts do not.
    this.tools.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest("button");
      if (button && button !== this.view && this.bar.dataset.compact !== undefined) open(this.menu, this.tools, false);
    });
    for (const element of this.bar.querySelectorAll<HTMLElement>("[data-when-ready]")) element.hidden = false;
    new ResizeObserver(() => this.fit()).observe(document.documentElement);
    this.fit();
  }

  get projecting(): boolean {
    return this.projector.checked;
  }

  focus(name: string): void {
    for (const [key, radio] of this.layouts) radio.checked = key === name;
    this.later.setFocus(name);
    this.page.changed();
  }
  /** The next of them, round about. */
  focusNext(): void {
    const now = LAYOUTS.findIndex((name) => this.layouts.get(name)?.checked);
    const next = LAYOUTS[(now + 1) % LAYOUTS.length] ?? "";
    this.focus(next);
    say(t("view.now", { panel: t(`layout.${next}`) }));
  }

  project(on: boolean): void {
    this.projector.checked = on;
    document.documentElement.toggleAttribute("data-projector", on);
    this.page.host?.setScale(on ? PROJECTOR_SCALE : 1);
    this.fit();
    say(t(on ? "view.projector-on" : "view.projector-off"));
  }

  /** Which panel a narrow picture shows below the strip. */
  showPanel(name: string): void {
    const radio = this.panels.get(name);
    if (radio) radio.checked = true;
    this.page.lab.showPanel(name);
    this.page.changed();
  }

  private fillPanelTabs(): void {
    for (const name of PANELS) {
      const radio = h("input", { type: "radio", name: "panel", value: name, checked: name === "memblock" });
      radio.addEventListener("change", () => this.showPanel(name));
      this.panels.set(name, radio);
      byId("panel-tabs").append(h("label", {}, radio, t(`panel.${name}`)));
    }
  }

  /** The header's buttons lie in a menu when they are too many for its width. */
  private fit(): void {
    delete this.bar.dataset.compact;
    this.tools.hidden = false;
    const narrow = phone.matches || this.bar.scrollWidth > this.bar.clientWidth;
    if (narrow) this.bar.dataset.compact = "";
    this.menu.hidden = !narrow;
    this.tools.hidden = narrow && this.menu.getAttribute("aria-expanded") !== "true";
    if (!narrow) this.menu.setAttribute("aria-expanded", "false");
  }
}

function open(button: HTMLElement, panel: HTMLElement, now: boolean): void {
  panel.hidden = !now;
  button.setAttribute("aria-expanded", String(now));
}

/** A button that opens a panel; Escape or a press elsewhere closes it, if `closes` says so. */
function disclose(button: HTMLElement, panel: HTMLElement, closes: () => boolean = () => true): void {
  button.addEventListener("click", () => open(button, panel, button.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || panel.hidden || !closes() || document.querySelector("dialog[open]")) return;
    open(button, panel, false);
    if (panel.contains(document.activeElement) || document.activeElement === document.body) button.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const at = event.target as Node;
    if (!panel.hidden && closes() && !panel.contains(at) && !button.contains(at)) open(button, panel, false);
  });
}
