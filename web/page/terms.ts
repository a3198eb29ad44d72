// terms.ts: the glossary as data (web/hosting/terms.mjs): fetched once, when the first word is asked for.
import { h } from "./dom";
import { language, t } from "./locale";
import type { ProseNode } from "./nodes";

export interface Term {
  id: string;
  /** As it is written in a list. */
  term: string;
  forms: string[];
  text: ProseNode[];
  kernel: ProseNode[];
  /** A link by hand (docs/links.md) to where it can be seen, "" if nowhere. */
  lab: string;
}

let fetched: Promise<Term[]> | null = null;

export function fetchTerms(): Promise<Term[]> {
  fetched ??= fetch(new URL(`./glossary/${language.prose}.json`, document.baseURI)).then(async (response) => {
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return ((await response.json()) as { terms: Term[] }).terms;
  });
  fetched.catch(() => {
    fetched = null; // to be tried again
  });
  return fetched;
}

export function kernelLine(term: Term): HTMLElement[] {
  if (term.kernel.length === 0) return [];
  const parts = term.kernel.map((node) =>
    typeof node === "string"
      ? language.text(node)
      : h("code", { class: "mono" }, ...("c" in node ? (node.c as string[]) : [])),
  );
  return [h("p", { class: "kernel" }, h("span", {}, `${t("term.kernel")} `), ...parts)];
}

export function labLink(term: Term): HTMLElement[] {
  return term.lab ? [h("p", {}, h("a", { href: `./lab.html#${term.lab}` }, t("term.lab")))] : [];
}
