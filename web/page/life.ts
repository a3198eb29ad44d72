// life.ts: the life of one page frame, from the firmware's map to the end of the boot, as a list in words. Each entry moves
// the playhead to where it happens; the list stays. What lies behind the playhead is marked as to come.
import { type Life, type LifeEntry, order, Slices } from "./asked";
import { h, setText } from "./dom";
import { has, t } from "./locale";
import type { Page } from "./page";
import { bytes, hex, range } from "./units";

export class LifeView {
  private readonly leave = h("button", { type: "button" });
  private readonly title = h("h2", { tabindex: -1 });
  private readonly busy = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("life.reading") });
  private readonly note = h("p", { class: "thing-gone", role: "status" });
  private readonly list = h("ol", { class: "life" });
  readonly view = h(
    "div",
    { hidden: true },
    h("div", { class: "thing-bar" }, this.leave),
    this.title,
    this.busy,
    this.note,
    this.list,
  );
  private readonly slices = new Slices();
  private entries: { entry: LifeEntry; button: HTMLButtonElement; mark: HTMLElement }[] = [];

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    leave: () => void,
  ) {
    this.leave.addEventListener("click", leave);
    page.onStory(() => {
      if (!this.alive) return;
      // The boot that it tells of may have got another branch.
      if (later.followOn(0) < 1) void this.run();
      else this.show();
    });
  }

  get alive(): boolean {
    return !this.view.hidden;
  }

  /** Of a PFN, or of the page at an address; `from`: the title of the thing that one comes from. */
  start(at: number, address: boolean, from: string | null): void {
    this.later.follow(at, address);
    const life = JSON.parse(this.later.life()) as Life | null;
    if (!life) return;
    setText(this.leave, `◂ ${from ?? t("side.thing")}`);
    setText(this.title, t("life.of", { pfn: hex(life.pfn) }));
    this.view.hidden = false;
    void this.run();
  }
  close(): void {
    this.slices.cancel();
    this.view.hidden = true;
  }
  focus(): void {
    this.title.focus();
  }

  private async run(): Promise<void> {
    this.entries = [];
    this.list.replaceChildren();
    setText(this.note, t("life.reading"));
    const through = await this.slices.run(
      (calls) => this.later.followOn(calls),
      (share) => {
        this.busy.hidden = false;
        this.busy.value = share;
      },
    );
    if (!through) return;
    this.busy.hidden = true;
    const life = JSON.parse(this.later.life()) as Life | null;
    if (!life) return;
    this.entries = life.entries.map((entry) => this.entry(entry));
    this.list.replaceChildren(...this.entries.map(({ button }) => h("li", {}, button)));
    setText(
      this.note,
      t(life.cut ? "life.cut" : life.entries.length > 0 ? "life.entries" : "life.none", { n: life.entries.length }),
    );
    this.show();
  }

  private entry(entry: LifeEntry) {
    const mark = h("span", { class: "life-mark" });
    const by = entry.caller && entry.caller !== entry.function ? `${entry.function} ← ${entry.caller}` : entry.function;
    const button = h(
      "button",
      { type: "button" },
      h("span", {}, sentence(entry)),
      h("span", { class: "life-who" }, h("span", { class: "mono" }, by), mark),
    );
    button.addEventListener("click", () => this.page.seek(entry.call, entry.event));
    return { entry, button, mark };
  }

  /** Where the playhead stands among them. */
  private show(): void {
    const place = this.page.story?.place;
    if (!place) return;
    const next = this.entries.findIndex(({ entry }) => order(entry, place) > 0);
    const past = next < 0 ? this.entries.length : next;
    for (const [i, { button, mark }] of this.entries.entries()) {
      const now = i === past - 1;
      button.classList.toggle("future", i >= past);
      if (now) button.setAttribute("aria-current", "step");
      else button.removeAttribute("aria-current");
      setText(mark, i >= past ? t("life.to-come") : now ? t("life.now") : "");
    }
  }
}

function sentence(e: LifeEntry): string {
  const key = `life.did.${e.what}`;
  const values = {
    range: range(e.base, e.end - e.base),
    size: bytes(e.end - e.base),
    node: e.node,
    zone: e.zone,
    from: e.from,
    order: e.order,
    list: e.list,
    type: e.type ?? "",
    owner: e.owner || e.caller || t("somebody"),
    flags: hex(e.number),
    gfp: e.gfp ?? "",
    number: e.number,
    n: e.number,
    state: has(`life.state.${e.state}`) ? t(`life.state.${e.state}`) : e.state,
  };
  if (e.what === "firmware_changed" && !e.type) return t("life.did.firmware_gone", values);
  if (e.what === "split" && e.order === e.from) return t("life.did.split-off", values);
  if (e.what === "merged" && e.order - e.from === 1) return t("life.did.merged-once", values);
  return t(key, values);
}
