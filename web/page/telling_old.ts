// telling_old.ts: sentences about what happens in the allocators before memblock (core/mm/bootmem.hpp, pair_buddy.hpp) and
// in SLAB and SLOB (slab_old.hpp, slob.hpp).
// Pages are told in decimal: the examples are small, and one counts along.
//
//     if (isOld(event)) oldSentence(event)
import { t } from "./locale";
import type { LabEvent } from "./state";
import { count, hex } from "./units";

export const isOld = (event: LabEvent): boolean => /^lab_(bootmem|pair|oldslab|slob)_/.test(event.kind);

/** Events that say another thing with each value of a field. */
const WAYS: Record<string, string> = {
  lab_bootmem_bits: "value",
  lab_bootmem_search: "found",
  lab_pair_zone: "take",
  lab_oldslab_set: "which",
  lab_oldslab_cache_set: "which",
  lab_oldslab_node_set: "which",
  lab_oldslab_array: "shared",
  lab_oldslab_touch: "touched",
  lab_oldslab_push: "shared",
  lab_oldslab_cut: "shared",
  lab_oldslab_list: "list",
  lab_slob_list: "list",
  lab_slob_large: "given",
  lab_slob_look: "fits",
};

/** Fields that are addresses; `object` is one unless it is a number within its slab, `value` where a structure lies. */
const ADDRESSES = new Set(["memory", "books"]);
const NUMBERED = new Set(["lab_oldslab_take", "lab_oldslab_put"]);
const PLACES = new Set(["lab_oldslab_cache_set.4", "lab_oldslab_node_set.1"]);

export function oldSentence(event: LabEvent): string {
  const values: Record<string, string | number> = {};
  const number = (name: string) => (typeof event.fields[name] === "number" ? event.fields[name] : 0);
  const way = WAYS[event.kind];
  const key = `${event.kind}${way ? `.${number(way)}` : ""}`;
  for (const [name, value] of Object.entries(event.fields)) {
    const address =
      ADDRESSES.has(name) || (name === "object" && !NUMBERED.has(event.kind)) || (name === "value" && PLACES.has(key));
    values[name] = typeof value !== "number" ? `${value}` : address ? hex(value) : count(value);
  }
  values.next = number("order") + 1;
  values.last = count((number("end") || number("start") + number("pages")) - 1);
  return t(`event.${key}`, values);
}
