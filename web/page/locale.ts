// locale.ts: words. Code says t("back") or t("did.reserve", { range }), locale/<language>.json holds the sentences. A page
// begins with its English words and, if another language is wanted, fetches that first (language.ts). A value with plural
// forms is an object with the categories of Intl.PluralRules, and is chosen by the argument `n`.
import { recall, remember } from "./storage";

export type Entry = string | Record<string, string>;
export type Words = Record<string, Entry>;
type Values = Record<string, string | number>;

export interface Language {
  code: string;
  /** Whose plural forms it has, and whose files of prose. */
  prose: string;
  /** What it has for these English words. */
  words(part: Words): Words;
  /** English prose that was not translated. */
  text(english: string): string;
  /** A value within a sentence. */
  value(text: string): string;
  /** This one was wanted, and is not there. */
  missing?: string;
}

const same = <T>(value: T): T => value;

export let language: Language = { code: "en", prose: "en", words: same, text: same, value: same };

const entries: Words = {};
let plural = new Intl.PluralRules("en");

/** The page's first words, in the language of `?lang=`, which is remembered. */
export async function startWords(...parts: Words[]): Promise<void> {
  const asked = new URLSearchParams(location.search).get("lang");
  const code = asked || recall("lang") || "en";
  if (code !== "en") {
    language = await (await import("./language")).languageOf(code);
    plural = new Intl.PluralRules(language.prose);
  }
  if (asked) remember("lang", language.code);
  for (const part of parts) addWords(part);
  localise(document);
}

/** The words of a part of the page that comes later, in English. */
export function addWords(part: Words): void {
  Object.assign(entries, language.words(part));
}

export function has(key: string): boolean {
  return key in entries;
}

export function t(key: string, values: Values = {}): string {
  const entry = entries[key];
  if (entry === undefined) return key;
  const form =
    typeof entry === "string" ? entry : (entry[plural.select(Number(values.count ?? values.n))] ?? entry.other ?? key);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? language.value(String(values[name])) : whole,
  );
}

/** The HTML carries English; this puts the words of the language in their place: of `part` alone, if it is given. */
export function localise(root: ParentNode, part: Words = entries): void {
  const mine = (element: Element, attribute: string) => (element.getAttribute(attribute) ?? "") in part;
  for (const element of root.querySelectorAll("[data-t]"))
    if (mine(element, "data-t")) element.textContent = t(element.getAttribute("data-t") ?? "");
  for (const element of root.querySelectorAll("[data-t-label]"))
    if (mine(element, "data-t-label"))
      element.setAttribute("aria-label", t(element.getAttribute("data-t-label") ?? ""));
}
