// finds.ts: where something happens in the boot. A search in slices over the whole boot; every find moves the playhead, and
// the next or previous one from the playhead can be gone to.
import { type Hits, order, type Place, Slices } from "./asked";
import { h, setText } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import { count } from "./units";

const PAGE = 50;

export class Finds {
  private readonly note = h("p", { class: "finds-note", role: "status" });
  private readonly busy = h("progress", { max: 1, value: 0, hidden: true, "aria-label": t("find.searching") });
  private readonly before = h("button", { type: "button" }, t("find.previous"));
  private readonly after = h("button", { type: "button" }, t("find.next"));
  private readonly steps = h("div", { class: "buttons", hidden: true }, this.before, this.after);
  private readonly list = h("ol", { class: "finds" });
  private readonly more = h("button", { type: "button", hidden: true }, t("find.more"));
  readonly view = h(
    "section",
    { "aria-labelledby": "finds-title", hidden: true },
    h("h3", { id: "finds-title" }, t("find.title")),
    this.note,
    this.busy,
    this.steps,
    this.list,
    this.more,
  );
  private readonly slices = new Slices();
  private hits: { place: Place; button: HTMLButtonElement }[] = [];
  private searching = false;
  private query = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
  ) {
    this.before.addEventListener("click", () => this.step(-1));
    this.after.addEventListener("click", () => this.step(1));
    this.more.addEventListener("click", () => this.grow(this.hits.length + PAGE));
    page.onStory(() => {
      if (this.view.hidden) return;
      // In another branch other things happen.
      if (!this.searching && later.searchOn(0) < 1) void this.run();
      else this.show();
    });
    page.onMachine(() => {
      if (this.query) this.search(this.query);
    });
  }

  /** "" = nothing is looked for. */
  search(query: string): void {
    this.query = query.trim();
    this.slices.cancel();
    this.view.hidden = this.query === "";
    if (this.query === "") return;
    const wrong = this.later.search(this.query);
    if (wrong) {
      this.clear();
      setText(this.note, wrong);
    } else void this.run();
  }

  /** Goes to the next (1) or previous (-1) find from the playhead; false if there is none. */
  step(direction: number): boolean {
    if (this.view.hidden) return false;
    const place = JSON.parse(this.later.hitNear(direction)) as Place | null;
    if (place) this.page.move(() => this.page.lab.seek(place.call, place.event));
    else setText(this.note, t(direction > 0 ? "find.no-next" : "find.no-previous"));
    return place !== null;
  }

  private clear(): void {
    this.hits = [];
    this.list.replaceChildren();
    this.busy.hidden = true;
    this.steps.hidden = true;
    this.more.hidden = true;
  }

  private async run(): Promise<void> {
    this.clear();
    this.searching = true;
    setText(this.note, t("find.searching"));
    const through = await this.slices.run(
      (calls) => this.later.searchOn(calls),
      (share) => {
        this.busy.hidden = false;
        this.busy.value = share;
        if (this.hits.length < PAGE) this.grow(PAGE);
      },
    );
    if (!through) return;
    this.searching = false;
    this.busy.hidden = true;
    this.grow(PAGE);
    const total = this.read(0, 0)?.total ?? 0;
    setText(this.note, t("find.total", { n: total, total: count(total) }));
    this.steps.hidden = total === 0;
  }

  private read(from: number, n: number): Hits | null {
    return JSON.parse(this.later.hits(from, n)) as Hits | null;
  }

  /** As many as there are, up to so many, are in the list. */
  private grow(to: number): void {
    const found = this.read(this.hits.length, to - this.hits.length);
    if (!found) return;
    for (const { text, ...place } of found.hits) {
      const button = h(
        "button",
        { type: "button" },
        h("span", { class: "quiet" }, t("find.call", { call: place.event > 0 ? place.call + 1 : place.call })),
        h("span", { class: "mono" }, text),
      );
      button.addEventListener("click", () => this.page.move(() => this.page.lab.seek(place.call, place.event)));
      this.hits.push({ place, button });
      this.list.append(h("li", {}, button));
    }
    this.more.hidden = this.searching || this.hits.length >= found.kept;
    if (!this.more.hidden) setText(this.more, t("find.more", { n: Math.min(PAGE, found.kept - this.hits.length) }));
    this.show();
  }

  private show(): void {
    const at = this.page.story?.place;
    if (!at) return;
    for (const { place, button } of this.hits)
      if (order(place, at) === 0) {
        button.setAttribute("aria-current", "step");
      } else button.removeAttribute("aria-current");
  }
}
