// compare_link.ts: a comparison as the part of an address behind "#", and back. Nothing here touches the page; whatever
// the text is, what read() answers is within its bounds, or it throws LinkRefusal (docs/links.md).
//
//     #m=x64-6.1-1G&m=build:6.1.0-1-686-pae:movablecore=256M&ram=2048&cpus=4&at=120
//
// m: a recorded boot or a preset by name; build:RELEASE[:PARAMETERS] a machine made up; own:… a script, packed as
// link_state.ts packs one. ram (MiB) and cpus are of all that are made up. at: the moment, or after: a kernel function.
// from, to: the eras of "what changed".
import { FRAGMENT_LIMIT, LinkRefusal, type OwnMachine, read, write } from "./link_state";

export type Chosen = { name: string } | { build: string; parameters: string } | OwnMachine;

export interface CompareLink {
  machines: Chosen[];
  ram?: number; // MiB
  cpus?: number;
  at?: number;
  after?: string;
  from?: string;
  to?: string;
}

const MOST_MACHINES = 5;
const MOST_PARAMETERS = 200; // characters
const LIMITS = { ram: 1 << 20, cpus: 8192, at: 1_000_000 };

function refuse(field: string): never {
  throw new LinkRefusal("link.field", { field });
}

const matching =
  (pattern: RegExp) =>
  (value: string, field: string): string =>
    pattern.test(value) ? value : refuse(field);

const name = matching(/^[a-z0-9][A-Za-z0-9._+-]{0,63}$/);
const release = matching(/^\d[A-Za-z0-9._+-]{0,63}$/);
const parameters = matching(new RegExp(`^[ -~]{0,${MOST_PARAMETERS}}$`));
const functionName = matching(/^\w{1,64}$/);
const era = matching(/^\d{1,3}(\.\d{1,3}){1,2}$/);

function number(value: string, field: "ram" | "cpus" | "at"): number {
  const n = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  return n <= LIMITS[field] ? n : refuse(field);
}

async function chosen(value: string): Promise<Chosen> {
  if (value.startsWith("build:")) {
    const [, build = "", rest = ""] = /^build:([^:]*):?(.*)$/s.exec(value) ?? refuse("m");
    return { build: release(build, "m"), parameters: parameters(rest, "m") };
  }
  if (!value.startsWith("own:")) return { name: name(value, "m") };
  const machine = (await read(`#s=${value.slice(4)}`))?.machine;
  return typeof machine === "object" ? machine : refuse("m");
}

/** Null when the fragment is none of ours: empty, or the name of a place on the page. */
export async function readCompare(fragment: string): Promise<CompareLink | null> {
  const body = fragment.replace(/^#/, "");
  if (!body.includes("=")) return null;
  if (body.length > FRAGMENT_LIMIT)
    throw new LinkRefusal("link.too-large", { size: Math.ceil(body.length / 1024), limit: FRAGMENT_LIMIT / 1024 });
  const link: CompareLink = { machines: [] };
  for (const pair of body.split("&")) {
    const [, key = "", packed = ""] = /^([^=]*)=?(.*)$/s.exec(pair) ?? [];
    let value: string;
    try {
      value = decodeURIComponent(packed);
    } catch {
      throw new LinkRefusal("link.damaged");
    }
    if (key === "m") {
      if (link.machines.length === MOST_MACHINES) throw new LinkRefusal("compare.too-many", { n: MOST_MACHINES });
      link.machines.push(await chosen(value));
    } else if (key === "ram" || key === "cpus" || key === "at") link[key] = number(value, key);
    else if (key === "after") link.after = functionName(value, key);
    else if (key === "from" || key === "to") link[key] = era(value, key);
    else throw new LinkRefusal("link.unknown", { field: key.slice(0, 40) });
  }
  return link;
}

async function packed(machine: Chosen): Promise<string> {
  if ("name" in machine) return machine.name;
  if ("build" in machine)
    return encodeURIComponent(`build:${machine.build}${machine.parameters ? `:${machine.parameters}` : ""}`).replaceAll(
      "%3A",
      ":",
    );
  return `own:${(await write({ machine })).slice(3)}`;
}

/** The fragment, "#" included. Refused when it is too large. */
export async function writeCompare(link: CompareLink): Promise<string> {
  const parts = await Promise.all(link.machines.map(async (machine) => `m=${await packed(machine)}`));
  for (const key of ["ram", "cpus", "at", "after", "from", "to"] as const)
    if (link[key] !== undefined) parts.push(`${key}=${link[key]}`);
  const fragment = `#${parts.join("&")}`;
  if (fragment.length > FRAGMENT_LIMIT)
    throw new LinkRefusal("link.too-large", { size: Math.ceil(fragment.length / 1024), limit: FRAGMENT_LIMIT / 1024 });
  return fragment;
}
