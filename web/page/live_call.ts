// live_call.ts: kernel calls that a press makes: at the playhead, in a branch, as if they had been typed (script.ts). And
// the shapes of what the module says about the running allocator (wasm/live.cpp).
//
//     const made = makeCalls(page, later, ["free_pages p1"]);
//     if (!made.ok) made.reason;                               a misuse has words of its own
import type { Page } from "./page";
import type { Row } from "./telling";

export type Made =
  | { ok: true; call: number; text: string; address: boolean; value: number | null }
  | { ok: false; column: number; reason: string };

/** One after the other, up to the first that cannot be made; the answer to the last. */
export function makeCalls(page: Page, later: MmscopeLater, lines: readonly string[]): Made {
  let made: Made = { ok: false, column: 0, reason: "" };
  page.move(() => {
    for (const line of lines) {
      made = JSON.parse(later.makeCall(line)) as Made;
      if (!made.ok) return;
    }
  });
  return made;
}

export interface Block {
  pfn: number;
  order: number;
  gfp: string;
  cpu: number;
  call: number;
  refcount: number;
  compound: boolean;
  lru: boolean;
  nid: number;
  zone: string;
  pageblock: string;
  /** The result that names its first page, or "". */
  name: string;
}

export interface Allocator {
  ready: boolean;
  /** 2.4: nothing remembers a block's order, and there are neither CPUs' lists nor references to count. */
  pairs: boolean;
  cpus: number;
  maxOrder: number;
  pageSize: number;
  /** Pages of a pageblock. */
  pageblock: number;
  /** For the next result. */
  name: string;
  nodes: { nid: number; awake: boolean; reclaimable: number }[];
  /** The CPUs have page lists. */
  lists: boolean;
  onCpu: number[];
  held: number;
  heldPages: number;
  blocks: Block[];
}

export interface GfpMeaning {
  ok: boolean;
  text?: string;
  zone?: string;
  type?: string;
  words?: { name: string; about: string }[];
}

export interface Walk {
  call: number;
  name: string;
  rows: Row[];
  refused?: {
    zones: { nid: number; zone: string; usable: number; missing: number; verdict: string; largest: number }[];
    remedies: { what: string; value: number }[];
  };
}

export function allocatorOf(later: MmscopeLater, count: number): Allocator | null {
  return JSON.parse(later.allocator(0, count)) as Allocator | null;
}

/** The call's way, if the call on show is about pages. */
export function walkOf(later: MmscopeLater): Walk | null {
  return JSON.parse(later.walk()) as Walk | null;
}
