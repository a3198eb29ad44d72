// Lessons: each folder of web/lessons/ becomes data in dist/lessons/ (prose.mjs).
//
//   dist/lessons/index.json                    [{ "folder": "08-the-handoff", "id": "the-handoff", "number": 8,
//                                                 "title": { "en": "…" }, "minutes": 8, "needs": ["…"], "steps": 8,
//                                                 "asked": 7 }] in the order in which they are taken
//   dist/lessons/08-the-handoff/lesson.json    as it is: the core reads it
//   dist/lessons/08-the-handoff/en.json        { "lists": [NODE…], "chop.why.align": [NODE…], … }
//
// The first use of a word of the glossary in a lesson becomes a link to it by itself (terms.mjs). A language has all prose:
// what has not been translated is in English.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { languages } from "./locale.mjs";
import { proseOf } from "./prose.mjs";
import { checkTerms, linkTerms, readTerms } from "./terms.mjs";

const web = fileURLToPath(new URL("..", import.meta.url));
/** Where the lessons are. */
export const folders = join(web, "lessons");

/** The keys in the order in which a learner comes to them: what the steps tell and ask, then what follows an answer. */
function order(lesson, prose) {
  const steps = [...lesson.steps, ...(lesson.exercise ? [lesson.exercise] : [])];
  const told = steps.flatMap((step) => [step.prose, step.prediction?.ask]).filter((key) => key in prose);
  return [...new Set([...told, ...Object.keys(prose)])];
}

/** A choice is a control already. */
function choices(lesson) {
  return lesson.steps.flatMap((step) => step.prediction?.choices ?? []).map(({ text }) => text);
}

/** Questions, the exercise among them. */
function asked(lesson) {
  return lesson.steps.filter((step) => step.prediction).length + (lesson.exercise ? 1 : 0);
}

/** What prose is read with: [LANGUAGE, its glossary] of English and every other language. */
async function tongues(from) {
  const codes = ["en", ...(await languages(from))];
  return Promise.all(codes.map(async (code) => [code, await readTerms(code, from)]));
}

/**
 * A lesson's folder as the page reads it: { entry, files }, with its entry of the index and its files as texts by name.
 * Throws "FILE:LINE:COLUMN: REASON".
 */
export async function readLesson(source, known) {
  const text = await readFile(join(source, "lesson.json"), "utf8");
  const lesson = JSON.parse(text);
  const folder = basename(resolve(source));
  const entry = {
    folder,
    id: lesson.id,
    number: lesson.number ?? (Number.parseInt(folder, 10) || 0),
    title: {},
    minutes: lesson.minutes ?? null,
    needs: lesson.needs ?? [],
    steps: lesson.steps.length,
    asked: asked(lesson),
  };
  const files = { "lesson.json": text };
  let english = {};
  for (const [code, glossary] of known ?? (await tongues(web))) {
    const file = join(source, `${code}.md`);
    const own = await readFile(file, "utf8").catch(() => "");
    const prose = { ...english, ...proseOf(own, file) };
    if (code === "en") english = prose;
    checkTerms(prose, glossary, file);
    entry.title[code] = prose.title;
    files[`${code}.json`] = JSON.stringify(linkTerms(prose, glossary, order(lesson, prose), new Set(choices(lesson))));
  }
  return { entry, files };
}

/** The folders of the lessons, sorted. */
export async function lessonFolders(within = folders) {
  const all = await readdir(within, { withFileTypes: true });
  return all
    .filter((found) => found.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Writes all lessons into a folder; answers the index. `from` has lessons/, glossary/ and page/locale/. */
export async function buildLessons(to, from = web) {
  const within = join(from, "lessons");
  const known = await tongues(from);
  const index = [];
  for (const folder of await lessonFolders(within)) {
    const { entry, files } = await readLesson(relative(process.cwd(), join(within, folder)), known);
    await mkdir(join(to, folder), { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(join(to, folder, name), text);
    index.push(entry);
  }
  index.sort((a, b) => a.number - b.number);
  const ids = new Set(index.map(({ id }) => id));
  for (const { folder, needs } of index)
    for (const need of needs)
      if (!ids.has(need)) throw new Error(`web/lessons/${folder}/lesson.json:1:1: needs '${need}', which is no lesson`);
  await writeFile(join(to, "index.json"), JSON.stringify(index));
  return index;
}
