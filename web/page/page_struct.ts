// page_struct.ts: struct page byte by byte: who has which bytes while the page is used as it is, or as is chosen, with what
// stands there now; what the same bytes are to other uses; what another era changes; what the array of them costs.
import { field, fill } from "./alloc_fields";
import { h, setText } from "./dom";
import { t } from "./locale";
import type { PageChoice } from "./page_choice";
import { bytes, count, hex } from "./units";

interface Member {
  structure: string;
  name: string;
  type: string;
  offset: number;
  size: number;
  bit?: number;
  bits?: number;
  use: string;
  depth: number;
  what: string;
  /** What it means to other uses than its own. */
  uses: { use: string; what: string }[];
}
interface Cost {
  bytes: number;
  /** Of RAM, in 1/10000. */
  share: number;
}
interface Changes {
  to: { era: string; size: number };
  cost: Cost;
  changes: {
    kind: "gone" | "added" | "moved";
    name: string;
    use: string;
    structure: string;
    from_offset?: number;
    from_size?: number;
    to_offset?: number;
    to_size?: number;
  }[];
  flag_changes: { name: string; from_bit?: number; to_bit?: number }[];
}
interface Layout {
  era: string;
  bits: number;
  size: number;
  align: number;
  members: Member[];
  free_mark: string;
  sources: string[];
  cost: Cost;
  /** Only for words as the machine has them. */
  page?: {
    pfn: number;
    error?: string;
    use: string;
    at?: string;
    members: { structure: string; name: string; offset: number; value?: string }[];
  };
  against?: Changes;
}

const ROW = 8; // bytes in a row of the drawing
const ANY = "any use";
const HUES = 6;

const last = ({ offset, size }: Member) => offset + size - 1;
const covers = (m: Member, byte: number) => m.offset <= byte && byte <= last(m);
const share = (cost: Cost) => (cost.share / 100).toFixed(2);

/** Whether the member means something while the page is used so. */
function holds(m: Member, use: string): boolean {
  if (m.use === use || m.use === ANY || m.uses.some((one) => one.use === use)) return true;
  return m.use === "tail page" && (use === "first tail" || use === "second tail");
}

const meaning = (m: Member, use: string) => m.uses.find((one) => one.use === use)?.what ?? m.what;

export class PageStruct {
  readonly view = h("div", { class: "pane" });
  private readonly said = h("p", { class: "page-said", role: "status" });
  private readonly cost = h("p", { class: "quiet" });
  private readonly use = h("select", { id: "page-use" });
  private readonly grid = h("table", { class: "bytes-grid" });
  private readonly about = h("section", { class: "page-about", "aria-live": "polite" });
  private readonly against = h("select", { id: "page-against" });
  private readonly changes = h("div");
  private readonly all = h("div", { class: "page-scroll", tabindex: 0, role: "region", "aria-label": t("pages.all") });
  private layout: Layout | null = null;
  private selected = -1; // a byte
  private choice: PageChoice | null = null;

  constructor(private readonly later: MmscopeLater) {
    for (const select of [this.use, this.against])
      select.addEventListener("change", () => {
        if (this.choice) this.refresh(this.choice);
      });
    this.view.append(
      this.said,
      field("page-use", t("pages.use"), this.use),
      this.grid,
      this.about,
      this.cost,
      h("details", { class: "more-calls" }, h("summary", {}, t("pages.all")), this.all),
      h("h3", {}, t("pages.diff")),
      field("page-against", t("pages.against"), this.against),
      this.changes,
    );
  }

  refresh(choice: PageChoice): void {
    this.choice = choice;
    const now = choice.chosen;
    const known = choice.choices;
    if (!now || !known) return;
    const eras = ["", ...known.eras.map(({ name }) => name).filter((name) => name !== now.era)];
    fill(this.against, eras, (name) => name || t("pages.against-none"));
    const { era, bits, options, pfn } = now;
    this.layout = JSON.parse(this.later.pageLayout(era, bits, options, pfn, this.against.value)) as Layout | null;
    const layout = this.layout;
    if (!layout) return;
    this.fillUses(layout);
    this.sayPage(layout, pfn);
    this.draw(layout);
    this.showAll(layout);
    this.showChanges(layout);
    setText(
      this.cost,
      t(layout.cost.bytes > 0 ? "pages.cost" : "pages.cost-none", {
        size: layout.size,
        ram: bytes(known.ram),
        bytes: bytes(layout.cost.bytes),
        share: share(layout.cost),
      }),
    );
  }

  // ---- the drawing -----------------------------------------------------------------------------------------------------

  private get shownUse(): string {
    return this.use.value || this.layout?.page?.use || ANY;
  }

  private fillUses(layout: Layout): void {
    const uses = new Set(layout.members.flatMap((m) => [m.use, ...m.uses.map(({ use }) => use)]));
    const live = layout.page && !layout.page.error ? t("pages.use-now", { use: layout.page.use }) : t("pages.use-none");
    fill(this.use, ["", ...[...uses].filter((use) => use !== ANY)], (use) => use || live);
  }

  private sayPage({ page, size, align, era, bits }: Layout, pfn: number): void {
    const head = t("pages.struct", { era, bits, size, align });
    const values = { pfn: hex(pfn), use: page?.use ?? "", at: page?.at ?? "" };
    const key = !page ? "pages.no-values" : page.error ? "pages.error" : page.at ? "pages.at" : "pages.now";
    setText(this.said, `${head} ${t(key, { ...values, error: page?.error ?? "" })}`);
  }

  /** Of the members that hold at a byte, the one that says most. */
  private ownerOf(layout: Layout, byte: number): Member | undefined {
    const use = this.shownUse;
    const rank = (m: Member) => (m.use === ANY ? 2 : 0) + (m.structure === "page" ? 0 : 1);
    return layout.members
      .filter((m) => holds(m, use) && covers(m, byte))
      .sort((a, b) => rank(a) - rank(b) || b.size - a.size)[0];
  }

  /** Hexadecimal digits of a byte, or undefined where it is not known. Both byte orders of the captures are little. */
  private byteText(layout: Layout, m: Member, byte: number): string | undefined {
    const value = this.valueOf(layout, m);
    if (value === undefined) return undefined;
    return ((BigInt(value) >> BigInt(8 * (byte - m.offset))) & 255n).toString(16).padStart(2, "0");
  }
  private valueOf({ page }: Layout, m: Member): string | undefined {
    if (!page || page.error || (this.use.value && this.use.value !== page.use)) return undefined;
    return page.members.find((l) => l.structure === m.structure && l.name === m.name && l.offset === m.offset)?.value;
  }

  private draw(layout: Layout): void {
    const had = (document.activeElement as HTMLElement | null)?.dataset.byte;
    const hues = new Map<Member, number>();
    const rows: HTMLElement[] = [];
    for (let from = 0; from < layout.size; from += ROW) {
      const cells: HTMLElement[] = [];
      for (let at = from; at < Math.min(from + ROW, layout.size); ) {
        const m = this.ownerOf(layout, at);
        let end = at + 1;
        while (end < Math.min(from + ROW, layout.size) && this.ownerOf(layout, end) === m) end++;
        if (m && !hues.has(m)) hues.set(m, hues.size % HUES);
        cells.push(this.cell(layout, m, at, end, m ? hues.get(m) : undefined));
        at = end;
      }
      rows.push(h("tr", {}, h("th", { scope: "row", class: "mono" }, String(from)), ...cells));
    }
    this.grid.replaceChildren(
      h("caption", {}, t("pages.grid", { use: this.shownUse })),
      h("thead", {}, h("tr", {}, ...["+", ...Array.from({ length: ROW }, (_, i) => `${i}`)].map(head))),
      h("tbody", {}, ...rows),
    );
    if (had) this.grid.querySelector<HTMLElement>(`[data-byte="${had}"]`)?.focus();
    this.showAbout(layout);
  }

  private cell(layout: Layout, m: Member | undefined, at: number, end: number, hue: number | undefined): HTMLElement {
    const digits = Array.from({ length: end - at }, (_, i) => (m && this.byteText(layout, m, at + i)) ?? "··");
    const name = m ? (m.offset < at ? `… ${m.name}` : m.name) : t("pages.unused");
    const value = m && this.valueOf(layout, m);
    const words = {
      name: m?.name ?? "",
      from: m?.offset ?? at,
      to: m ? last(m) : end - 1,
      what: m ? meaning(m, this.shownUse) : "",
      value,
    };
    const label = !m
      ? t("pages.cell-unused", { from: at, to: end - 1 })
      : t(value === undefined ? "pages.cell" : "pages.cell-value", { ...words, value: value ?? "" });
    const press = h(
      "button",
      {
        type: "button",
        "data-byte": at,
        "aria-pressed": String(m !== undefined && covers(m, this.selected)),
        title: `${name}, ${label}`,
      },
      h("span", { class: "byte-name mono" }, name),
      " ",
      h("span", { class: "byte-hex mono" }, digits.join(" ")),
      h("span", { class: "byte-more" }, `, ${label}`),
    );
    press.addEventListener("click", () => {
      this.selected = m && covers(m, this.selected) ? -1 : at;
      this.draw(layout);
    });
    return h("td", { colspan: end - at, class: m ? `hue-${hue}` : "hue-none" }, press);
  }

  /** The member that was pressed, and what the same bytes are to other uses. */
  private showAbout(layout: Layout): void {
    const m = this.selected < 0 ? undefined : this.ownerOf(layout, this.selected);
    const from = m?.offset ?? this.selected;
    const to = m ? last(m) : this.selected;
    const use = this.shownUse;
    if (this.selected < 0 || this.selected >= layout.size) {
      this.about.replaceChildren(h("p", { class: "quiet" }, t("pages.press")));
      return;
    }
    const here = layout.members.filter((o) => o.offset <= to && last(o) >= from);
    const row = (o: Member, of: string, what: string) =>
      h(
        "li",
        {},
        h("span", { class: "mono" }, o.name),
        ` ${t("pages.place", { from: o.offset, size: sizeOf(o) })}, ${of}: ${what}`,
      );
    const now = here.filter((o) => holds(o, use));
    const others = here.flatMap((o) => [
      ...(holds(o, use) ? [] : [row(o, o.use, o.what)]),
      ...o.uses.filter((one) => one.use !== use).map((one) => row(o, one.use, one.what)),
    ]);
    const value = m && this.valueOf(layout, m);
    this.about.replaceChildren(
      h("h3", { class: "literal" }, m ? `${m.name}${value === undefined ? "" : ` = ${value}`}` : t("pages.unused")),
      h("ul", { class: "plain" }, ...now.map((o) => row(o, `${o.type}, ${o.structure}`, meaning(o, use)))),
      ...(others.length > 0 ? [h("h4", {}, t("pages.others")), h("ul", { class: "plain" }, ...others)] : []),
    );
  }

  // ---- tables ----------------------------------------------------------------------------------------------------------

  private showAll(layout: Layout): void {
    const use = this.shownUse;
    this.all.replaceChildren(
      table(
        t("pages.all-caption", { era: layout.era, bits: layout.bits, n: layout.members.length }),
        ["offset", "size", "member", "of", "use", "what"],
        layout.members.map((m) => ({
          class: holds(m, use) ? "here" : "",
          cells: [String(m.offset), sizeOf(m), `${"  ".repeat(m.depth)}${m.name}`, m.structure, m.use, m.what],
        })),
      ),
      h("p", { class: "quiet" }, t("pages.free-mark", { mark: layout.free_mark })),
      h("ul", { class: "plain" }, ...layout.sources.map((source) => h("li", {}, source))),
    );
  }

  private showChanges({ era, size, cost, against }: Layout): void {
    if (!against) {
      this.changes.replaceChildren();
      return;
    }
    const place = (offset?: number, length?: number) => (offset === undefined ? "—" : `${offset} (${length})`);
    const bit = (n?: number) => (n === undefined ? "—" : String(n));
    const kind = (from?: number, to?: number) =>
      t(`pages.kind.${to === undefined ? "gone" : from === undefined ? "added" : "moved"}`);
    this.changes.replaceChildren(
      h(
        "p",
        { class: "page-said", role: "status" },
        t(cost.bytes > 0 ? "pages.diff-said" : "pages.diff-size", {
          from: era,
          to: against.to.era,
          size,
          other: against.to.size,
          bytes: bytes(cost.bytes),
          share: share(cost),
          "other-bytes": bytes(against.cost.bytes),
          otherbytes: bytes(against.cost.bytes),
          othershare: share(against.cost),
        }),
      ),
      h(
        "div",
        { class: "page-scroll", tabindex: 0, role: "region", "aria-label": t("pages.diff-members") },
        table(
          t("pages.diff-members-n", { n: against.changes.length }),
          ["change", "member", "use", "from", "to"],
          against.changes.map((c) => ({
            class: `change-${c.kind}`,
            cells: [
              t(`pages.kind.${c.kind}`),
              c.structure === "page" ? c.name : `${c.structure}.${c.name}`,
              c.use,
              place(c.from_offset, c.from_size),
              place(c.to_offset, c.to_size),
            ],
          })),
        ),
        table(
          t("pages.diff-flags-n", { n: against.flag_changes.length }),
          ["change", "flag", "from-bit", "to-bit"],
          against.flag_changes.map((c) => ({
            class: c.to_bit === undefined ? "change-gone" : c.from_bit === undefined ? "change-added" : "change-moved",
            cells: [kind(c.from_bit, c.to_bit), `PG_${c.name}`, bit(c.from_bit), bit(c.to_bit)],
          })),
        ),
      ),
    );
  }
}

const sizeOf = (m: Member) => (m.bits ? t("pages.nbits", { n: m.bits }) : count(m.size));
const head = (text: string) => h("th", { scope: "col", class: "mono" }, text);

/** A table of the side: columns are words of the locale, the first cell heads its row. */
export function table(
  caption: string,
  columns: readonly string[],
  rows: readonly { class?: string; cells: readonly string[] }[],
): HTMLElement {
  return h(
    "table",
    { class: "page-table" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, t(`pages.column.${column}`))))),
    h(
      "tbody",
      {},
      ...rows.map((row) =>
        h(
          "tr",
          { class: row.class || undefined },
          ...row.cells.map((cell, i) => (i === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell))),
        ),
      ),
    ),
  );
}
