// allocate.ts: the page allocator made to live: ask for pages, give them back, on any CPU, and read what the kernel did.
// Every call is a script command in a branch (live_call.ts).
import { field, fill } from "./alloc_fields";
import { h, setText } from "./dom";
import { GfpBox } from "./gfp_box";
import { type Allocator, allocatorOf, type Block, type Made, makeCalls } from "./live_call";
import { t } from "./locale";
import { MoreCalls } from "./more_calls";
import type { Page } from "./page";
import { bytes, hex } from "./units";
import { outcome, WalkView } from "./walk";

const MOST_BLOCKS = 100;

export class Allocate {
  private readonly noLists = h("p", { class: "thing-gone" }, t("alloc.no-lists"));
  private readonly gfp: GfpBox;
  private readonly order = h("select", { id: "alloc-order" });
  private readonly cpu = h("select", { id: "alloc-cpu" });
  private readonly node = h("select", { id: "alloc-node" });
  private readonly nodeField = field("alloc-node", t("alloc.node"), this.node);
  private readonly result = h("p", { class: "result alloc-result", role: "status" });
  private readonly error = h("p", { class: "wrong-call" });
  private readonly again = h("button", { type: "button", hidden: true }, t("alloc.again"));
  private readonly blocksTitle = h("h3", { class: "literal", tabindex: -1 });
  private readonly blocks = h("ul", { class: "blocks" });
  private readonly freeAll = h("button", { type: "button", hidden: true }, t("alloc.free-all"));
  private readonly walk: WalkView;
  private readonly more: MoreCalls;
  private now: Allocator | null = null;
  private choices = "";
  private lastFreed = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    view: HTMLElement,
    private readonly show: (path: string) => void,
  ) {
    this.gfp = new GfpBox(later);
    this.walk = new WalkView(page, later);
    this.more = new MoreCalls(
      (line, from) => this.make([line], from),
      () => this.gfp.value,
    );
    const form = h(
      "form",
      { class: "call alloc-form" },
      this.gfp.view,
      h(
        "div",
        { class: "alloc-row" },
        field("alloc-order", t("alloc.order"), this.order),
        field("alloc-cpu", t("alloc.cpu"), this.cpu),
        this.nodeField,
      ),
      h("button", { type: "submit", class: "primary wide" }, t("alloc.make")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.allocate();
    });
    this.again.addEventListener("click", () => this.make([this.lastFreed]));
    this.freeAll.addEventListener("click", () => {
      const lines = (this.now?.blocks ?? []).flatMap((b) => Array(b.refcount).fill(this.freeLine(b)) as string[]);
      this.make(lines);
      this.blocksTitle.focus();
    });
    view.append(
      h("p", { class: "quiet alloc-how" }, t("alloc.how")),
      this.noLists,
      form,
      h("div", { class: "alloc-said" }, this.result, this.error, this.again),
      this.walk.view,
      h("div", { class: "blocks-head" }, this.blocksTitle, this.freeAll),
      this.blocks,
      this.more.view,
    );
    page.onMachine(() => this.forget());
  }

  focus(): void {
    this.gfp.focus();
  }

  /** The playhead has moved, or the side is shown. */
  refresh(): void {
    const now = allocatorOf(this.later, MOST_BLOCKS);
    if (!now) return;
    this.now = now;
    this.noLists.hidden = now.lists || now.pairs;
    this.choose(now);
    this.walk.show();
    this.showBlocks(now);
    this.more.view.hidden = now.pairs;
    if (!now.pairs) this.more.show(now, this.cpuText());
  }

  private forget(): void {
    this.say("");
    this.complain("");
    this.lastFreed = "";
    this.again.hidden = true;
  }

  // ---- asking --------------------------------------------------------------------------------------------------------

  /** What there is to choose from; a choice stays as long as it exists. */
  private choose(now: Allocator): void {
    const is = JSON.stringify([now.maxOrder, now.pageSize, now.onCpu, now.nodes.length, now.cpus]);
    if (is === this.choices) return;
    this.choices = is;
    const orders = Array.from({ length: now.maxOrder + 1 }, (_, order) => order);
    fill(this.order, orders, (order) =>
      t("alloc.order-of", { order, n: 2 ** order, size: bytes(now.pageSize * 2 ** order) }),
    );
    const cpus = Array.from({ length: now.cpus }, (_, cpu) => cpu);
    fill(this.cpu, cpus, (cpu) => t("alloc.cpu-of", { cpu, n: now.onCpu[cpu] ?? 0 }));
    fill(this.node, ["", ...now.nodes.map(({ nid }) => nid)], (nid) =>
      nid === "" ? t("alloc.node-any") : String(nid),
    );
    this.nodeField.hidden = now.nodes.length < 2;
  }

  private cpuText(): string {
    return this.cpu.value && this.cpu.value !== "0" ? ` cpu=${this.cpu.value}` : "";
  }

  private allocate(): void {
    const gfp = this.gfp.value;
    if (!gfp) {
      this.complain(t("alloc.gfp-wrong"));
      this.gfp.focus();
      return;
    }
    const order = this.order.value === "0" ? "" : ` order=${this.order.value}`;
    const nid = this.node.value === "" ? "" : ` nid=${this.node.value}`;
    this.make([`alloc_pages ${gfp}${order}${nid}${this.cpuText()} -> ${this.now?.name ?? "p"}`]);
  }

  private make(lines: string[], from?: HTMLElement): void {
    if (lines.length === 0) return;
    this.complain("");
    const made = makeCalls(this.page, this.later, lines);
    this.refresh();
    if (!made.ok) {
      this.say("");
      this.complain(made.reason);
      from?.focus();
      return;
    }
    this.tell(made);
    const last = lines.at(-1) ?? "";
    this.lastFreed = last.startsWith("free_pages") ? last : "";
    this.again.hidden = this.lastFreed === "";
  }

  private tell(made: Extract<Made, { ok: true }>): void {
    const bulk = made.text.startsWith("alloc_pages_bulk");
    this.say(bulk ? t("alloc.made", { count: made.value ?? 0 }) : outcome(this.walk.show(), made.text));
  }
  private say(text: string): void {
    setText(this.result, text);
  }
  private complain(text: string): void {
    if (text) this.error.setAttribute("role", "alert");
    else this.error.removeAttribute("role");
    setText(this.error, text);
    if (text) this.error.scrollIntoView({ block: "nearest" });
  }

  // ---- what one has --------------------------------------------------------------------------------------------------

  private freeLine(b: Block): string {
    const order = this.now?.pairs && b.order > 0 ? ` order=${b.order}` : "";
    return `free_pages ${b.name || hex(b.pfn)}${order}${this.cpuText()}`;
  }

  private showBlocks(now: Allocator): void {
    const size = bytes(now.heldPages * now.pageSize);
    setText(this.blocksTitle, now.held ? t("alloc.blocks-n", { n: now.held, size }) : t("alloc.blocks"));
    this.freeAll.hidden = now.held < 2;
    const had = document.activeElement?.closest<HTMLElement>("[data-block]")?.dataset.block;
    const rows = now.blocks.map((b) => this.blockRow(b, now));
    if (now.held === 0) rows.push(h("li", { class: "quiet" }, t("alloc.blocks-none")));
    if (now.held > now.blocks.length)
      rows.push(h("li", { class: "quiet" }, t("alloc.blocks-more", { n: now.held - now.blocks.length })));
    this.blocks.replaceChildren(...rows);
    if (had === undefined) return;
    const again = this.blocks.querySelector<HTMLElement>(`[data-block="${had}"] button`);
    if (again) again.focus();
    else this.blocksTitle.focus();
  }

  private blockRow(b: Block, now: Allocator): HTMLElement {
    const pfn = hex(b.pfn);
    const size = bytes(now.pageSize * 2 ** b.order);
    const block = t("alloc.block", { size, pfn });
    const page = b.name || pfn;
    const press = (word: string, label: string, run: () => void) => {
      const button = h("button", { type: "button", "aria-label": label }, t(word));
      button.addEventListener("click", run);
      return button;
    };
    const call = (word: string, line: string) => press(word, t(`${word}-of`, { block }), () => this.make([line]));
    const free = t(now.cpus > 1 ? "alloc.free-on" : "alloc.free-of", { block, cpu: this.cpu.value || "0" });
    const notes = [
      `order ${b.order}`,
      b.zone,
      b.gfp,
      `CPU ${b.cpu}`,
      ...(b.compound ? [t("alloc.compound")] : []),
      ...(b.refcount > 1 ? [t("alloc.references", { n: b.refcount })] : []),
      ...(b.lru ? [t("alloc.on-lru")] : []),
    ];
    return h(
      "li",
      { "data-block": b.pfn },
      h("p", { class: "mono" }, h("strong", {}, b.name ? `${b.name} ` : ""), `${pfn} `, size),
      h("p", { class: "quiet" }, notes.join(" · ")),
      h(
        "div",
        { class: "buttons" },
        press("alloc.free", free, () => this.make([this.freeLine(b)])),
        ...(now.pairs ? [] : [call("alloc.get", `get_page ${page}`)]),
        ...(b.order > 0 && !b.compound && !now.pairs ? [call("alloc.split", `split_page ${page}`)] : []),
        ...(b.lru || now.pairs ? [] : [call("alloc.lru", `folio_add_lru ${page}`)]),
        press("alloc.show", t("alloc.show-of", { block }), () => this.show(`page[${pfn}]`)),
      ),
    );
  }
}
