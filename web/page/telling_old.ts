// telling_old.ts: sentences about what happens in the allocators before memblock (core/mm/bootmem.hpp, pair_buddy.hpp).
// Pages are told in decimal: the examples are small, and one counts along.
//
//     if (isOld(event)) oldSentence(event)
import { t } from "./locale";
import type { LabEvent } from "./state";
import { count } from "./units";

export const isOld = (event: LabEvent): boolean => /^lab_(bootmem|pair)_/.test(event.kind);

/** Events that say one thing with a field at 1 and another at 0. */
const TWO_WAYS: Record<string, string> = {
  lab_bootmem_bits: "value",
  lab_bootmem_search: "found",
  lab_pair_zone: "take",
};

export function oldSentence(event: LabEvent): string {
  const values: Record<string, string | number> = {};
  const number = (name: string) => (typeof event.fields[name] === "number" ? event.fields[name] : 0);
  for (const name of Object.keys(event.fields)) values[name] = count(number(name));
  values.next = number("order") + 1;
  values.last = count((number("end") || number("start") + number("pages")) - 1);
  const way = TWO_WAYS[event.kind];
  return t(`event.${event.kind}${way ? `.${number(way)}` : ""}`, values);
}
