// search.ts: looks through the glossary and the lessons. Loaded, with what it searches, when somebody begins to type.
import MiniSearch from "minisearch";
import type { Language } from "./locale";

/** As web/hosting/search.mjs writes it. */
interface Document {
  kind: "term" | "lesson";
  id: string;
  step?: string;
  title: string;
  forms: string;
  text: string;
}

export interface Found {
  kind: "term" | "lesson";
  id: string;
  title: string;
  /** The words around the first place that holds one of those that were typed. */
  about: string;
  href: string;
}

const AROUND = 48;

let ready: Promise<{ index: MiniSearch; documents: Document[] }> | null = null;

function load(code: string): NonNullable<typeof ready> {
  ready ??= (async () => {
    const response = await fetch(new URL(`./search/${code}.json`, document.baseURI));
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const documents = (await response.json()) as Document[];
    const index = new MiniSearch({ idField: "n", fields: ["title", "forms", "text"] });
    index.addAll(documents.map(({ title, forms, text }, n) => ({ n, title, forms, text })));
    return { index, documents };
  })();
  ready.catch(() => {
    ready = null; // to be tried again
  });
  return ready;
}

/**
 * At most so many of each: terms first, then lessons, of each lesson the step that fits best. It is told the page's
 * language: what it imported would become a file of the lab's first load.
 */
export async function search(typed: string, language: Language, most = 5): Promise<Found[]> {
  if (typed.trim() === "") return [];
  const { index, documents } = await load(language.prose);
  const hits = index.search(typed, {
    boost: { title: 4, forms: 3 },
    combineWith: "AND",
    prefix: true,
    fuzzy: (word) => (word.length > 4 ? 0.2 : false),
  });
  const found = new Map<string, Found>();
  for (const { id, terms } of hits) {
    const one = documents[id as number];
    const key = `${one?.kind} ${one?.id}`;
    if (!one || found.has(key)) continue;
    const about = language.text(around(one.text, terms));
    found.set(key, { kind: one.kind, id: one.id, title: one.title, about, href: hrefOf(one) });
  }
  const all = [...found.values()];
  return (["term", "lesson"] as const).flatMap((kind) => all.filter((one) => one.kind === kind).slice(0, most));
}

function hrefOf({ kind, id, step }: Document): string {
  return kind === "term"
    ? `./glossary.html#${id}`
    : `./lab.html?${new URLSearchParams({ lesson: id, step: step ?? "" })}`;
}

function around(text: string, words: string[]): string {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((at) => at >= 0);
  const at = places.length > 0 ? Math.min(...places) : 0;
  const from = at > AROUND ? text.indexOf(" ", at - AROUND) + 1 : 0;
  const end = text.length > from + 2 * AROUND ? text.lastIndexOf(" ", from + 2 * AROUND) : text.length;
  return `${from > 0 ? "… " : ""}${text.slice(from, Math.max(end, from))}${end < text.length ? " …" : ""}`;
}
