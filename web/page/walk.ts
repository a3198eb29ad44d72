// walk.ts: what the kernel did inside one call of the page allocator, line by line: which attempt, which zone with which
// numbers, from which list, what was cut or stolen. A line moves the playhead to that moment; the list stays. Under a
// refusal: why, zone by zone, and what would have helped.
import { h, setText } from "./dom";
import { type Walk, walkOf } from "./live_call";
import { t } from "./locale";
import type { Page } from "./page";
import { tellRow } from "./telling";
import { bytes, count, hex } from "./units";

const HEADS = new Set([
  "lab_attempt",
  "lab_zone_check",
  "mm_page_alloc",
  "mm_page_alloc_extfrag",
  "lab_alloc_step",
  "lab_pcp_drain",
  "lab_pcp_refill",
  "lab_slab_path",
  "lab_slab_new",
  "lab_slab_discard",
  "lab_slab_report",
  "kmem_cache_alloc",
  "kmem_cache_free",
  "kmalloc",
  "kfree",
]);

export class WalkView {
  private readonly title = h("h3", { class: "literal" }, t("alloc.walk"));
  private readonly how = h("p", { class: "quiet" });
  private readonly list = h("ol", { class: "walk" });
  private readonly why = h("div", { class: "walk-why" });
  readonly view = h("section", { class: "walk-part" }, this.title, this.how, this.list, this.why);
  private is = "";
  private walk: Walk | null = null;
  private buttons: HTMLButtonElement[] = [];

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
  ) {}

  /** Of the call on show, as it was read last. */
  get now(): Walk | null {
    return this.walk;
  }

  /** Reads the call on show. */
  show(): Walk | null {
    const walk = walkOf(this.later);
    const is = JSON.stringify(walk);
    if (is !== this.is) {
      this.is = is;
      // Where only the place within the call has changed, the lines and the keyboard on them stay.
      if (walk?.call !== this.walk?.call || walk?.rows.length !== this.buttons.length - 1) this.fill(walk);
      this.walk = walk;
      this.tellWhy(walk);
    }
    this.mark();
    return walk;
  }

  private fill(walk: Walk | null): void {
    setText(this.title, walk ? t("alloc.walk-of", { call: walk.call + 1, name: walk.name }) : t("alloc.walk"));
    setText(this.how, t(walk ? "alloc.walk-how" : "alloc.walk-none"));
    const rows = walk?.rows ?? [];
    this.buttons = rows.map((row) => {
      const more = row.more ? h("small", { class: "quiet" }, ` … ${t("alloc.more-rows", { n: row.more })}`) : "";
      const press = h("button", { type: "button", class: kindOf(row.kind, row.f) }, tellRow(row), more);
      press.addEventListener("click", () => this.page.seek(row.call, row.event));
      return press;
    });
    if (walk) {
      const after = h("button", { type: "button", class: "walk-after" }, t("alloc.after"));
      after.addEventListener("click", () => this.page.seek(walk.call + 1));
      this.buttons.push(after);
    }
    this.list.replaceChildren(...this.buttons.map((press) => h("li", {}, press)));
  }

  private tellWhy(walk: Walk | null): void {
    const refused = walk?.refused;
    if (!refused) {
      this.why.replaceChildren();
      return;
    }
    const zones = refused.zones.map(({ nid, zone, verdict, usable, missing, largest }) =>
      t(`alloc.zone-${verdict}`, { nid, zone, largest, usable: count(usable), missing: count(missing) }),
    );
    const helped = refused.remedies.map(({ what, value }) => t(`alloc.remedy.${what}`, { value }));
    this.why.replaceChildren(
      ...(zones.length > 0 ? [h("h3", {}, t("alloc.why")), list(zones)] : []),
      h("h3", {}, t("alloc.helped")),
      list(helped.length > 0 ? helped : [t("alloc.remedy.none")]),
    );
  }

  private mark(): void {
    const place = this.page.story?.place;
    if (!place) return;
    const rows = this.walk?.rows ?? [];
    const at = this.page.story?.inside
      ? rows.filter((row) => row.call === place.call && row.event <= place.event).length - 1
      : rows.length;
    for (const [i, press] of this.buttons.entries()) {
      press.classList.toggle("future", i > at);
      if (i === at) press.setAttribute("aria-current", "step");
      else press.removeAttribute("aria-current");
    }
  }
}

function list(lines: string[]): HTMLElement {
  return h("ul", { class: "plain" }, ...lines.map((line) => h("li", {}, line)));
}

function kindOf(kind: string, f: Record<string, number | string>): string {
  const verdict = kind === "lab_zone_check" ? (f.verdict === "ok" ? " yes" : " no") : "";
  if (kind === "lab_slab_report") return "head no";
  const end = kind === "mm_page_alloc" ? (f.pfn ? " yes" : " no") : "";
  return (HEADS.has(kind) ? "head" : "detail") + verdict + end;
}

/** The result of a call in one sentence. */
export function outcome(walk: Walk | null, text: string): string {
  if (!walk) return t("alloc.done", { text });
  const backwards = [...walk.rows].reverse();
  const find = (kind: string) => backwards.find((row) => row.kind === kind)?.f;
  const size = (order: unknown) => bytes(4096 * 2 ** Number(order));
  const given = find("mm_page_alloc");
  if (given && !given.pfn) return t("alloc.refused", { size: size(given.order), gfp: String(given.gfp) });
  const cpu = Number((find("lab_pcp_del") ?? find("lab_pcp_add") ?? find("lab_pcp_refill"))?.cpu ?? 0);
  if (given && walk.name === "alloc_pages") {
    const stolen = find("mm_page_alloc_extfrag");
    const pair = walk.rows.find((row) => row.kind === "lab_pair_split")?.f;
    const cut = pair ? { from: Number(pair.order) + 1 } : find("lab_buddy_split");
    const way = find("lab_pcp_refill")
      ? t("alloc.way-refill", { cpu })
      : find("lab_pcp_del")
        ? t("alloc.way-cpu", { cpu })
        : cut
          ? t("alloc.way-split", { from: Number(cut.from) })
          : t("alloc.way-free");
    const ways = stolen ? `${way}; ${t("alloc.way-stolen", { fallback: String(stolen.fallback) })}` : way;
    return t("alloc.got", {
      pfn: hex(Number(given.pfn)),
      zone: String(given.zone),
      size: size(given.order),
      way: ways,
    });
  }
  const freed = find("mm_page_free");
  if (freed && walk.name === "free_pages") {
    const pfn = hex(Number(freed.pfn));
    const merges = walk.rows.filter((row) => row.kind === "lab_buddy_merge" || row.kind === "lab_pair_merge").length;
    if (find("lab_pcp_add")) return t("alloc.freed-cpu", { pfn, cpu });
    return merges > 0 ? t("alloc.freed-merged", { pfn, n: merges }) : t("alloc.freed-free", { pfn });
  }
  const reported = find("lab_slab_report");
  if (reported) return t("slab.reported", { line: String(reported.line) });
  const object = find("kmem_cache_alloc") ?? find("kmalloc");
  const path = find("lab_slab_path");
  if (object && !object.ptr) return t("slab.refused");
  if (object) {
    const ways = t(`slab.path.${find("lab_slab_large") ? "large" : (path?.path_name ?? "fast")}`);
    return t("slab.got", { at: hex(Number(object.ptr)), size: bytes(Number(object.bytes_alloc)), way: ways });
  }
  const gone = find("lab_slab_discard");
  if (gone && find("kmem_cache_free")) return t("slab.freed-gone", { pfn: hex(Number(gone.slab)) });
  if (find("lab_slab_push_cpu")) return t("slab.freed-cpu");
  if (find("lab_slab_push")) return t("slab.freed-slab");
  return t("alloc.done", { text });
}
