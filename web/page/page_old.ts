// page_old.ts: the allocators before memblock, as they stand at the playhead: of each zone the free lists and the bit of each
// pair of buddies, and the boot bitmap. What the step has turned over is marked; at an event, what the event did.
import { h, setText } from "./dom";
import { t } from "./locale";
import type { Machines } from "./machines";
import { message, type Page } from "./page";
import type { PageChoice } from "./page_choice";
import { count, hex } from "./units";

interface PairZone {
  start: number;
  pages: number;
  free: number;
  /** Which half of a block that is cut is given out. */
  take: "upper" | "lower";
  /** Pairs by number; null: the order has no map. */
  orders: { list: number[]; pairs_set: number[] | null }[];
}
interface OldEvent {
  kind: string;
  fields: Record<string, number>;
}
export interface OldMemory {
  bootmem?: {
    start: number;
    end: number;
    mapstart: number;
    map_bytes: number;
    given_away: boolean;
    last_pos: number;
    last_offset: number;
    last_success: number;
    runs: [first: number, pages: number, reserved: boolean][];
  };
  pair_zones?: PairZone[];
  /** The playhead is inside a call. */
  inside: boolean;
  /** Events of the call so far; the last of them follow. */
  happened: number;
  events: OldEvent[];
}

const DRAWN_PAIRS = 64;
const DRAWN_PAGES = 64;
const MOST_NAMED = 24; // blocks of a list, set bits of a long map
const MOST_RUNS = 200;

export class PageOld {
  readonly view = h("div", { class: "pane page-old" });
  private readonly none = h("p", { class: "thing-how" });
  private readonly start = h("div", { class: "buttons page-examples" });
  private readonly how = h("p", { class: "quiet" }, t("pages.old-how"));
  private readonly said = h("p", { class: "page-said", role: "status" });
  private readonly zones = h("div");
  private readonly bitmap = h("section");

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    machines: Machines,
  ) {
    for (const name of machines.examples) {
      const press = h("button", { type: "button" }, t(`machine.${name}`));
      press.addEventListener("click", () => void machines.choose(name).then((failed) => message(failed)));
      this.start.append(press);
    }
    this.view.append(
      this.none,
      this.how,
      this.said,
      this.zones,
      this.bitmap,
      h("h3", {}, t("pages.examples")),
      this.start,
    );
  }

  refresh({ choices }: PageChoice): void {
    const now = JSON.parse(this.later.oldMemory()) as OldMemory | null;
    if (!now) return;
    const { pair_zones: zones = [], bootmem } = now;
    const any = zones.length > 0 || bootmem !== undefined;
    this.none.hidden = any;
    setText(this.none, t(choices?.old ? "pages.old-not-yet" : "pages.old-none"));
    this.how.hidden = !any;
    // In an exam nothing tells what the step did.
    const events = this.page.locked ? [] : now.inside ? now.events.slice(-1) : now.events;
    setText(this.said, any ? this.sentence(events, now) : "");
    this.zones.replaceChildren(...zones.map((zone, id) => this.zone(zone, id, events)));
    this.bitmap.replaceChildren(...(bootmem ? this.boot(bootmem, events) : []));
  }

  /** Which bits the step has turned over, or set and cleared, in words. */
  private sentence(events: readonly OldEvent[], { happened, inside }: OldMemory): string {
    const parts = events
      .flatMap(({ kind, fields: f }) => {
        const { order = 0, pair = 0, value = 0, pfn = 0, count: pages = 0 } = f;
        if (kind === "lab_pair_toggle") return [t("pages.toggle", { order, pair, value })];
        if (kind === "lab_bootmem_bits") return [t("pages.bits-set", { first: pfn, last: pfn + pages - 1, value })];
        return [];
      })
      .slice(-MOST_NAMED);
    if (parts.length === 0) return t("pages.no-toggle");
    const cut = !inside && happened > events.length;
    return t(cut ? "pages.toggles-last" : "pages.toggles", { n: parts.length, what: parts.join("; ") });
  }

  // ---- pair bitmaps ------------------------------------------------------------------------------------------------------

  private zone(zone: PairZone, id: number, events: readonly OldEvent[]): HTMLElement {
    const mine = events.filter(({ kind, fields }) => kind.startsWith("lab_pair_") && fields.zone === id);
    const values = { id, first: zone.start, last: zone.start + zone.pages - 1, free: count(zone.free) };
    return h(
      "section",
      { class: "pair-zone", "aria-label": t("pages.zone", values) },
      h("h3", {}, t("pages.zone", values)),
      ...(zone.pages <= DRAWN_PAGES ? [this.strip(zone)] : []),
      h(
        "div",
        { class: "page-scroll", tabindex: 0, role: "region", "aria-label": t("pages.pairs-caption") },
        this.orders(zone, mine),
      ),
      h("p", { class: "quiet" }, t("pages.bit-rule")),
      ...this.rule(zone, mine),
    );
  }

  /** Every page, with the free block that it is in. */
  private strip({ start, pages, orders }: PairZone): HTMLElement {
    const cells: HTMLElement[] = [];
    for (let page = start; page < start + pages; ) {
      const order = orders.findIndex(({ list }) => list.includes(page));
      const span = order < 0 ? 1 : 2 ** order;
      const name = span === 1 ? String(page) : `${page}–${page + span - 1}`;
      const label = t(order < 0 ? "pages.page-used" : "pages.page-free", { name, order });
      const style = order < 0 ? "used" : "free";
      cells.push(h("li", { class: `${style} span-${span}`, title: label, "aria-label": label }, name));
      page += span;
    }
    return h("ol", { class: "old-strip", "aria-label": t("pages.strip") }, ...cells);
  }

  private orders(zone: PairZone, events: readonly OldEvent[]): HTMLElement {
    const turned = new Map<string, number>(); // how often each bit was turned over
    for (const { kind, fields } of events)
      if (kind === "lab_pair_toggle") {
        const key = `${fields.order}:${fields.pair}`;
        turned.set(key, (turned.get(key) ?? 0) + 1);
      }
    const changed = (order: number) =>
      new Set(
        events.filter((e) => e.kind === "lab_pair_list_add" && e.fields.order === order).map((e) => e.fields.pfn),
      );
    return h(
      "table",
      { class: "page-table pair-table" },
      h("caption", {}, t("pages.pairs-caption")),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ...["order", "list", "map"].map((column) => h("th", { scope: "col" }, t(`pages.column.${column}`))),
        ),
      ),
      h(
        "tbody",
        {},
        ...zone.orders.map(({ list, pairs_set }, order) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, String(order)),
            h("td", { class: "mono" }, ...this.list(list, changed(order))),
            h("td", {}, this.map(zone, order, pairs_set, turned)),
          ),
        ),
      ),
    );
  }

  private list(list: readonly number[], changed: ReadonlySet<number | undefined>): Node[] {
    if (list.length === 0) return [document.createTextNode("—")];
    const shown = list
      .slice(0, MOST_NAMED)
      .flatMap((pfn) => [
        changed.has(pfn)
          ? h("b", { class: "new" }, t("pages.list-new", { pfn }))
          : document.createTextNode(String(pfn)),
        document.createTextNode(" "),
      ]);
    const more = list.length - MOST_NAMED;
    return more > 0 ? [...shown, h("span", { class: "quiet" }, t("pages.more", { n: more }))] : shown;
  }

  private map(
    { pages }: PairZone,
    order: number,
    set: readonly number[] | null,
    turned: ReadonlyMap<string, number>,
  ): Node {
    if (!set) return h("span", { class: "quiet" }, t("pages.no-map"));
    const pairs = ((pages - 1) >> (order + 1)) + 1;
    const on = new Set(set);
    const times = (pair: number) => turned.get(`${order}:${pair}`) ?? 0;
    const label = (pair: number) =>
      t(times(pair) > 0 ? "pages.bit-turned" : "pages.bit", { order, pair, value: on.has(pair) ? 1 : 0 });
    const cell = (pair: number) =>
      h(
        "li",
        {
          class: `${on.has(pair) ? "set" : ""}${times(pair) > 0 ? " turned" : ""}`,
          "data-pair": `${order}:${pair}`,
          title: label(pair),
          "aria-label": label(pair),
        },
        on.has(pair) ? "1" : "0",
      );
    if (pairs <= DRAWN_PAIRS)
      return h(
        "ol",
        { class: "pairs mono", "aria-label": t("pages.map-of", { order }) },
        ...Array.from({ length: pairs }, (_, pair) => cell(pair)),
      );
    // A long map is told by its set bits, and by those that the step has turned over.
    const touched = [...turned.keys()]
      .filter((key) => key.startsWith(`${order}:`))
      .map((key) => Number(key.split(":")[1]));
    return h(
      "div",
      {},
      h("span", {}, t("pages.set-of", { n: set.length, pairs: count(pairs) })),
      ...(set.length > 0
        ? [h("span", { class: "mono" }, ` ${set.slice(0, MOST_NAMED).join(" ")}${set.length > MOST_NAMED ? " …" : ""}`)]
        : []),
      ...(touched.length > 0
        ? [h("p", { class: "turned-list mono" }, t("pages.turned", { what: touched.slice(-MOST_NAMED).join(" ") }))]
        : []),
    );
  }

  /** Which half expand() keeps, and why the other would do as well. */
  private rule({ take }: PairZone, events: readonly OldEvent[]): HTMLElement[] {
    const cuts = events
      .filter(({ kind }) => kind === "lab_pair_split")
      .map(({ fields: { order = 0, kept = 0, taken = 0 } }) => {
        const values = { order, kept, taken, pages: 2 ** order };
        return h("li", {}, t(`pages.cut`, values));
      });
    return [
      h("p", { class: "page-rule" }, t(`pages.take.${take}`)),
      ...(cuts.length > 0
        ? [h("ul", { class: "plain" }, ...cuts), h("p", { class: "page-rule" }, t("pages.both-sound"))]
        : []),
    ];
  }

  // ---- the boot bitmap ---------------------------------------------------------------------------------------------------

  private boot(b: NonNullable<OldMemory["bootmem"]>, events: readonly OldEvent[]): HTMLElement[] {
    const values = { first: b.start, last: b.end - 1, map: hex(b.mapstart), bytes: count(b.map_bytes) };
    const title = h("h3", {}, t("pages.bootmem"));
    if (b.given_away) return [title, h("p", {}, t("pages.bootmem-gone", values))];
    const made = events.some(({ kind }) => kind === "lab_bootmem_init");
    const bits = events.filter(({ kind }) => kind === "lab_bootmem_bits");
    const touched = (first: number, pages: number) =>
      made || bits.some(({ fields: { pfn = 0, count: n = 0 } }) => pfn < first + pages && first < pfn + n);
    const word = (reserved: boolean) => t(reserved ? "pages.reserved" : "pages.free");
    const rows = b.runs
      .slice(0, MOST_RUNS)
      .map(([first, pages, reserved]) =>
        h(
          "tr",
          { class: touched(first, pages) ? "here" : undefined },
          h("th", { scope: "row", class: "mono" }, `${first}–${first + pages - 1}`),
          h("td", { class: "mono number" }, count(pages)),
          h("td", {}, `${reserved ? 1 : 0}: ${word(reserved)}`),
          h("td", {}, touched(first, pages) ? t("pages.this-step") : ""),
        ),
      );
    const total = b.end - b.start;
    const meter = h("div", { class: "boot-strip", "aria-hidden": "true" });
    for (const [, pages, reserved] of b.runs) {
      const part = h("i", { class: reserved ? "reserved" : "free" });
      part.style.flexGrow = String(Math.max(pages / total, 0.004));
      meter.append(part);
    }
    return [
      title,
      h("p", {}, t("pages.bootmem-is", values)),
      meter,
      h(
        "dl",
        { class: "facts" },
        ...(["last_pos", "last_offset", "last_success"] as const).map((name) =>
          h(
            "div",
            {},
            h("dt", { class: "mono" }, name),
            h("dd", { class: "mono" }, name === "last_pos" ? count(b[name]) : hex(b[name])),
          ),
        ),
      ),
      h("p", { class: "quiet" }, t("pages.last-means", { pos: b.last_pos, offset: hex(b.last_offset) })),
      h(
        "table",
        { class: "page-table" },
        h("caption", {}, t("pages.runs")),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ...["run", "count", "bit", "change"].map((column) =>
              h("th", { scope: "col" }, t(`pages.column.${column}`)),
            ),
          ),
        ),
        h("tbody", {}, ...rows),
      ),
    ];
  }
}
