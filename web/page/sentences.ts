// sentences.ts: one plain sentence about the step that is shown. The numbers are the core's, the words the locale's; a
// call without a sentence of its own is told by its summary.
import { has, t } from "./locale";
import type { Call, LabEvent, Story } from "./state";
import { bytes, count, hex, range } from "./units";

/** What the later part of the page can tell in more words: events, and calls of the running allocator (telling.ts). */
export const tellers: {
  event?: (event: LabEvent) => string;
  call?: (call: Call) => string | null;
  headline?: (story: Story) => string | null;
} = {};

export function sentence(story: Story): string {
  const { call } = story;
  if (!call) return t("did.nothing");
  if (story.event) return tellers.event?.(story.event) ?? `${story.event.meaning}.`;
  if (call.error) return t("did.failed", { function: call.name, reason: call.error });
  return tellers.call?.(call) ?? callSentence(story, call);
}

/** What the phase is about: stays while its calls go by. */
export function headline(story: Story): string {
  const key = `headline.${story.phase || "firmware"}`;
  const told = tellers.headline?.(story);
  if (told) return told;
  return has(key) ? t(key) : t("headline.firmware");
}

function argument(call: Call, name: string): number {
  const value = call.args.find((arg) => arg.name === name)?.value;
  return typeof value === "number" ? value : 0;
}

function callSentence(story: Story, call: Call): string {
  const counts = story.counts ?? {};
  const size = argument(call, "size");
  const base = argument(call, "base");
  const sums = story.sums;
  const values: Record<string, string | number> = {
    function: call.name,
    summary: call.summary,
    caller: call.caller || t("somebody"),
    owner: call.owner || call.caller || t("something"),
    size: bytes(size),
    align: bytes(argument(call, "align")),
    range: range(base, size),
    base: hex(base),
    address: hex(call.result ?? 0),
    node: argument(call, "nid"),
    count: counts.lab_memblock_insert ?? 0,
    blocks: count(sums?.handedBlocks ?? 0),
    pages: count(sums?.handedPages ?? 0),
    merges: count(sums?.merges ?? 0),
    sections: count(sums?.sections ?? 0),
    reserved: bytes(sums?.reserved ?? 0),
    added: bytes(sums?.added ?? 0),
    zones: counts.lab_zone_init ?? 0,
    type: t(`e820.${argument(call, "type")}`),
  };

  if (call.address) {
    if (!call.result) return t("did.alloc-failed", values);
    const looked = sums && sums.tries > 0 ? ` ${t("did.tries", { count: sums.tries })}` : "";
    return t(call.owner ? "did.alloc-for" : "did.alloc", values) + looked;
  }
  if (call.name === "memblock_reserve") {
    if (!counts.lab_memblock_insert) return t("did.reserve-again", values);
    return t(call.owner ? "did.reserve-for" : "did.reserve", values) + merged(counts);
  }
  const waiting = sums?.waitingPages ? ` ${t("did.wait", { waiting: count(sums.waitingPages) })}` : "";
  const key = `did.${call.name}`;
  if (call.name === "memblock_free_all") return t(key, values) + waiting;
  if (has(key)) return t(key, values) + (call.name === "memblock_add" ? merged(counts) : "");
  return t("did.other", values);
}

/** How the new region met its neighbours. */
function merged(counts: Record<string, number>): string {
  const merges = counts.lab_memblock_merge ?? 0;
  return merges > 0 ? ` ${t("did.merged", { count: merges })}` : "";
}
