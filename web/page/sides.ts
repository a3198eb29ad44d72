// sides.ts: the tabs of the left column. The step is always told above them; below is one side at a time: the step's facts,
// a thing that was picked, questions, kernel calls of one's own, a lesson. Each part of the page adds its own side:
//
//     const side = sides.add("thing");      locale: "side.thing"; a <div id="side-thing"> to fill
//     sides.show("thing");                  sides.onShow("thing", () => …)
import { byId, h } from "./dom";
import { t } from "./locale";

export class Sides {
  private readonly list = byId("side-tabs");
  private readonly story = byId("story");
  private readonly tabs = new Map<string, HTMLButtonElement>();
  private readonly shown = new Map<string, () => void>();

  constructor() {
    this.enter("step", byId("side-step"));
    this.list.hidden = false;
    this.show("step");
  }

  add(name: string): HTMLElement {
    if (this.tabs.has(name)) this.remove(name);
    const panel = h("div", { class: "side", id: `side-${name}`, hidden: true });
    byId("sides").append(panel);
    this.enter(name, panel);
    return panel;
  }

  remove(name: string): void {
    this.tabs.get(name)?.remove();
    this.tabs.delete(name);
    this.shown.delete(name);
    document.getElementById(`side-${name}`)?.remove();
    if (this.current === name) this.show("step");
  }

  get current(): string {
    return this.story.dataset.side ?? "step";
  }

  onShow(name: string, then: () => void): void {
    this.shown.set(name, then);
  }

  show(name: string): void {
    if (!this.tabs.has(name)) return;
    this.story.dataset.side = name;
    for (const [key, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(key === name));
      tab.tabIndex = key === name ? 0 : -1;
      byId(`side-${key}`).hidden = key !== name;
    }
    this.shown.get(name)?.();
  }

  /** Shows it and puts the keyboard there. */
  open(name: string): void {
    this.show(name);
    this.tabs.get(name)?.focus();
  }

  private enter(name: string, panel: HTMLElement): void {
    const tab = h(
      "button",
      { type: "button", role: "tab", id: `to-${name}`, "aria-controls": panel.id, "aria-selected": "false" },
      t(`side.${name}`),
    );
    tab.tabIndex = -1;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => this.show(name));
    tab.addEventListener("keydown", (event) => this.key(event, name));
    this.tabs.set(name, tab);
    this.list.append(tab);
  }

  private key(event: KeyboardEvent, name: string): void {
    const names = [...this.tabs.keys()];
    const at = names.indexOf(name);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.open(names[(to + names.length) % names.length] ?? name);
  }
}
