// objects.ts: the slab allocator made to live: caches, their slabs object by object, objects asked for and given back on any
// CPU, and what goes wrong when they are misused. Every press is a script command in a branch (live_call.ts).
import { field, fill } from "./alloc_fields";
import { h, setText } from "./dom";
import { makeCalls } from "./live_call";
import { t } from "./locale";
import type { Page } from "./page";
import { bytes, count, hex } from "./units";
import { outcome, WalkView } from "./walk";

interface CacheCounts {
  id: number;
  name: string;
  objectSize: number;
  /** Of a slot. */
  size: number;
  order: number;
  perSlab: number;
  active: number;
  objects: number;
  slabs: number;
}
interface Caches {
  ready: boolean;
  caches: CacheCounts[];
}
interface SlabFacts {
  pfn: number;
  place: "loose" | "cpu" | "cpu_partial" | "partial" | "full" | "isolated";
  cpu: number;
  nid: number;
  order: number;
  used: number;
  /** One sign an object: # in use, . free. */
  map: string;
  /** Address of the first object. */
  first: number;
  /** Free objects in the order in which they will be given. */
  free: number[];
}
interface Cache extends CacheCounts {
  aliases: string[];
  flags: string;
  debug: boolean;
  minPartial: number;
  cpuPartial: number;
  list: SlabFacts[];
}
interface Slot {
  address: number;
  index: number;
  slab: number;
  cache: number;
  name: string;
  inUse: boolean;
  redLeft: number;
  runs: { at: number; length: number; kind: string; hex: string }[];
}

const MOST_SLABS = 12;
const CHECKS = "SLAB_CONSISTENCY_CHECKS|SLAB_RED_ZONE|SLAB_POISON";

export class Objects {
  private readonly start = h("div", { hidden: true });
  private readonly body = h("div");
  private readonly which = h("select", { id: "slab-cache" });
  private readonly cpu = h("select", { id: "slab-cpu" });
  private readonly facts = h("p", { class: "quiet" });
  private readonly result = h("p", { class: "result alloc-result", role: "status" });
  private readonly error = h("p", { class: "wrong-call" });
  private readonly refused = h("p", { class: "wrong-call" }); // the same, before there are caches
  private readonly report = h("pre", { class: "report", tabindex: 0, hidden: true, "aria-label": t("slab.report") });
  private readonly slabs = h("ul", { class: "slabs" });
  private readonly slot = h("section", { class: "slot", hidden: true });
  private readonly all = h("tbody");
  private readonly walk: WalkView;
  private cache: Cache | null = null;
  private caches: CacheCounts[] = [];
  private wanted = -1;
  private selected = -1;
  private choices = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    readonly view: HTMLElement,
  ) {
    this.walk = new WalkView(page, later);
    this.fillStart();
    this.which.addEventListener("change", () => {
      this.wanted = Number(this.which.value);
      this.selected = -1;
      this.refresh();
    });
    this.body.append(
      h("p", { class: "quiet alloc-how" }, t("slab.how")),
      this.createForm(),
      field("slab-cache", t("slab.cache"), this.which),
      this.facts,
      this.askForm(),
      h("div", { class: "alloc-said" }, this.result, this.error),
      this.report,
      h("h3", {}, t("slab.slabs")),
      this.slabs,
      this.slot,
      this.walk.view,
      this.table(),
    );
    view.append(this.start, this.body);
    page.onMachine(() => {
      this.wanted = this.selected = -1;
      this.say("");
      this.complain("");
    });
  }

  focus(): void {
    if (this.body.hidden) this.start.querySelector("button")?.focus();
    else this.which.focus();
  }

  refresh(): void {
    const now = JSON.parse(this.later.caches()) as Caches | null;
    if (!now) return;
    this.start.hidden = now.ready;
    this.body.hidden = !now.ready;
    if (!now.ready) return;
    this.caches = now.caches;
    this.choose();
    this.cache = JSON.parse(this.later.cache(Number(this.which.value || 0), MOST_SLABS)) as Cache | null;
    this.showCache();
    this.showSlot();
    this.walk.show();
    this.showReport();
  }

  // ---- calls ---------------------------------------------------------------------------------------------------------

  private make(line: string): number | null {
    this.complain("");
    const made = makeCalls(this.page, this.later, [line]);
    this.refresh();
    if (!made.ok) {
      this.say("");
      this.complain(made.reason);
      return null;
    }
    this.say(outcome(this.walk.show(), made.text));
    return made.value;
  }
  private cpuText(): string {
    return this.cpu.value && this.cpu.value !== "0" ? ` cpu=${this.cpu.value}` : "";
  }
  private say(text: string): void {
    setText(this.result, text);
  }
  private complain(text: string): void {
    for (const place of [this.error, this.refused]) {
      if (text) place.setAttribute("role", "alert");
      else place.removeAttribute("role");
      setText(place, text);
    }
  }

  private fillStart(): void {
    const press = h("button", { type: "button", class: "primary" }, t("slab.start"));
    press.addEventListener("click", () => {
      this.make("kmem_cache_init");
      this.focus();
    });
    this.start.append(h("p", { class: "thing-how" }, t("slab.not-ready")), press, this.refused);
  }

  private createForm(): HTMLElement {
    const name = h("input", { type: "text", id: "slab-name", class: "mono", value: "my_cache", maxlength: 40 });
    const size = h("input", { type: "text", id: "slab-size", class: "mono", value: "192", maxlength: 12 });
    const checks = h("input", { type: "checkbox", id: "slab-checks", checked: true });
    const form = h(
      "form",
      { class: "alloc-form" },
      h(
        "div",
        { class: "alloc-row" },
        field("slab-name", t("slab.name"), name),
        field("slab-size", t("slab.size"), size),
      ),
      h("label", { class: "line" }, checks, t("slab.checks")),
      h("button", { type: "submit" }, t("slab.create")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const flags = checks.checked ? ` flags=${CHECKS}` : "";
      const made = this.make(`kmem_cache_create ${JSON.stringify(name.value.trim())} ${size.value.trim()}${flags}`);
      if (made === null) return;
      this.wanted = made;
      this.selected = -1;
      this.refresh();
    });
    return h("details", { class: "more-calls" }, h("summary", {}, t("slab.new")), form);
  }

  private askForm(): HTMLElement {
    const alloc = h("button", { type: "button", class: "primary" }, t("slab.alloc"));
    alloc.addEventListener("click", () => this.got(this.make(`kmem_cache_alloc ${this.which.value}${this.cpuText()}`)));
    const size = h("input", { type: "text", id: "slab-bytes", class: "mono", value: "100", maxlength: 12 });
    const form = h(
      "form",
      { class: "alloc-line" },
      h("label", { for: "slab-bytes" }, t("slab.kmalloc")),
      h("div", { class: "buttons" }, size, h("button", { type: "submit" }, "kmalloc")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.got(this.make(`kmalloc ${size.value.trim()} GFP_KERNEL${this.cpuText()}`));
    });
    const shrink = h("button", { type: "button" }, t("slab.shrink"));
    shrink.addEventListener("click", () => this.make(`kmem_cache_shrink ${this.which.value}`));
    const destroy = h("button", { type: "button" }, t("slab.destroy"));
    destroy.addEventListener("click", () => this.make(`kmem_cache_destroy ${this.which.value}`));
    return h(
      "div",
      {},
      h("div", { class: "alloc-row" }, field("slab-cpu", t("alloc.cpu-plain"), this.cpu)),
      h("div", { class: "buttons slab-buttons" }, alloc, shrink, destroy),
      form,
    );
  }

  /** The object that has just been given is the one that is shown. */
  private got(address: number | null): void {
    if (!address) return;
    const slot = this.slotAt(address);
    if (!slot) return; // larger than any cache: whole pages
    this.selected = slot.address;
    this.wanted = slot.cache;
    this.refresh();
  }

  // ---- what there is -------------------------------------------------------------------------------------------------

  private choose(): void {
    const names = this.caches.map(({ id, name }) => [id, name]);
    const cpus = (JSON.parse(this.later.allocator(0, 0)) as { cpus: number }).cpus;
    const is = JSON.stringify([names, cpus]);
    if (is !== this.choices) {
      this.choices = is;
      fill(
        this.which,
        this.caches.map(({ id }) => id),
        (id) => this.caches.find((one) => one.id === id)?.name ?? "",
      );
      fill(
        this.cpu,
        Array.from({ length: cpus }, (_, cpu) => cpu),
        String,
      );
      if (this.wanted < 0) this.wanted = this.caches.find(({ name }) => name === "kmalloc-64")?.id ?? -1;
    }
    if (this.caches.some(({ id }) => id === this.wanted)) this.which.value = String(this.wanted);
    this.all.replaceChildren(
      ...this.caches.map((c) =>
        h(
          "tr",
          {},
          h("th", { scope: "row", class: "mono" }, c.name),
          ...[c.active, c.objects, c.size, c.perSlab, 2 ** c.order, c.slabs].map((n) =>
            h("td", { class: "mono number" }, count(n)),
          ),
        ),
      ),
    );
  }

  private showCache(): void {
    const c = this.cache;
    if (!c) return;
    const facts = [
      t("slab.facts", { object: bytes(c.objectSize), size: bytes(c.size), n: c.perSlab, order: c.order }),
      ...(c.aliases.length > 0 ? [t("slab.also", { names: c.aliases.join(", ") })] : []),
      ...(c.flags !== "0" ? [c.flags.replaceAll("|", " | ")] : []),
    ];
    setText(this.facts, facts.join(" "));
    const had = (document.activeElement as HTMLElement | null)?.dataset.object;
    const rows = c.list.map((slab) => this.slabRow(c, slab));
    if (c.slabs > c.list.length) rows.push(h("li", { class: "quiet" }, t("slab.more", { n: c.slabs - c.list.length })));
    if (c.slabs === 0) rows.push(h("li", { class: "quiet" }, t("slab.none")));
    this.slabs.replaceChildren(...rows);
    if (had) this.slabs.querySelector<HTMLElement>(`[data-object="${had}"]`)?.focus();
  }

  private slabRow(c: Cache, slab: SlabFacts): HTMLElement {
    const state = slab.used === 0 ? "empty" : slab.used === slab.map.length ? "full" : "part";
    const title = t("slab.row", {
      pfn: hex(slab.pfn),
      used: slab.used,
      n: slab.map.length,
      state: t(`slab.state.${state}`),
      place: t(`slab.place.${slab.place}`, { cpu: slab.cpu, node: slab.nid }),
    });
    const next = slab.free[0];
    const cells = [...slab.map].map((sign, i) => {
      const address = slab.first + i * c.size;
      const used = sign === "#";
      const label = t(used ? "slab.object-used" : i === next ? "slab.object-next" : "slab.object-free", { n: i });
      const cell = h("button", {
        type: "button",
        class: used ? "used" : i === next ? "next" : "",
        "data-object": address,
        "aria-label": label,
        "aria-pressed": String(address === this.selected),
        title: label,
      });
      cell.addEventListener("click", () => {
        this.selected = address === this.selected ? -1 : address;
        this.showCache();
        this.showSlot();
      });
      return cell;
    });
    return h(
      "li",
      { class: state, "data-state": state },
      h("p", {}, title),
      h("div", { class: "cells", role: "group", "aria-label": t("slab.objects", { pfn: hex(slab.pfn) }) }, ...cells),
    );
  }

  // ---- one object ----------------------------------------------------------------------------------------------------

  private slotAt(address: number): Slot | null {
    return JSON.parse(this.later.object(address)) as Slot | null;
  }

  private showSlot(): void {
    const slot = this.selected < 0 ? null : this.slotAt(this.selected);
    this.slot.hidden = slot === null;
    if (!slot) return;
    const had = (document.activeElement as HTMLElement | null)?.dataset.does;
    const does = (word: string, line: string) => {
      const press = h("button", { type: "button", "data-does": word }, t(`slab.${word}`));
      press.addEventListener("click", () => this.make(line));
      return press;
    };
    const at = hex(slot.address);
    const size = this.caches.find(({ id }) => id === slot.cache)?.objectSize ?? 8;
    const other = this.caches.find(({ id, name }) => id !== slot.cache && name.startsWith("kmalloc-"))?.id ?? 0;
    const cpu = this.cpuText();
    const free = `kmem_cache_free ${slot.cache} ${at}${cpu}`;
    const buttons = slot.inUse
      ? [
          does("free", free),
          does("overflow", `write_object ${hex(slot.address + size)} 8 value=0x41`),
          does("wrong", `kmem_cache_free ${other} ${at}${cpu}`),
        ]
      : [does("twice", free), does("late", `write_object ${at} 8 value=0x41`)];
    this.slot.replaceChildren(
      h(
        "h3",
        { class: "literal" },
        t(slot.inUse ? "slab.slot-used" : "slab.slot-free", { n: slot.index, at, name: slot.name }),
      ),
      h("div", { class: "buttons slab-buttons" }, ...buttons),
      h(
        "ol",
        { class: "bytes" },
        ...slot.runs.map((run) =>
          h(
            "li",
            { class: `byte-${run.kind}` },
            h("span", { class: "mono" }, String(run.at - slot.redLeft)),
            h("span", {}, t(`slab.byte.${run.kind}`)),
            h("span", { class: "mono" }, `${bytes(run.length)} ${run.hex}`),
          ),
        ),
      ),
    );
    if (had)
      (this.slot.querySelector<HTMLElement>(`[data-does="${had}"]`) ?? this.slot.querySelector("button"))?.focus();
  }

  /** What the kernel would have printed in the call on show. */
  private showReport(): void {
    const lines = (this.walk.now?.rows ?? [])
      .filter(({ kind }) => kind === "lab_slab_report")
      .map(({ f }) => String(f.line));
    this.report.hidden = lines.length === 0;
    setText(this.report, lines.join("\n"));
  }

  private table(): HTMLElement {
    const columns = ["name", "active", "objects", "size", "per-slab", "pages", "slabs"];
    return h(
      "details",
      { class: "more-calls" },
      h("summary", {}, t("slab.all")),
      h(
        "div",
        { class: "slabinfo", tabindex: 0, role: "region", "aria-label": t("slab.all") },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h("tr", {}, ...columns.map((column) => h("th", { scope: "col" }, t(`slab.column.${column}`)))),
          ),
          this.all,
        ),
      ),
    );
  }
}
