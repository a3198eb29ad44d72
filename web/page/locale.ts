// locale.ts: words. Code says t("back") or t("did.reserve", { range }), locale/<language>.json holds the sentences; a
// second language is a second file. What the first picture does not need stands in <language>.later.json. A value with plural
// forms is an object with the categories of Intl.PluralRules, and is chosen by the argument `n`.
import english from "./locale/en.json";

export type Entry = string | Record<string, string>;
type Values = Record<string, string | number>;

const entries: Record<string, Entry> = { ...english };

/** The words of a part of the page that comes later. */
export function addWords(part: Record<string, Entry>): void {
  Object.assign(entries, part);
}

const plural = new Intl.PluralRules("en");

export function has(key: string): boolean {
  return key in entries;
}

export function t(key: string, values: Values = {}): string {
  const entry = entries[key];
  if (entry === undefined) return key;
  const form =
    typeof entry === "string" ? entry : (entry[plural.select(Number(values.count ?? values.n))] ?? entry.other ?? key);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** index.html carries English; this puts the words of the language in their place: of `part` alone, if it is given. */
export function localise(root: ParentNode, part: Record<string, Entry> = entries): void {
  const mine = (element: Element, attribute: string) => (element.getAttribute(attribute) ?? "") in part;
  for (const element of root.querySelectorAll("[data-t]"))
    if (mine(element, "data-t")) element.textContent = t(element.getAttribute("data-t") ?? "");
  for (const element of root.querySelectorAll("[data-t-label]"))
    if (mine(element, "data-t-label"))
      element.setAttribute("aria-label", t(element.getAttribute("data-t-label") ?? ""));
}
