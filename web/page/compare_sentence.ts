// compare_sentence.ts: what differs at a moment, in a sentence or two. The numbers and the order are the core's
// (core/lab/compare.hpp); the words are ours.

import { LETTERS } from "./compare_chooser";
import type { Compared, Difference, FactHead, MomentState } from "./compare_state";
import { t } from "./locale";
import { bytes } from "./units";

/** "i386 6.1": as short as tells them apart. */
export function shortNames({ machines }: Compared): string[] {
  const twice = (names: string[]) => (name: string) => names.filter((other) => other === name).length > 1;
  const short = machines.map(({ arch, era }) => `${arch} ${era}`);
  const again = twice(short);
  const longer = machines.map(({ flavour }, i) =>
    again(short[i] ?? "") && flavour ? `${short[i]} ${flavour.replace(/^-/, "")}` : (short[i] ?? ""),
  );
  const still = twice(longer);
  return longer.map((name, i) => (still(name) ? `${LETTERS[i]} (${name})` : name));
}

export function rowName({ kind, order }: FactHead): string {
  return t(`compare.row.${kind}`, { order: order ?? 0 });
}
/** "Normal", "Normal, node 1" */
export function zoneName({ zone, nid }: FactHead): string {
  if (!zone) return "";
  return nid ? t("compare.zone-node", { zone, nid }) : t("compare.zone", { zone });
}

function one(d: Difference, names: string[]): string {
  const more = names[d.more] ?? "";
  const less = names[d.less] ?? "";
  if (d.kind === "allocator") {
    const by = (text: string | undefined) => t(`compare.allocator.${text || "none"}`);
    return t("compare.allocator", { more, less, moreBy: by(d.moreText), lessBy: by(d.lessText) });
  }
  if (d.kind === "fact") {
    const head = d.fact ?? { kind: "", group: "" };
    return t("compare.fact", { fact: [rowName(head), zoneName(head)].filter(Boolean).join(", ") });
  }
  const [a, b] = [d.moreBytes ?? 0, d.lessBytes ?? 0];
  const values = { more, less, bytes: bytes(a - b), a: bytes(a), b: bytes(b) };
  if (d.kind === "ram") return t("compare.ram", values);
  if (d.isMap && d.reason) {
    const why = [d.moreReason ?? 0, d.lessReason ?? 0] as const;
    const [x, y] = d.reason === "sizeof_page" ? why : why.map(bytes);
    return t(`compare.map.${d.reason}`, { ...values, x: x ?? "", y: y ?? "" });
  }
  if (d.part !== "owner") return t("compare.has", { ...values, label: t(`compare.part.${d.part}`) });
  return t(b === 0 ? "compare.held-only" : "compare.held", { ...values, label: d.label ?? "" });
}

/** The largest difference, and that of mem_map with its reason. */
export function summary({ differences, facts }: MomentState, names: string[]): string {
  const [first, second] = differences;
  if (!first) return t(facts.some(({ differs }) => differs) ? "compare.same-memory" : "compare.same");
  const map = differences.find(({ isMap }) => isMap);
  const said = [first, ...(first.kind === "allocator" && second ? [second] : [])];
  if (map && !said.includes(map)) said.push(map);
  return said.map((d) => one(d, names)).join(" ");
}
