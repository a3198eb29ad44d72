// live_side.ts: the tab "Allocate". What is on it comes when it is first shown.
import { h } from "./dom";
import type { LivePanes } from "./live_panes";
import { addWords, t } from "./locale";
import type { Page } from "./page";
import type { Sides } from "./sides";
import type { Thing } from "./thing";

export class LiveSide {
  private readonly panel: HTMLElement;
  private panes: LivePanes | null = null;
  private coming: Promise<void> | null = null;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly sides: Sides,
    private readonly thing: Thing,
  ) {
    this.panel = sides.add("allocate");
    sides.onShow("allocate", () => void this.show());
    page.onStory(() => {
      if (sides.current === "allocate") this.panes?.refresh();
    });
  }

  /** Shows it, with the keyboard where a request begins. */
  async open(): Promise<void> {
    this.sides.show("allocate");
    await this.show();
    this.panes?.focus();
  }

  private async show(): Promise<void> {
    this.coming ??= this.load();
    await this.coming;
    this.panes?.refresh();
  }

  private async load(): Promise<void> {
    try {
      const [{ LivePanes: Panes }, { default: words }] = await Promise.all([
        import("./live_panes"),
        import("words:live"),
      ]);
      addWords(words);
      this.panel.replaceChildren();
      this.panes = new Panes(this.page, this.later, this.panel, (path) => this.thing.open(path));
    } catch {
      this.coming = null; // shown again, it is tried again
      this.panel.replaceChildren(h("p", { class: "message", role: "alert" }, t("alloc.failed")));
    }
  }
}
