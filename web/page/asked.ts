// asked.ts: what the parts that ask share: the shapes of the JSON that the module answers with (wasm/sheets.cpp), and work
// in slices.
import { breathe } from "./dom";

export interface Value {
  /** As a person reads it, with its unit. */
  text: string;
  unit: string;
  nothing: boolean;
  number?: number;
}

export interface Bits {
  name: string;
  word: string;
  parts: { high: number; low: number; about: string; text: string }[];
}

export interface Sheet {
  path: string;
  kind: string;
  title: string;
  error: string;
  /** Bytes, half-open; 0, 0 = it has no place on the address axis, and no PFNs. */
  base: number;
  end: number;
  firstPfn?: number;
  lastPfn?: number;
  fields: (Value & { name: string; path: string; about: string })[];
  links: { relation: string; path: string; text: string }[];
  bits: Bits[];
  source: string;
  home: string[];
}

export type Answer = ({ ok: true } & Value) | { ok: false; error: string; column: number };

export interface Place {
  call: number;
  event: number;
}

export interface Hits {
  total: number;
  /** So many of them can be listed. */
  kept: number;
  hits: (Place & { text: string })[];
}

export interface LifeEntry extends Place {
  what: string;
  base: number;
  end: number;
  function: string;
  caller: string;
  owner: string;
  node: number;
  zone: string;
  from: number;
  order: number;
  list: string;
  state: string;
  number: number;
  count: number;
  type?: string;
  gfp?: string;
}
export interface Life {
  pfn: number;
  cut: boolean;
  entries: LifeEntry[];
}

/** Negative when `a` comes before `b` in the boot. */
export function order(a: Place, b: Place): number {
  return a.call - b.call || a.event - b.event;
}

const SLICE_MS = 8;
const SHOW_AFTER_MS = 200;

/** Work that says how far it is, 0 to 1, in slices between which the page lives. Begun anew it gives up what it did. */
export class Slices {
  private job = 0;

  cancel(): void {
    this.job++;
  }

  /** True when it is through, false when it was given up. `show` is called with how far it is once that takes long. */
  async run(on: (calls: number) => number, show: (share: number) => void): Promise<boolean> {
    const job = ++this.job;
    const begun = performance.now();
    for (;;) {
      const slice = performance.now();
      let share = 0;
      do share = on(1);
      while (share < 1 && performance.now() - slice < SLICE_MS);
      if (share >= 1) return true;
      if (performance.now() - begun > SHOW_AFTER_MS) show(share);
      await breathe();
      if (job !== this.job) return false;
    }
  }
}
