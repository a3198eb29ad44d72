// compare_state.ts: what wasm/compare.cpp says, as JSON.

export interface Choices {
  least: number; // bytes of RAM
  most: number;
  cpus: number;
  text: number; // characters of parameters
  machines: number; // beside each other
  presets: { name: string; title: string }[];
  builds: Build[];
}
export interface Build {
  release: string;
  arch: string;
  era: string;
  flavour: string;
}

export interface Compared {
  moments: number;
  end: number; // of the common axis of addresses
  machines: { title: string; arch: string; era: string; flavour: string; calls: number; stopped: string }[];
  phases: { name: string; first: number }[];
}

export interface MomentState {
  at: number;
  phase: string;
  machines: MachineState[];
  facts: FactRow[];
  differences: Difference[];
}
export interface MachineState {
  made: number;
  calls: number;
  /** It makes a call at this moment; else it stands behind an earlier one. */
  here: boolean;
  name?: string;
  text?: string;
  caller?: string;
  owner?: string;
  uses: { label: string; kind: string; bytes: number }[];
  strip: [columns: number, kind: string][];
  zones: { name: string; nid: number; base: number; end: number }[];
}
export interface FactHead {
  kind: string;
  group: string;
  zone?: string;
  nid?: number;
  order?: number;
}
export interface FactRow extends FactHead {
  unit: "text" | "bytes" | "address" | "count" | "permille";
  differs: boolean;
  cells: (string | number | null)[];
}
export interface Difference {
  kind: "allocator" | "held" | "ram" | "fact";
  more: number; // machines
  less: number;
  moreText?: string;
  lessText?: string;
  moreBytes?: number;
  lessBytes?: number;
  part?: string;
  label?: string;
  isMap?: boolean;
  reason?: "" | "sizeof_page" | "page_size" | "ram" | "holes";
  moreReason?: number;
  lessReason?: number;
  fact?: FactHead;
}

export interface EraStep {
  from: string;
  to: string;
  younger: string;
  changes: { field: string; about: string; before: string; after: string; what: string; source: string }[];
}
