// words.mjs: what is translated, language by language: the page's words (web/page/locale/), the lessons and the glossary.
//
//   node web/hosting/words.mjs [LANGUAGE…]        so much is missing or stale; status 1 where something is wrong
//   node web/hosting/words.mjs --list ko          and each of them by name
//   node web/hosting/words.mjs --seen ko          what is translated fits the English of today: remembers that
//
// Missing and stale words are shown in English and as they are: a translation may lag behind. Wrong is what the page would
// stumble over: a word that English does not have, other {values}, plural forms that the language lacks.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { languages, wordsOf } from "./locale.mjs";

const web = fileURLToPath(new URL("..", import.meta.url));
const text = (file) => readFile(file, "utf8").catch(() => "");

/** A file of prose by its headings; the title is the heading itself. */
function sections(markdown) {
  const made = {};
  for (const part of markdown.split(/^(?=##? )/m)) {
    const [, mark, name, body] = part.match(/^(##?) (.*)\n?([\s\S]*)$/) ?? [];
    if (mark === "#") made.title = name.trim();
    else if (mark) made[name.trim()] = body.trim();
  }
  return made;
}

/** Everything that a language says, by name: "page:back", "lesson:08-the-handoff:lists", "term:zone". */
export async function saying(code, from = web) {
  const all = {};
  const put = (kind, entries) => {
    for (const [key, value] of Object.entries(entries)) all[`${kind}:${key}`] = value;
  };
  put("page", await wordsOf(code, from));
  for (const folder of (await readdir(join(from, "lessons"))).sort())
    put(`lesson:${folder}`, sections(await text(join(from, "lessons", folder, `${code}.md`))));
  put("term", sections(await text(join(from, `glossary/${code}.md`))));
  return all;
}

export const hash = (english) => createHash("sha256").update(JSON.stringify(english)).digest("hex").slice(0, 8);

const valuesOf = (entry) =>
  [...new Set((typeof entry === "string" ? entry : Object.values(entry).join(" ")).match(/\{[a-z_]\w*\}/gi))]
    .sort()
    .join(" ");

function wrongs(code, english, own) {
  const wrong = [];
  for (const [name, entry] of Object.entries(own)) {
    if (!(name in english)) {
      wrong.push(`${name}: English has no such word`);
      continue;
    }
    if (valuesOf(entry) !== valuesOf(english[name]))
      wrong.push(`${name}: has the values '${valuesOf(entry)}', English has '${valuesOf(english[name])}'`);
    if (typeof entry === "string") continue;
    const { pluralCategories } = new Intl.PluralRules(code).resolvedOptions();
    for (const form of Object.keys(entry))
      if (!pluralCategories.includes(form)) wrong.push(`${name}: ${code} has no plural form '${form}'`);
    if (!("other" in entry)) wrong.push(`${name}: the plural form 'other' is not there`);
  }
  return wrong;
}

/** { total, missing: [NAME…], stale: [NAME…], wrong: [SENTENCE…] } */
export async function review(code, from = web) {
  const [english, own] = [await saying("en", from), await saying(code, from)];
  const { seen = {} } = JSON.parse(await readFile(join(from, `page/locale/${code}.json`), "utf8"));
  const names = Object.keys(english);
  return {
    total: names.length,
    missing: names.filter((name) => !(name in own)),
    stale: names.filter((name) => name in own && seen[name] !== hash(english[name])),
    wrong: wrongs(code, english, own),
  };
}

/** What is translated now is the translation of what is English now. */
export async function remember(code, from = web) {
  const [english, own] = [await saying("en", from), await saying(code, from)];
  const file = join(from, `page/locale/${code}.json`);
  const words = JSON.parse(await readFile(file, "utf8"));
  const names = Object.keys(english).filter((name) => name in own);
  words.seen = Object.fromEntries(names.map((name) => [name, hash(english[name])]));
  await writeFile(file, `${JSON.stringify(words, null, 2)}\n`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { list: { type: "boolean" }, seen: { type: "boolean" } },
  });
  const known = await languages();
  for (const code of positionals)
    if (!known.includes(code)) throw new Error(`web/page/locale/${code}.json is not there`);
  const english = Object.keys(await saying("en")).length;
  console.log(`en: ${english} words, sentences and pieces of prose`);
  for (const code of positionals.length > 0 ? positionals : known) {
    if (values.seen) await remember(code);
    const { total, missing, stale, wrong } = await review(code);
    console.log(`${code}: ${total - missing.length} of ${total}, ${missing.length} missing, ${stale.length} stale`);
    if (values.list) for (const name of missing) console.log(`  missing ${name}`);
    if (values.list) for (const name of stale) console.log(`  stale   ${name}`);
    for (const sentence of wrong) console.log(`  wrong   ${sentence}`);
    if (wrong.length > 0) process.exitCode = 1;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href)
  main().catch((error) => {
    console.error(`words: ${error.message}`);
    process.exitCode = 2;
  });
