// page_flags.ts: the word page->flags, bit by bit: the PG_ flags below, section, node, zone and the others above, how wide
// each is and why, and what stands there now.
import { field, fill } from "./alloc_fields";
import { h, setText } from "./dom";
import { t } from "./locale";
import type { PageChoice } from "./page_choice";
import { table } from "./page_struct";
import { count, hex } from "./units";

interface Field {
  name: string;
  /** Bits. */
  width: number;
  shift: number;
}
interface FlagsWord {
  layout: {
    fields: Field[];
    unused: number;
    flags: number;
    bits: number;
    zone_lookup: string;
    node_outside: boolean;
    cpupid_outside: boolean;
    error?: string;
  };
  config: {
    pageflags: number;
    zones: number;
    sections_shift: number;
    vmemmap: boolean;
    section_size_bits: number;
    max_physmem_bits: number;
    nodes_shift: number;
    cpu_bits: number;
  };
  /** Only where there is a struct page. */
  word?: string;
  values?: Record<string, number>;
  flags: { bit: number; name: string; what: string }[];
}

export const MODELS = ["flatmem", "discontigmem", "sparsemem-static", "sparsemem-extreme", "vmemmap"];
const ROW = 16; // bits in a row of the drawing

export class PageFlags {
  readonly view = h("div", { class: "pane" });
  private readonly model = h("select", { id: "flags-model" });
  private readonly said = h("p", { class: "page-said", role: "status" });
  private readonly grid = h("table", { class: "bits-grid" });
  private readonly fields = h("div", {
    class: "page-scroll",
    tabindex: 0,
    role: "region",
    "aria-label": t("pages.fields"),
  });
  private readonly notes = h("ul", { class: "plain" });
  private readonly names = h("div", {
    class: "page-scroll",
    tabindex: 0,
    role: "region",
    "aria-label": t("pages.flags"),
  });
  private choice: PageChoice | null = null;
  private own = "";

  constructor(private readonly later: MmscopeLater) {
    this.model.addEventListener("change", () => {
      if (this.choice) this.refresh(this.choice);
    });
    this.view.append(
      field("flags-model", t("pages.model"), this.model),
      this.said,
      this.grid,
      this.fields,
      this.notes,
      this.names,
    );
  }

  refresh(choice: PageChoice): void {
    this.choice = choice;
    const { chosen, choices } = choice;
    if (!chosen || !choices) return;
    if (this.own !== choices.model) {
      fill(this.model, MODELS, (name) => t(name === choices.model ? "pages.model-own" : "pages.model-other", { name }));
      this.model.value = this.own = choices.model;
    }
    const { era, options, pfn } = chosen;
    const now = JSON.parse(this.later.pageFlags(era, options, pfn, this.model.value)) as FlagsWord | null;
    if (!now) return;
    setText(
      this.said,
      t(now.word ? "pages.word-now" : "pages.word-none", { word: now.word ?? "", pfn: hex(pfn), era }),
    );
    this.draw(now);
    this.showFields(now, choices.zones);
    this.showFlags(now);
  }

  /** Whose a bit is: a field's name, "flags", or "unused". */
  private segmentOf({ layout }: FlagsWord, bit: number): string {
    const own = layout.fields.find(({ width, shift }) => width > 0 && bit >= shift && bit < shift + width);
    return own?.name ?? (bit < layout.flags ? "flags" : "unused");
  }

  private draw(now: FlagsWord): void {
    const word = now.word === undefined ? undefined : BigInt(now.word);
    const rows: HTMLElement[] = [];
    for (let high = now.layout.bits - 1; high > 0; high -= ROW) {
      const low = high - ROW + 1;
      const heads: HTMLElement[] = [];
      const bits: HTMLElement[] = [];
      for (let bit = high; bit >= low; bit--) {
        const segment = this.segmentOf(now, bit);
        if (heads.length === 0 || this.segmentOf(now, bit + 1) !== segment) {
          let span = 1;
          while (bit - span >= low && this.segmentOf(now, bit - span) === segment) span++;
          heads.push(h("td", { colspan: span, class: `seg-${segment}` }, t(`pages.segment.${segment}`)));
        }
        const value = word === undefined ? "·" : String((word >> BigInt(bit)) & 1n);
        const name = now.flags.find((flag) => flag.bit === bit)?.name;
        const title = `${bit}: ${segment === "flags" ? (name ? `PG_${name}` : "—") : t(`pages.segment.${segment}`)}`;
        bits.push(h("td", { class: `seg-${segment}${value === "1" ? " set" : ""}`, title }, value));
      }
      rows.push(
        h("tr", { class: "bits-heads" }, h("th", { scope: "row", rowspan: 2 }, `${high}–${low}`), ...heads),
        h("tr", { class: "bits-row mono" }, ...bits),
      );
    }
    this.grid.replaceChildren(h("caption", {}, t("pages.bits-grid", { n: now.layout.bits })), h("tbody", {}, ...rows));
  }

  private showFields(now: FlagsWord, zones: readonly string[]): void {
    const { layout, config, values } = now;
    const place = ({ width, shift }: Field) =>
      width === 0 ? "—" : width === 1 ? String(shift) : `${shift + width - 1}–${shift}`;
    const value = ({ name, width }: Field) => {
      const n = values?.[name];
      if (n === undefined || width === 0) return "—";
      if (name === "zone" && zones[n]) return `${n} = ${zones[n]}`;
      if (name === "last_cpupid" && n === 2 ** width - 1) return t("pages.value.nobody");
      return hex(n);
    };
    const rows = layout.fields.map((one) => ({
      class: `seg-row seg-${one.name}`,
      cells: [t(`pages.segment.${one.name}`), place(one), String(one.width), value(one), this.why(one, now)],
    }));
    rows.push({
      class: "seg-row seg-flags",
      cells: [t("pages.segment.flags"), `${layout.flags - 1}–0`, String(layout.flags), "—", t("pages.why.flags")],
    });
    this.fields.replaceChildren(table(t("pages.fields"), ["field", "bits", "width", "value", "from-where"], rows));
    const notes = [
      t("pages.zone-lookup", { code: layout.zone_lookup }),
      t("pages.left", { n: layout.unused }),
      ...(layout.node_outside ? [t("pages.node-outside")] : []),
      ...(layout.cpupid_outside ? [t("pages.cpupid-outside")] : []),
      ...(layout.error ? [t("pages.no-compile", { error: layout.error })] : []),
    ];
    this.notes.replaceChildren(...notes.map((note) => h("li", {}, note)));
    this.notes.classList.toggle("wrong-call", layout.error !== undefined && config.pageflags > 0);
  }

  /** Where a field's width comes from. */
  private why({ name, width }: Field, { layout, config }: FlagsWord): string {
    // 2.4 and 2.6.11 keep what they keep, whatever the machine.
    const fixed = layout.zone_lookup.startsWith("zone_table") && (name === "zone" || name === "node");
    const values = {
      width,
      max: config.max_physmem_bits,
      size: config.section_size_bits,
      n: config.nodes_shift,
      nodes: count(2 ** config.nodes_shift),
      zones: config.zones,
      cpus: config.cpu_bits,
    };
    const key = {
      section: config.vmemmap ? "vmemmap" : width > 0 ? "section" : "no-sections",
      node: fixed ? "node-fixed" : layout.node_outside ? "outside" : width > 0 ? "node" : "node-none",
      zone: fixed ? (layout.fields.length === 1 ? "zone-byte" : "zone-fixed") : "zone",
      last_cpupid: layout.cpupid_outside ? "outside" : width > 0 ? "cpupid" : "cpupid-none",
      kasan_tag: "kasan",
      gen: width > 0 ? "gen" : "gen-none",
      tier: width > 0 ? "tier" : "gen-none",
    }[name];
    return t(`pages.why.${key ?? "flags"}`, values);
  }

  private showFlags({ flags, word }: FlagsWord): void {
    const now = word === undefined ? undefined : BigInt(word);
    const set = (bit: number) => now !== undefined && ((now >> BigInt(bit)) & 1n) === 1n;
    this.names.replaceChildren(
      table(
        t("pages.flags"),
        ["bit", "flag", "value", "what"],
        flags.map(({ bit, name, what }) => ({
          class: set(bit) ? "here" : "",
          cells: [String(bit), `PG_${name}`, now === undefined ? "·" : set(bit) ? "1" : "0", what],
        })),
      ),
    );
  }
}
