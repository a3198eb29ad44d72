// telling.ts: sentences about events and about the calls of the running allocator. The values come from the core, already
// in its words where they are names (zones, migratetypes, flags); numbers are formatted here.
//
//     startTelling(page, later);               from now on the sentence above the sides knows them
//     tellRow(row)                             one line of the way of a request (allocate.ts)
import { has, t } from "./locale";
import type { Page } from "./page";
import { tellers } from "./sentences";
import type { Call, LabEvent } from "./state";
import { isOld, oldSentence } from "./telling_old";
import { bytes, count, hex, range } from "./units";

/** An event with its values in words (wasm/live.cpp). `more`: so many like it come after it and are not listed. */
export interface Row {
  call: number;
  event: number;
  kind: string;
  f: Record<string, number | string>;
  more?: number;
}

const PAGE = 4096;

export function startTelling(page: Page, later: MmscopeLater): void {
  tellers.event = (event) => {
    if (isOld(event)) return oldSentence(event);
    const live = LIVE.has(event.kind) || event.kind.startsWith("lab_slab_");
    if (!live) return has(`event.${event.kind}`) ? eventSentence(event) : other(event);
    const row = JSON.parse(later.told()) as Row | null;
    return row ? tellRow(row) : other(event);
  };
  tellers.call = callSentence;
  tellers.headline = (story) => (story.call && PAGE_CALLS.has(story.call.name) ? t("headline.slab") : null);
  if (page.story?.event) page.move(() => {}); // shown before its words were there
}

/** Events whose fields are told by the names that the core gives them. */
const LIVE = new Set([
  "lab_attempt",
  "lab_zone_check",
  "lab_alloc_step",
  "lab_pcp_refill",
  "lab_pcp_drain",
  "lab_pcp_add",
  "lab_pcp_del",
  "lab_pcp_set",
  "lab_page_block",
  "lab_lru_add",
  "lab_lru_del",
  "lab_buddy_split",
  "lab_steal",
  "lab_reclaim",
  "lab_zone_set",
  "lab_pageblock_run",
  "lab_cpu_online",
  "mm_page_alloc",
  "mm_page_free",
  "mm_page_free_batched",
  "mm_page_alloc_zone_locked",
  "mm_page_alloc_extfrag",
  "mm_page_pcpu_drain",
  "mm_vmscan_kswapd_wake",
  "mm_vmscan_kswapd_sleep",
  "kmem_cache_alloc",
  "kmem_cache_free",
  "kmalloc",
  "kfree",
]);

// ---- the running allocator ---------------------------------------------------------------------------------------------

export function tellRow({ kind, f }: Row): string {
  const number = (name: string) => (typeof f[name] === "number" ? f[name] : 0);
  const values: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(f)) values[name] = typeof value === "number" ? count(value) : value;
  values.pfn = hex(number("pfn"));
  values.buddy = hex(number("buddy"));
  values.next = number("order") + 1;
  values.size = bytes(PAGE * 2 ** number("order"));
  values.end = t(number("tail") ? "tail" : "head");
  values.slab = hex(number("slab"));
  values.ptr = hex(number("ptr"));
  const tell = (variant = "") => t(`event.${kind}${variant}`, values);
  switch (kind) {
    case "lab_attempt": {
      const flags = String(f.flags);
      values.mark = t(`wmark.${/WMARK_(\w+)/.exec(flags)?.[1] ?? "MIN"}`);
      const rest = flags.split("|").filter((flag) => has(`alloc-flag.${flag}`));
      return [tell(f.pairs ? "-pairs" : ""), ...rest.map((flag) => t(`alloc-flag.${flag}`))].join(" ");
    }
    case "lab_zone_check": {
      const needed = number("min") + number("reserve");
      values.needed = count(needed);
      values.missing = count(needed + 1 - number("usable"));
      return tell(`.${f.verdict}${f.pairs && f.verdict !== "no_block" ? "-pairs" : ""}`);
    }
    case "lab_alloc_step":
      values.why = t(`${f.step === "fails" ? "alloc-failure" : f.step === "no_oom" ? "no-oom" : "compaction"}.${f.a}`);
      values.n = number("a");
      return tell(`.${f.step}`);
    case "lab_pcp_refill":
      return tell(number("got") ? "" : "-none");
    case "lab_pcp_del":
      return tell(number("tail") ? "-tail" : "");
    case "lab_pcp_set":
      return tell(number("which") === 0 ? "" : "-told");
    case "mm_page_alloc":
      return tell(number("pfn") ? "" : "-refused");
    case "mm_page_alloc_extfrag":
      return `${tell(number("whole") ? "" : "-alone")}${number("change_ownership") ? ` ${t("event.changed-type", values)}` : ""}`;
    case "lab_steal":
      values.sum = count(number("free") + number("alike"));
      return tell(number("free") + number("alike") >= number("half") ? "" : "-not");
    case "lab_zone_set":
      if (!f.which) return t("event.zone-field", values);
      return tell(`.${f.which}${number("value") ? "" : "-0"}`);
    case "lab_page_block":
      return tell(number("refcount") ? (number("refcount") === 1 ? "-one" : "") : "-none");
    case "lab_pageblock_run":
      values.range = range(number("pfn"), number("count"));
      return tell();
    case "lab_slab_path":
      return t(`event.lab_slab_path.${f.path_name}`);
    case "lab_slab_list_add":
      return tell(number("list") ? "-full" : "");
    case "lab_slab_freeze":
      return tell(number("frozen") ? "" : "-not");
    case "lab_slab_write":
      values.value = hex(number("value"));
      return tell();
    case "lab_slab_large":
      return tell(number("given") ? "" : "-back");
    case "lab_slab_cache_list":
      return tell(number("listed") ? "" : "-not");
    case "kmem_cache_alloc":
    case "kmalloc":
      values.bytes_alloc = bytes(number("bytes_alloc"));
      values.bytes_req = bytes(number("bytes_req"));
      return tell(number("ptr") ? "" : "-refused");
    default:
      return tell();
  }
}

function callSentence(call: Call): string | null {
  const key = `did.${call.name}`;
  if (!has(key) || !PAGE_CALLS.has(call.name)) return null;
  const values: Record<string, string | number> = {};
  for (const { name, value } of call.args) if (value !== null) values[name] = value;
  const order = Number(values.order ?? 0);
  const result = call.result ?? 0;
  values.n = 2 ** order;
  values.order = order;
  values.cpu ??= 0;
  values.seed ??= 1;
  values.pfn = hex(typeof values.page === "number" ? values.page : result);
  values.blockSize = bytes(PAGE * 2 ** order);
  values.size = bytes(Number(values.size ?? 0));
  values.result = count(result);
  for (const name of ["object", "address"])
    if (typeof values[name] === "number") values[name] = hex(Number(values[name]));
  values.at = hex(result);
  if (call.name === "kmem_cache_alloc" || call.name === "kmalloc") {
    if (!result) return t("did.no-object", { function: call.name });
  }
  const refused = call.name.startsWith("alloc_pages") && !result;
  return t(refused ? "did.refused" : key, { ...values, function: call.name });
}
/** Calls of core/lab/commands.def that have sentences of their own here. */
const PAGE_CALLS = new Set([
  "setup_per_cpu_pageset",
  "alloc_pages",
  "free_pages",
  "alloc_pages_bulk",
  "alloc_pages_exact",
  "get_page",
  "split_page",
  "folio_add_lru",
  "drain_all_pages",
  "drain_local_pages",
  "balance_pgdat",
  "refresh_cpu_vm_stats",
  "set_migratetype_isolate",
  "unset_migratetype_isolate",
  "kmem_cache_init",
  "kmem_cache_create",
  "kmem_cache_alloc",
  "kmem_cache_free",
  "kmalloc",
  "kfree",
  "kmem_cache_shrink",
  "kmem_cache_destroy",
  "write_object",
  "workload",
]);

// ---- the boot ----------------------------------------------------------------------------------------------------------

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function eventSentence(event: LabEvent): string {
  const f = event.fields;
  const number = (name: string) => (typeof f[name] === "number" ? f[name] : 0);
  const key = `event.${event.kind}`;
  const values: Record<string, string | number> = {
    meaning: event.meaning,
    list: f.list === 0 ? "memory" : "reserved",
    index: number("index"),
    function: String(f.name ?? ""),
    caller: String(f.caller ?? ""),
    line: String(f.line ?? ""),
    at: hex(number("at")),
    range: range(number("base"), number("size") || number("end") - number("base")),
    size: bytes(number("size")),
    pfn: hex(number("pfn")),
    buddy: hex(number("buddy")),
    order: number("order"),
    next: number("order") + 1,
    count: count(number("count")),
    node: number("nid"),
    first: number("first"),
    last: number("first") + number("count") - 1,
    found: hex(number("found")),
    addr: hex(number("addr")),
    state: t(`page-state.${number("state")}`),
    end: t(number("tail") ? "tail" : "head"),
  };
  if (event.kind === "lab_call" && !values.caller) return t("event.lab_call-alone", values);
  if (event.kind === "lab_memblock_candidate" && !number("found")) return t("event.lab_memblock_candidate-no", values);
  if (event.kind === "lab_section_present" && number("count") === 1) return t("event.lab_section_present-one", values);
  if (event.kind === "lab_section_init" && number("count") === 1) return t("event.lab_section_init-one", values);
  return t(key, values);
}

function other(event: LabEvent): string {
  return capital(t("event.other", { meaning: event.meaning }));
}
