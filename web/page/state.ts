// state.ts: the shapes of the JSON that the module writes (wasm/facts.cpp). Null is a number that JavaScript cannot
// hold exactly ("no limit").

export interface Argument {
  name: string;
  kind: "addr" | "bytes" | "number" | "node" | "boolean" | "text" | "flags" | "pfn" | "gfp";
  value: number | string | null;
}

export interface Call {
  index: number;
  name: string;
  summary: string;
  args: Argument[];
  caller: string;
  owner: string;
  /** Of the log; 0 if the call is not from one. */
  line: number;
  result: number | null;
  address: boolean;
  /** The result is the number of a block's first page, 0 = refused. */
  page: boolean;
  error: string;
  /** All its events, and how many of them have happened. */
  events: number;
  seen: number;
}

export interface LabEvent {
  kind: string;
  meaning: string;
  text: string;
  fields: Record<string, number | string | null>;
}

/** Allocations that the call made, how many the log answers, how many of those agree. */
export interface Answer {
  made: number;
  logged: number;
  equal: number;
  addr?: number;
  loggedAddr?: number | null;
  line?: number;
}

export interface AccountPart {
  part: "owner" | "free_memblock" | "free_buddy" | "pcp" | "waiting" | "allocated" | "cut_off";
  bytes: number;
  label?: string;
  kind?: "reserved" | "kernel" | "mem_map" | "misc";
}

export interface Story {
  title: string;
  release: string;
  arch: string;
  addressEnd: number;
  place: { call: number; event: number; part: number; calls: number };
  /** The shown call has not returned yet. */
  inside: boolean;
  /** The buddy allocator has got something. */
  handed: boolean;
  phase: string;
  phases: { name: string; first: number; end: number }[];
  /** Why the script cannot be played to its end, or "". */
  stopped: string;
  call?: Call;
  path?: string[];
  event?: LabEvent;
  counts?: Record<string, number>;
  sums?: Record<
    "handedBlocks" | "handedPages" | "merges" | "tries" | "added" | "reserved" | "freed" | "sections" | "waitingPages",
    number
  >;
  answer?: Answer;
  score: { logged: number; soFar: number; equal: number };
  accounting: { ram: number; sum: number; parts: AccountPart[] };
}

/** A cell is a number, a text, or nothing; the first of a row says what the step did to it. */
export type Cell = number | string | null;
export interface Window {
  from: number;
  total: number;
  rows: [string, ...Cell[]][];
}
