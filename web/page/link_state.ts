// link_state.ts: what a link holds, as text and back. Nothing here touches the page, so that a test can feed it anything:
// read() answers with a state in which every field is in its bounds, or throws LinkRefusal, which says what is wrong.
//
//     const fragment = await write({ machine: "x64-6.1-1G", at: [41, 0, 0], … });      "#s=z…"
//     const state = await read(location.hash);                                      null: this is no link of ours
//
// Written by us, a link is JSON, deflated, in base64url ("z"; "p" where the browser cannot deflate). By hand it is
// "#machine=qemu-1g&after=memblock_free_all" (docs/links.md).

export type Place = [call: number, event: number, part: number];
export interface Mark {
  at: Place;
  note: string;
}
export interface OwnMachine {
  script: string;
  title: string;
}
/** What is left out stays as it is. */
export interface LinkState {
  machine?: string | OwnMachine;
  at?: Place;
  /** The place right after the first call of this kernel function. */
  after?: string;
  /** Calls of one's own behind the first `fork` calls of the recorded boot. */
  branch?: { fork: number; calls: string[] };
  /** "" = nothing is selected. */
  select?: string;
  panel?: string;
  focus?: string;
  pinned?: string;
  /** Null: all of it. */
  axis?: [from: number, to: number] | null;
  marks?: Mark[];
}

/** `key` and `values` are a sentence of the locale. */
export class LinkRefusal extends Error {
  constructor(
    readonly key: string,
    readonly values: Record<string, string | number> = {},
  ) {
    super(`${key} ${JSON.stringify(values)}`);
  }
}

const VERSION = 1;
export const FRAGMENT_LIMIT = 65_536; // characters
const UNPACKED_LIMIT = 1 << 20; // bytes

export const PANELS = ["memblock", "zones", "buddy", "walk", "pcp", "pageblocks", "slab"];
export const LAYOUTS = [
  "",
  "strip",
  "memblock",
  "sections",
  "zones",
  "buddy",
  "walk",
  "pcp",
  "pageblocks",
  "slab",
  "timeline",
];
const PINNED = ["memblock", "walk", "slab", "sections", "zones", "pcp", "buddy", "pageblocks"];
const LIMITS = {
  call: 1_000_000,
  address: Number.MAX_SAFE_INTEGER,
  calls: 500,
  marks: 100,
  line: 512,
  title: 200,
  note: 200,
  path: 256,
};

// ---- checks --------------------------------------------------------------------------------------------------------

type Check<T> = (value: unknown, field: string) => T;

function refuse(field: string): never {
  throw new LinkRefusal("link.field", { field });
}

const whole =
  (most: number): Check<number> =>
  (value, field) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most ? value : refuse(field);

// Control characters have no business in a line; a script has its line ends and tabs.
const text =
  (most: number, lines = false): Check<string> =>
  (value, field) => {
    if (typeof value !== "string" || value.length > most) refuse(field);
    for (const character of value)
      if (character < " " && !(lines && (character === "\n" || character === "\t"))) refuse(field);
    return value;
  };

const oneOf =
  (...choices: string[]): Check<string> =>
  (value, field) =>
    typeof value === "string" && choices.includes(value) ? value : refuse(field);

const list =
  <T>(most: number, item: Check<T>): Check<T[]> =>
  (value, field) =>
    Array.isArray(value) && value.length <= most ? value.map((one) => item(one, field)) : refuse(field);

function record(value: unknown, fields: readonly string[], field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(field);
  for (const key of Object.keys(value))
    if (!fields.includes(key)) throw new LinkRefusal("link.unknown", { field: key.slice(0, 40) });
  return value as Record<string, unknown>;
}

const place: Check<Place> = (value, field) => {
  if (!Array.isArray(value) || value.length !== 3) refuse(field);
  const number = whole(LIMITS.call);
  return [number(value[0], field), number(value[1], field), number(value[2], field)];
};

const functionName: Check<string> = (value, field) =>
  typeof value === "string" && /^\w{1,64}$/.test(value) ? value : refuse(field);

const machine: Check<string | OwnMachine> = (value, field) => {
  if (typeof value === "string") return /^[a-z0-9][A-Za-z0-9._-]{0,63}$/.test(value) ? value : refuse(field);
  const own = record(value, ["script", "title"], field);
  return { script: text(UNPACKED_LIMIT, true)(own.script, field), title: text(LIMITS.title)(own.title, field) };
};

const branch: Check<{ fork: number; calls: string[] }> = (value, field) => {
  const own = record(value, ["fork", "calls"], field);
  return { fork: whole(LIMITS.call)(own.fork, field), calls: list(LIMITS.calls, text(LIMITS.line))(own.calls, field) };
};

const axis: Check<[number, number] | null> = (value, field) => {
  if (value === null) return null;
  if (!Array.isArray(value) || value.length !== 2) refuse(field);
  const number = whole(LIMITS.address);
  const [from, to] = [number(value[0], field), number(value[1], field)];
  return from < to ? [from, to] : refuse(field);
};

export const marks: Check<Mark[]> = list(LIMITS.marks, (value, field) => {
  const mark = record(value, ["at", "note"], field);
  return { at: place(mark.at, field), note: text(LIMITS.note)(mark.note, field) };
});

const FIELDS: { [K in keyof LinkState]-?: Check<NonNullable<LinkState[K]> | null> } = {
  machine,
  at: place,
  after: functionName,
  branch,
  select: text(LIMITS.path),
  panel: oneOf(...PANELS),
  focus: oneOf(...LAYOUTS),
  pinned: (value, field) =>
    value === "" || (typeof value === "string" && value.split("+").every((name) => PINNED.includes(name)))
      ? String(value)
      : refuse(field),
  axis,
  marks,
};

/** A state in which every field is what it should be. */
export function validated(value: unknown): LinkState {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse("v");
  const version = (value as Record<string, unknown>).v;
  if (version !== VERSION) {
    if (typeof version !== "number" || !Number.isSafeInteger(version)) refuse("v");
    throw new LinkRefusal(version > VERSION ? "link.newer" : "link.older", { version });
  }
  const given = record(value, ["v", ...Object.keys(FIELDS)], "v");
  const state: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(FIELDS)) if (name in given) state[name] = check(given[name], name);
  return state as LinkState;
}

// ---- as text -------------------------------------------------------------------------------------------------------

/** The fragment, "#" included. Refused when it is too large. */
export async function write(state: LinkState): Promise<string> {
  const plain = new TextEncoder().encode(JSON.stringify({ v: VERSION, ...state }));
  const packed = await deflated(plain);
  const fragment = `#s=${packed ? "z" : "p"}${toBase64(packed ?? plain)}`;
  if (plain.length > UNPACKED_LIMIT || fragment.length > FRAGMENT_LIMIT)
    throw new LinkRefusal("link.too-large", { size: Math.ceil(fragment.length / 1024), limit: FRAGMENT_LIMIT / 1024 });
  return fragment;
}

/** Null when the fragment is none of ours: empty, or the name of a place on the page. */
export async function read(fragment: string): Promise<LinkState | null> {
  const body = fragment.replace(/^#/, "");
  if (!body.includes("=")) return null;
  if (body.length > FRAGMENT_LIMIT)
    throw new LinkRefusal("link.too-large", { size: Math.ceil(body.length / 1024), limit: FRAGMENT_LIMIT / 1024 });
  return body.startsWith("s=") ? decoded(body.slice(2)) : byHand(body);
}

async function decoded(packed: string): Promise<LinkState> {
  const bytes = fromBase64(packed.slice(1));
  const plain = packed[0] === "z" ? await inflated(bytes) : packed[0] === "p" ? bytes : damaged();
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
  } catch {
    damaged();
  }
  return validated(value);
}

function damaged(): never {
  throw new LinkRefusal("link.damaged");
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64(packed: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(packed)) damaged();
  try {
    return Uint8Array.from(atob(packed.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  } catch {
    return damaged();
  }
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  if (!("CompressionStream" in globalThis)) return null;
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Stops as soon as it is more than a link can hold, whatever the bytes claim. */
async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  if (!("DecompressionStream" in globalThis)) throw new LinkRefusal("link.browser");
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(damaged);
    if (done) break;
    chunks.push(value);
    size += value.length;
    if (size > UNPACKED_LIMIT) {
      await reader.cancel().catch(() => {});
      throw new LinkRefusal("link.unpacked");
    }
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

// ---- by hand -------------------------------------------------------------------------------------------------------

/** A place as the page writes it: "41" = after call 41; "41.7" = inside call 41, after its event 7. */
export function placeOf(call: number, event: number): Place | null {
  if (event === 0) return [call, 0, 0];
  return call > 0 ? [call - 1, event, 0] : null;
}

function byHand(body: string): LinkState {
  const given = new Map<string, string>();
  for (const pair of body.split("&")) {
    const [, key = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    try {
      given.set(decodeURIComponent(key), decodeURIComponent(value));
    } catch {
      damaged();
    }
  }
  const digits = (field: string, most: number): number => {
    const value = given.get(field) ?? "0";
    return /^(\d{1,16}|0x[0-9a-f]{1,14})$/i.test(value) ? whole(most)(Number(value), field) : refuse(field);
  };
  const state: Record<string, unknown> = { v: VERSION };
  for (const [key, value] of given) {
    if (key === "call" || key === "event")
      state.at = placeOf(digits("call", LIMITS.call), digits("event", LIMITS.call)) ?? refuse("event");
    else if (key === "from" || key === "to")
      state.axis = [digits("from", LIMITS.address), digits("to", LIMITS.address)];
    else if (["machine", "after", "select", "panel", "focus"].includes(key)) state[key] = value;
    else throw new LinkRefusal("link.unknown", { field: key.slice(0, 40) });
  }
  return validated(state);
}
