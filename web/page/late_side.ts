// late_side.ts: a tab whose contents come when it is first shown, in a file of their own with words of their own.
//
//     const side = new LateSide(page, sides, "allocate", async (panel) => new Panes(panel, …));
//     await side.open();                                   shows it, with the keyboard in it
import { h } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import type { Sides } from "./sides";

export interface SidePanes {
  refresh(): void;
  focus(): void;
}

export class LateSide {
  private readonly panel: HTMLElement;
  private panes: SidePanes | null = null;
  private coming: Promise<void> | null = null;

  /** `load` fetches what it needs, then makes the panes in the panel. */
  constructor(
    page: Page,
    private readonly sides: Sides,
    private readonly name: string,
    private readonly load: (panel: HTMLElement) => Promise<SidePanes>,
  ) {
    this.panel = sides.add(name);
    sides.onShow(name, () => void this.show());
    page.onStory(() => {
      if (sides.current === name) this.panes?.refresh();
    });
  }

  async open(): Promise<void> {
    this.sides.show(this.name);
    await this.show();
    this.panes?.focus();
  }

  private async show(): Promise<void> {
    this.coming ??= this.fetch();
    await this.coming;
    this.panes?.refresh();
  }

  private async fetch(): Promise<void> {
    try {
      const panes = await this.load(this.panel);
      this.panel.querySelector(":scope > .message")?.remove();
      this.panes = panes;
    } catch {
      this.coming = null; // shown again, it is tried again
      this.panel.replaceChildren(h("p", { class: "message", role: "alert" }, t("side.failed")));
    }
  }
}
