// call_ways.ts: how a kernel call that is being typed may go on, and which of its arguments is next. The core knows both.
import type { Ways } from "./combobox";
import { h } from "./dom";
import { indexOf } from "./wrong";

interface Completion {
  from: number; // in bytes
  candidates: { text: string; about: string }[];
  call: string;
  summary: string;
  signature: { name: string; kind: string; must: boolean }[];
  current: number;
}

/** For a Combobox; `hint` gets the call's arguments. */
export function callWays(later: MmscopeLater, hint: HTMLElement): (before: string) => Ways {
  return (before) => {
    const known = JSON.parse(later.completion(before)) as Completion | null;
    hint.replaceChildren(...signature(known));
    const list = before.trim() === "" ? [] : (known?.candidates ?? []);
    return {
      from: indexOf(before, (known?.from ?? 0) + 1),
      list: list.map(({ text, about }) => ({ text: /[=|]$/.test(text) ? text : `${text} `, about })),
    };
  };
}

function signature(c: Completion | null): (Node | string)[] {
  if (!c?.call) return [];
  const parts = c.signature.map(({ name, kind, must }, i) => {
    const text = must ? name : `[${name}]`;
    return i === c.current
      ? h("strong", { title: kind }, kind === name ? text : `${text}: ${kind}`)
      : h("span", { title: kind }, text);
  });
  return [c.call, ...parts.flatMap((part) => [" ", part]), h("span", { class: "about" }, c.summary)];
}
