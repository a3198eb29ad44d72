// compare_view.ts: the machines at one moment: a column each, and the table of what can be said of all of them.
import { LETTERS } from "./compare_chooser";
import { rowName, zoneName } from "./compare_sentence";
import type { Compared, FactRow, MachineState, MomentState } from "./compare_state";
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import { bytes, count, hex } from "./units";

const PATTERNS: Record<string, string> = { kernel: "hatch", mem_map: "dots" }; // in compare.html
const SVG = "http://www.w3.org/2000/svg";

function rect(x: number, width: number, kind: string, y: number, height: number): SVGRectElement {
  const made = document.createElementNS(SVG, "rect");
  const pattern = PATTERNS[kind];
  const look = pattern ? { fill: `url(#${pattern})` } : { class: `ink-${kind}` };
  for (const [name, value] of Object.entries({ x: `${x}%`, width: `${width}%`, y, height, ...look }))
    made.setAttribute(name, String(value));
  return made;
}

/** The addresses from 0 to the end, which is the same in all columns; below them the zones. */
function strip(svg: SVGSVGElement, { strip, zones }: MachineState, end: number): void {
  const columns = strip.reduce((sum, [n]) => sum + n, 0) || 1;
  let at = 0;
  const memory = strip.map(([n, kind]) => {
    const made = rect((at / columns) * 100, (n / columns) * 100, kind, 0, 28);
    at += n;
    return made;
  });
  const lines = zones.map(({ base, end: last }, i) =>
    rect((base / end) * 100, Math.max(((last - base) / end) * 100, 0.4), `zone-${i % 2}`, 31, 5),
  );
  svg.replaceChildren(...memory, ...lines);
}

export function cellText(value: string | number | null, unit: FactRow["unit"]): string {
  if (value === null) return t("compare.none");
  if (typeof value === "string") return value === "" ? t("compare.none") : value;
  if (unit === "bytes") return bytes(value);
  if (unit === "address") return hex(value);
  if (unit === "permille") return `${(value / 10).toFixed(1)} %`;
  return count(value);
}

interface Column {
  call: HTMLElement;
  about: HTMLElement;
  svg: SVGSVGElement;
  zones: HTMLElement;
  uses: HTMLElement;
  lab: HTMLAnchorElement;
  root: HTMLElement;
}

export class CompareView {
  private columns: Column[] = [];
  private compared: Compared | null = null;
  private names: string[] = [];
  private last: MomentState | null = null;
  private readonly only = byId<HTMLInputElement>("only-differing");

  constructor() {
    this.only.addEventListener("change", () => this.table());
  }

  /** Other machines. */
  begin(compared: Compared, names: string[]): void {
    this.compared = compared;
    this.names = names;
    this.columns = compared.machines.map((machine, i) => {
      const svg = document.createElementNS(SVG, "svg");
      for (const [name, value] of Object.entries({
        class: "strip",
        width: "100%",
        height: "36",
        "aria-hidden": "true",
      }))
        svg.setAttribute(name, value);
      const column = {
        svg,
        call: h("p", { class: "call mono" }),
        about: h("p", { class: "quiet" }),
        zones: h("p", { class: "quiet zone-names" }),
        uses: h("ul", { class: "uses", "aria-label": t("compare.uses") }),
        lab: h("a", { class: "lab-link" }, t("compare.open-lab", { letter: LETTERS[i] ?? "" })),
        root: h("section", { class: "column", "aria-labelledby": `column-${i}` }),
      };
      column.root.append(
        h(
          "h3",
          { id: `column-${i}` },
          h("span", { class: "letter" }, LETTERS[i] ?? ""),
          ` ${machine.title || `${machine.arch} ${machine.era}`}`,
        ),
        h("p", { class: "quiet" }, t("compare.what", { arch: machine.arch, era: machine.era })),
        ...(machine.stopped ? [h("p", { class: "stopped" }, t("compare.stopped", { reason: machine.stopped }))] : []),
        column.call,
        column.about,
        svg,
        column.zones,
        column.uses,
        h("p", {}, column.lab),
      );
      return column;
    });
    byId("columns").replaceChildren(...this.columns.map(({ root }) => root));
  }

  /** Where the lab shows this machine at this moment; null when a link cannot hold it. */
  lab(i: number, href: string | null): void {
    const link = this.columns[i]?.lab;
    if (!link) return;
    link.hidden = href === null;
    if (href !== null) link.href = href;
  }

  show(state: MomentState): void {
    this.last = state;
    for (const [i, machine] of state.machines.entries()) {
      const column = this.columns[i];
      if (!column) continue;
      column.root.classList.toggle("waits", !machine.here && state.at > 0);
      const values = { call: machine.made, calls: machine.calls, name: machine.name ?? "" };
      setText(column.call, machine.made === 0 || !machine.here ? t("compare.no-step") : (machine.text ?? ""));
      const about =
        machine.made === 0
          ? t("compare.at-start")
          : machine.here
            ? t(machine.caller ? "compare.call-by" : "compare.call", { ...values, caller: machine.caller ?? "" })
            : t("compare.waits", values);
      setText(column.about, about);
      strip(column.svg, machine, this.compared?.end ?? 1);
      setText(
        column.zones,
        machine.zones.length > 0
          ? t("compare.zones", {
              zones: machine.zones
                .map(({ name, nid }) => (nid ? t("compare.zone-at", { zone: name, nid }) : name))
                .join(" · "),
            })
          : t("compare.no-zones"),
      );
      column.uses.replaceChildren(
        ...machine.uses.map(({ label, kind, bytes: n }) =>
          h(
            "li",
            {},
            h("span", { class: `swatch ink-${kind}`, "aria-hidden": "true" }),
            h("span", { class: "label" }, label || t(`compare.use.${kind}`)),
            h("span", { class: "amount" }, bytes(n)),
          ),
        ),
      );
    }
    this.table();
  }

  private table(): void {
    if (!this.last || !this.compared) return;
    const { facts } = this.last;
    const several = this.compared.machines.length > 1;
    const shown = facts.filter(({ differs }) => differs || !this.only.checked || !several);
    const head = h(
      "tr",
      {},
      h("th", { scope: "col" }, t("compare.fact-name")),
      ...this.names.map((name, i) =>
        h("th", { scope: "col" }, name.startsWith(LETTERS[i] ?? "?") ? name : `${LETTERS[i]} · ${name}`),
      ),
    );
    const groups: HTMLElement[] = [];
    let under = "";
    let body = h("tbody");
    for (const row of shown) {
      const name = row.zone ? zoneName(row) : t(`compare.group.${row.group}`);
      if (name !== under) {
        under = name;
        body = h("tbody");
        const span = this.compared.machines.length + 1;
        body.append(h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: span }, name)));
        groups.push(body);
      }
      body.append(
        h(
          "tr",
          { class: row.differs ? "differs" : undefined },
          h(
            "th",
            { scope: "row" },
            ...(row.differs ? [h("span", { class: "mark", "aria-hidden": "true" }, "≠ ")] : []),
            rowName(row),
            ...(row.differs ? [h("span", { class: "unseen" }, ` ${t("compare.differs")}`)] : []),
          ),
          ...row.cells.map((cell) => h("td", { class: cell === null ? "none" : undefined }, cellText(cell, row.unit))),
        ),
      );
    }
    byId("facts").replaceChildren(h("caption", {}, t("compare.caption")), h("thead", {}, head), ...groups);
    const differing = facts.filter(({ differs }) => differs).length;
    setText(byId("counted"), several ? t("compare.counted", { n: differing, rows: facts.length }) : "");
  }
}
