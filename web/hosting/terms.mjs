// terms.mjs: the glossary. web/glossary/LANGUAGE.md becomes dist/glossary/LANGUAGE.json, and lessons get their links to it.
//
//     ## zone                                         an id: #zone, [text](term:zone)
//     term: zone                                      as the list writes it
//     forms: zone, zones                              what counts as the word in prose; with capitals, only as written
//     kernel: `struct zone`, `include/linux/mmzone.h`
//     lab: after=free_area_init&select=node[0].zone[1]
//
//     Two or three plain sentences.
//
// `forms` (the term alone if left out; "-" for a word that only links by hand lead to), `kernel` and `lab` may be missing. Another language has the same ids; what it does
// not have is in English.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { languages } from "./locale.mjs";
import { proseOf } from "./prose.mjs";

const web = fileURLToPath(new URL("..", import.meta.url));
const FIELDS = ["term", "forms", "kernel", "lab"];

/** The terms of a file, in its order; `{ id, term, forms, text: [NODE…], kernel: [NODE…], lab }`. */
export function termsOf(text, file) {
  const terms = [];
  const seen = new Set();
  const lines = text.split("\n");
  let at = 0;
  const refuse = (why) => {
    throw new Error(`${file}:${at + 1}:1: ${why}`);
  };
  while (at < lines.length && !lines[at].startsWith("## ")) at++;
  while (at < lines.length) {
    const id = lines[at].slice(3).trim();
    if (!/^[a-z0-9][a-z0-9_-]*$/.test(id)) refuse("a heading is ## and an id");
    if (seen.has(id)) refuse(`'${id}' is there already`);
    seen.add(id);
    const fields = {};
    for (at++; lines[at]?.trim(); at++) {
      const [, name, value] = lines[at].match(/^(\w+): +(.*)$/) ?? [];
      if (!FIELDS.includes(name)) refuse(`a field is one of ${FIELDS.join(", ")}`);
      fields[name] = value.trim();
    }
    if (!fields.term) refuse(`'${id}' has no term`);
    const from = at;
    while (at < lines.length && !lines[at].startsWith("## ")) at++;
    // With as many empty lines in front as stand before it, a refusal names the right line.
    const prose = (body, line) => proseOf(`${"\n".repeat(line - 1)}## text\n${body}`, file).text;
    const told = prose(lines.slice(from, at).join("\n"), from);
    if (told.length === 0) refuse(`'${id}' says nothing`);
    const [kernel] = fields.kernel ? prose(fields.kernel, from) : [{ c: [] }];
    terms.push({
      id,
      term: fields.term,
      forms: fields.forms === "-" ? [] : (fields.forms ?? fields.term).split(",").map((form) => form.trim()),
      text: told,
      kernel: kernel.c,
      lab: fields.lab ?? "",
    });
  }
  return terms;
}

/** A language's glossary, sorted by what the terms are called; what it lacks is in English. */
export async function readTerms(code, from = web) {
  const read = async (language) => {
    const file = `web/glossary/${language}.md`;
    const text = await readFile(join(from, `glossary/${language}.md`), "utf8").catch(() => "");
    return termsOf(text, file);
  };
  const own = code === "en" ? [] : await read(code);
  const english = await read("en");
  const terms = english.map((term) => own.find(({ id }) => id === term.id) ?? term);
  checkTerms(Object.fromEntries(terms.map(({ id, text }) => [id, text])), terms, `web/glossary/${code}.md`);
  return terms.sort((a, b) => a.term.localeCompare(b.term, code, { sensitivity: "base" }));
}

/** Throws when prose links to a term that there is not. */
export function checkTerms(prose, terms, file) {
  const ids = new Set(terms.map(({ id }) => id));
  const walk = (key, nodes) => {
    for (const node of nodes) {
      if (node.t === "term" && !ids.has(node.id)) throw new Error(`${file}: ${key}: there is no term '${node.id}'`);
      if (node.c) walk(key, node.c);
    }
  };
  for (const [key, nodes] of Object.entries(prose)) if (Array.isArray(nodes)) walk(key, nodes);
}

/** Which word of the glossary a piece of prose holds: the longest where two begin at one place. */
function matcher(terms) {
  const forms = terms
    .flatMap(({ id, forms }) => forms.map((form) => ({ id, form })))
    .sort((a, b) => b.form.length - a.form.length);
  const escaped = (form) => form.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  // A form in small letters may begin a sentence.
  const pattern = ({ form }) =>
    form === form.toLowerCase() && /^[a-z]/.test(form)
      ? `[${form[0]}${form[0].toUpperCase()}]${escaped(form.slice(1))}`
      : escaped(form);
  const any = new RegExp(
    `(?<![\\p{L}\\p{N}_-])(?:${forms.map((f) => `(${pattern(f)})`).join("|")})(?![\\p{L}\\p{N}_])`,
    "gu",
  );
  return function* (text) {
    if (forms.length === 0) return;
    for (const match of text.matchAll(any)) {
      const n = match.slice(1).findIndex((group) => group !== undefined);
      yield { id: forms[n].id, at: match.index, word: match[0] };
    }
  };
}

/**
 * Prose in which the first use of each term is a link to it. `keys`: the order in which the prose is come to. Headings,
 * code, links and the keys in `without` stay as they are; a term that has a link by hand needs none.
 */
export function linkTerms(prose, terms, keys = Object.keys(prose), without = new Set()) {
  const find = matcher(terms);
  const linked = new Set();
  const byHand = (nodes) => {
    for (const node of nodes) {
      if (node.t === "term") linked.add(node.id);
      if (node.c) byHand(node.c);
    }
  };
  for (const nodes of Object.values(prose)) if (Array.isArray(nodes)) byHand(nodes);
  const inText = (text) => {
    const made = [];
    let from = 0;
    for (const { id, at, word } of find(text)) {
      if (linked.has(id)) continue;
      linked.add(id);
      if (at > from) made.push(text.slice(from, at));
      made.push({ t: "term", id, c: [word] });
      from = at + word.length;
    }
    if (from < text.length || made.length === 0) made.push(text.slice(from));
    return made;
  };
  const walk = (nodes) =>
    nodes.flatMap((node) => {
      if (typeof node === "string") return inText(node);
      return ["p", "ul", "li", "em", "strong"].includes(node.t) ? [{ ...node, c: walk(node.c) }] : [node];
    });
  const made = { ...prose };
  for (const key of keys) if (Array.isArray(prose[key]) && !without.has(key)) made[key] = walk(prose[key]);
  return made;
}

export async function buildGlossary(to, from = web) {
  await mkdir(to, { recursive: true });
  for (const code of ["en", ...(await languages(from))])
    await writeFile(join(to, `${code}.json`), JSON.stringify({ terms: await readTerms(code, from) }));
}
