// tables.ts: the twin. Every fact that the canvas draws, as a table: windowed, with true totals, so that a terabyte is
// not a million rows. Only the table that is looked at is read from the module.
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import type { Cell, Window } from "./state";
import { bytes, count, hexWide } from "./units";

type Unit = "addr" | "bytes" | "count" | "pfn" | "text" | "mono" | "verdict" | "said" | "word" | "share";
type Column = [name: string, unit: Unit];

const COLUMNS: Record<string, Column[]> = {
  memory: [
    ["index", "count"],
    ["base", "addr"],
    ["end", "addr"],
    ["size", "bytes"],
    ["node", "count"],
    ["flags", "text"],
  ],
  reserved: [
    ["index", "count"],
    ["base", "addr"],
    ["end", "addr"],
    ["size", "bytes"],
    ["node", "count"],
    ["flags", "text"],
    ["owner", "text"],
  ],
  zones: [
    ["node", "count"],
    ["zone", "mono"],
    ["start", "pfn"],
    ["spanned", "count"],
    ["present", "count"],
    ["managed", "count"],
    ["free", "count"],
    ["min", "count"],
    ["low", "count"],
    ["high", "count"],
  ],
  lists: [
    ["node", "count"],
    ["zone", "mono"],
    ["order", "count"],
    ["migratetype", "mono"],
    ["blocks", "count"],
    ["first", "mono"],
  ],
  cpus: [
    ["node", "count"],
    ["zone", "mono"],
    ["cpu", "count"],
    ["count", "count"],
    ["pcp-high", "count"],
    ["batch", "count"],
    ["free-factor", "count"],
    ["next-drain", "count"],
  ],
  cpu_lists: [
    ["node", "count"],
    ["zone", "mono"],
    ["cpu", "count"],
    ["list", "count"],
    ["order", "count"],
    ["migratetype", "mono"],
    ["blocks", "count"],
    ["held", "mono"],
  ],
  walk: [
    ["event", "count"],
    ["what", "said"],
    ["times", "count"],
    ["zone", "mono"],
    ["free", "count"],
    ["usable", "count"],
    ["mark", "count"],
    ["min", "count"],
    ["reserve", "count"],
    ["verdict", "word"],
  ],
  pageblocks: [
    ["node", "count"],
    ["zone", "mono"],
    ["migratetype", "mono"],
    ["pageblocks", "count"],
    ["free", "count"],
  ],
  fragmentation: [
    ["node", "count"],
    ["zone", "mono"],
    ["order", "count"],
    ["blocks", "count"],
    ["unusable", "share"],
    ["extfrag", "share"],
  ],
  caches: [
    ["cache", "mono"],
    ["objects-used", "count"],
    ["objects", "count"],
    ["object-size", "count"],
    ["slot", "count"],
    ["per-slab", "count"],
    ["order", "count"],
    ["slabs", "count"],
  ],
  slabs: [
    ["cache", "mono"],
    ["slab", "pfn"],
    ["where", "word"],
    ["cpu", "count"],
    ["node", "count"],
    ["objects-used", "count"],
    ["objects", "count"],
    ["freelist", "mono"],
  ],
  sections: [
    ["section", "count"],
    ["count", "count"],
    ["node", "count"],
    ["usage", "addr"],
    ["map", "addr"],
  ],
  firmware: [
    ["base", "addr"],
    ["end", "addr"],
    ["size", "bytes"],
    ["type", "text"],
  ],
  events: [
    ["index", "count"],
    ["event", "mono"],
    ["fields", "mono"],
    ["meaning", "text"],
  ],
  allocations: [
    ["call", "count"],
    ["caller", "mono"],
    ["size", "bytes"],
    ["align", "bytes"],
    ["predicted", "addr"],
    ["logged", "addr"],
    ["equal", "verdict"],
  ],
  lines: [["line", "mono"]],
  assumed: [["assumed", "text"]],
};
const ORDER = [
  "memory",
  "reserved",
  "zones",
  "lists",
  "cpus",
  "cpu_lists",
  "walk",
  "pageblocks",
  "fragmentation",
  "caches",
  "slabs",
  "sections",
  "firmware",
  "events",
  "allocations",
  "lines",
  "assumed",
];
/** What a row is about: the column that is pressed, and the path of the thing (core/query). */
const THINGS: Record<string, [column: number, path: (cells: Cell[], row: number) => string]> = {
  memory: [0, ([i]) => `memblock.memory.regions[${i}]`],
  reserved: [0, ([i]) => `memblock.reserved.regions[${i}]`],
  zones: [1, ([node, zone]) => `node[${node}].zone[${zone}]`],
  lists: [2, ([node, zone, order, type]) => `node[${node}].zone[${zone}].free_area[${order}].free_list[${type}]`],
  cpus: [2, ([node, zone, cpu]) => `node[${node}].zone[${zone}].pcp[${cpu}]`],
  cpu_lists: [3, ([node, zone, cpu, list]) => `node[${node}].zone[${zone}].pcp[${cpu}].lists[${list}]`],
  walk: [0, ([event]) => `event[${Number(event) - 1}]`],
  fragmentation: [2, ([node, zone, order]) => `node[${node}].zone[${zone}].free_area[${order}]`],
  slabs: [1, ([, slab]) => `page[0x${Number(slab).toString(16)}]`],
  sections: [0, ([section]) => `section[${section}]`],
  firmware: [0, (_, row) => `e820.entries[${row}]`],
  events: [0, ([event]) => `event[${Number(event) - 1}]`],
  allocations: [0, ([call]) => `call[${Number(call) - 1}]`],
};
/** What tells of more than how memory looks at this moment. */
const TELLING = ["walk", "events", "allocations", "lines", "assumed"];
/** Columns of the kernel's own names keep them in every language. */
const PAGE = 50;

/** `inspect`: shows the thing at a path. */
export function startTables(page: Page, later: MmscopeLater, inspect: (path: string) => void): void {
  const tables = new Tables({
    inspect,
    read: (name, from, count) => JSON.parse(later.table(name, from, count)) as Window | null,
    addressEnd: () => page.story?.addressEnd ?? 2 ** 32,
  });
  let seen = false;
  new IntersectionObserver((entries) => {
    seen = entries.some((entry) => entry.isIntersecting);
    if (seen) tables.refresh();
  }).observe(byId("twin"));
  page.onStory(() => {
    if (seen || !page.playing) tables.refresh();
  });
  page.onRest(() => tables.refresh());
  page.onLock((on) => tables.restrict(on ? TELLING : []));
}

interface TableSource {
  inspect(path: string): void;
  read(name: string, from: number, count: number): Window | null;
  addressEnd(): number;
}

class Tables {
  private shown = "memory";
  private from = 0;
  private readonly tabs = new Map<string, HTMLButtonElement>();
  private readonly panel = byId("table-panel");
  private readonly caption = h("caption");
  private readonly head = h("tr");
  private readonly body = h("tbody");
  private readonly table = h("table", {}, this.caption, h("thead", {}, this.head), this.body);
  private readonly empty = h("p", { class: "empty" });
  private readonly where = h("span", {});
  private readonly previous = h("button", { type: "button" }, t("rows.previous"));
  private readonly next = h("button", { type: "button" }, t("rows.next"));
  private readonly jump = h("input", { type: "number", min: 1, step: 1 });
  private readonly pager = h(
    "div",
    { class: "pager" },
    this.previous,
    this.next,
    h("label", {}, t("rows.jump"), " ", this.jump),
    this.where,
  );
  private total = 0;
  private withheld: string[] = [];

  constructor(private readonly source: TableSource) {
    const list = byId("table-tabs");
    for (const name of ORDER) {
      const tab = h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "table-panel" });
      tab.addEventListener("click", () => this.show(name));
      tab.addEventListener("keydown", (event) => this.move(event, name));
      this.tabs.set(name, tab);
      list.append(tab);
    }
    this.previous.addEventListener("click", () => this.page(this.from - PAGE));
    this.next.addEventListener("click", () => this.page(this.from + PAGE));
    this.jump.addEventListener("change", () => this.page(Number(this.jump.value) - 1));
    this.panel.append(this.empty, this.table, this.pager);
    this.show(this.shown);
  }

  show(name: string): void {
    this.shown = name;
    this.from = 0;
    for (const [key, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(key === name));
      tab.tabIndex = key === name ? 0 : -1;
    }
    this.panel.setAttribute("aria-labelledby", `tab-${name}`);
    const columns = COLUMNS[name] ?? [];
    this.caption.textContent = t(`caption.${name}`);
    this.head.replaceChildren(
      ...columns.map(([key, unit]) =>
        h("th", { scope: "col", class: numeric(unit) ? "number" : "" }, t(`column.${key}`)),
      ),
      h("th", { scope: "col" }, t("column.step")),
    );
    this.refresh();
  }

  /** These tables are not to be seen. */
  restrict(names: string[]): void {
    this.withheld = names;
    for (const [name, tab] of this.tabs) tab.hidden = names.includes(name);
    if (names.includes(this.shown)) this.show("memory");
    else this.refresh();
  }

  refresh(): void {
    for (const [key, tab] of this.tabs) {
      if (this.withheld.includes(key)) {
        setText(tab, "");
        continue;
      }
      const total = this.source.read(key, 0, 0)?.total ?? 0;
      setText(tab, `${t(`table.${key}`)} ${count(total)}`);
    }
    const window = this.source.read(this.shown, this.from, PAGE);
    this.total = window?.total ?? 0;
    if (this.from > 0 && this.from >= this.total) {
      this.page(this.total - 1); // the table got shorter than where we were
      return;
    }
    const rows = window?.rows ?? [];
    this.table.hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
    setText(this.empty, t(`empty.${this.shown}`));
    this.table.setAttribute("aria-rowcount", String(this.total + 1));
    const digits = Math.max((this.source.addressEnd() - 1).toString(16).length, 8);
    this.body.replaceChildren(...rows.map((row, i) => this.row(row, this.from + i, digits)));
    this.pager.hidden = this.total <= PAGE;
    this.previous.disabled = this.from === 0;
    this.next.disabled = this.from + PAGE >= this.total;
    this.jump.max = String(this.total);
    setText(
      this.where,
      t("rows", { from: count(this.from + 1), to: count(this.from + rows.length), total: count(this.total) }),
    );
  }

  private page(row: number): void {
    const last = Math.max(this.total - 1, 0);
    this.from = Math.floor(Math.min(Math.max(row || 0, 0), last) / PAGE) * PAGE;
    this.refresh();
  }

  private move(event: KeyboardEvent, name: string): void {
    const names = ORDER.filter((one) => !this.withheld.includes(one));
    const at = names.indexOf(name);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: names.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = names[(to + names.length) % names.length] ?? name;
    this.show(next);
    this.tabs.get(next)?.focus();
  }

  private row([mark, ...cells]: [string, ...Cell[]], index: number, digits: number): HTMLTableRowElement {
    const columns = COLUMNS[this.shown] ?? [];
    return h(
      "tr",
      { "aria-rowindex": index + 2, class: mark ? "changed" : "" },
      ...columns.map(([name, unit], i) => this.pressable(cell(cells[i] ?? null, unit, digits), name, i, cells, index)),
      h("td", { class: "mark" }, mark ? t(`mark.${mark}`) : ""),
    );
  }

  /** The cell that names a row's thing is a button that shows it; each of a list's blocks is one too. */
  private pressable(td: HTMLTableCellElement, column: string, i: number, cells: Cell[], row: number) {
    const button = (text: string, path: string) => {
      const press = h("button", { type: "button", class: "mono" }, text);
      press.addEventListener("click", () => this.source.inspect(path));
      return press;
    };
    const text = td.textContent ?? "";
    const [at, path] = THINGS[this.shown] ?? [];
    if (at === i && path) {
      const press = button(text, path(cells, row));
      // A bare number says nothing by itself.
      press.setAttribute("aria-label", `${t(`table.${this.shown}`)}, ${t(`column.${column}`)} ${text}`);
      td.replaceChildren(press);
    } else if (column === "first" || column === "held") {
      const thing = column === "first" ? "block" : "page";
      const parts = text.split(" ").map((pfn) => (pfn.startsWith("0x") ? button(pfn, `${thing}[${pfn}]`) : pfn));
      td.replaceChildren(...parts.flatMap((part, n) => (n > 0 ? [" ", part] : [part])));
    }
    return td;
  }
}

function numeric(unit: Unit): boolean {
  return unit === "addr" || unit === "bytes" || unit === "count" || unit === "pfn" || unit === "share";
}

function cell(value: Cell, unit: Unit, digits: number): HTMLTableCellElement {
  if (unit === "verdict") return h("td", { class: String(value) }, t(`cell.${value}`));
  if (unit === "word") return h("td", { class: String(value) }, value ? t(`verdict.${value}`) : "");
  if (unit === "said") return h("td", { class: "said" }, sentence(String(value)));
  const classes = numeric(unit) ? "number mono" : unit === "mono" ? "mono" : "";
  if (value === null) return h("td", { class: classes }, "–");
  if (typeof value === "string") return h("td", { class: classes }, value);
  if (unit === "addr") return h("td", { class: classes }, hexWide(value, digits));
  if (unit === "share") return h("td", { class: classes }, (value / 1000).toFixed(3));
  if (unit === "pfn") return h("td", { class: classes }, hexWide(value, 1));
  return h("td", { class: classes }, unit === "bytes" ? bytes(value) : count(value));
}

/** "refill cpu=0 got=63": a key of the locale, and what stands in its sentence. */
function sentence(said: string): string {
  const [key, ...values] = said.split(" ");
  return t(`walk.${key}`, Object.fromEntries(values.map((one) => one.split("=", 2) as [string, string])));
}
