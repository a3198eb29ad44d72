// language.ts: another language than English, loaded when one is wanted. Besides those that were translated there are two
// that nobody speaks, made from English while the page runs: "xx-pseudo" (longer, every letter with an accent: what still
// reads as English was forgotten, what does not fit was drawn too tight) and "xx-rtl" (the same from right to left).
import codes from "words:languages";
import type { Entry, Language, Words } from "./locale";

const ENGLISH: Language = {
  code: "en",
  prose: "en",
  words: (part) => part,
  text: (english) => english,
  value: (text) => text,
};

export async function languageOf(code: string): Promise<Language> {
  const language = code === "xx-pseudo" || code === "xx-rtl" ? pseudo(code) : await translated(code);
  if (!language) return { ...ENGLISH, missing: code };
  const direction = code === "xx-rtl" ? "rtl" : (directionOf(code) ?? "ltr");
  document.documentElement.lang = code;
  document.documentElement.dir = direction;
  return direction === "rtl" ? { ...language, value: isolated } : language;
}

function directionOf(code: string): string | undefined {
  const locale = new Intl.Locale(code) as Intl.Locale & {
    textInfo?: { direction?: string };
    getTextInfo?(): { direction?: string };
  };
  return (locale.getTextInfo?.() ?? locale.textInfo)?.direction;
}

/** Addresses and sizes keep their own direction in a sentence that runs the other way. */
function isolated(text: string): string {
  return `\u2068${text}\u2069`;
}

async function translated(code: string): Promise<Language | null> {
  if (!codes.includes(code)) return null;
  const response = await fetch(new URL(`./locale/${code}.json`, document.baseURI));
  if (!response.ok) return null;
  const known = (await response.json()) as Words;
  return {
    ...ENGLISH,
    code,
    prose: code,
    words: (part) => Object.fromEntries(Object.entries(part).map(([key, english]) => [key, known[key] ?? english])),
  };
}

// ---- the languages that nobody speaks ---------------------------------------------------------------------------------

const ACCENTED: Record<string, string> = {
  ..."aàbƀcçdđeéfƒgĝhĥiïjĵkķlłmɱnñoöpþqɋrřsštţuûvṽwŵxẋyýzž".match(/../gu)?.reduce(pair, {}),
  ..."AÀBƁCÇDĐEÉFƑGĜHĤIÏJĴKĶLŁMḾNÑOÖPÞQɊRŘSŠTŢUÛVṼWŴXẊYÝZŽ".match(/../gu)?.reduce(pair, {}),
};
function pair(all: Record<string, string>, [from = "", to = ""]: string): Record<string, string> {
  all[from] = to;
  return all;
}

/** As long as German at its worst: every vowel twice, and what that leaves short of 40 % in vowels at the end. */
export function pseudoText(english: string): string {
  return english
    .split(/(\{\w+\})/) // values keep their names
    .map((part, i) => (i % 2 === 1 ? part : longer(part)))
    .join("");
}
function longer(text: string): string {
  const letters = text.match(/[a-z]/gi)?.length ?? 0;
  let missing = Math.ceil(letters * 0.4);
  let made = "";
  for (const letter of text) {
    const accented = ACCENTED[letter] ?? letter;
    const twice = missing > 0 && /[aeiouy]/i.test(letter);
    if (twice) missing--;
    made += twice ? accented + accented.toLowerCase() : accented;
  }
  const tail = /\s*$/.exec(made)?.[0] ?? "";
  return letters > 0 ? made.slice(0, made.length - tail.length) + "é".repeat(missing) + tail : made;
}

/** Words run from right to left, values as they are. */
function mirrored(english: string): string {
  return pseudoText(english).replace(/\{\w+\}|[\p{L}’'-]+/gu, (word) =>
    word.startsWith("{") ? word : `\u202e${word}\u202c`,
  );
}

function pseudo(code: string): Language {
  const text = code === "xx-rtl" ? mirrored : pseudoText;
  const entry = (english: Entry): Entry =>
    typeof english === "string"
      ? text(english)
      : Object.fromEntries(Object.entries(english).map(([form, words]) => [form, text(words)]));
  return {
    ...ENGLISH,
    code,
    text,
    words: (part) => Object.fromEntries(Object.entries(part).map(([key, english]) => [key, entry(english)])),
  };
}
