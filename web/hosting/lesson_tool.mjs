// lesson_tool.mjs: an author's tools.
//
//   ./lab lesson new ID [--machine NAME] [--in DIR]   makes DIR/NN-ID, a small lesson that works, to be changed
//   ./lab lesson check [DIR…]                         FILE:LINE:COLUMN for whatever does not work
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { checkLesson, problemText } from "./lesson_check.mjs";
import { folders, lessonFolders } from "./lessons.mjs";

const template = fileURLToPath(new URL("lesson_template", import.meta.url));
const captures = fileURLToPath(new URL("../page/assets/captures", import.meta.url));
const lessons = relative(process.cwd(), folders);

class Misuse extends Error {}

/** Checks them one after the other, says what is wrong; answers whether all is well. */
async function check(dirs) {
  let well = true;
  for (const dir of dirs) {
    const { problems, summary } = await checkLesson(dir);
    for (const problem of problems) console.error(problemText(problem));
    if (summary && (problems.length === 0 || !summary.startsWith("ok "))) console.log(summary);
    if (problems.length > 0) well = false;
  }
  return well;
}

async function create(id, { machine = "qemu-1g", in: where = lessons }) {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id ?? ""))
    throw new Misuse("an ID has small letters, digits and - between: my-lesson");
  await mkdir(where, { recursive: true });
  const there = (await readdir(where)).map((name) => name.match(/^(\d\d)-(.*)$/)).filter(Boolean);
  if (there.some(([, , other]) => other === id)) throw new Misuse(`${where} has a lesson '${id}' already`);
  const number = 1 + Math.max(0, ...there.map(([, digits]) => Number(digits)));
  const folder = join(where, `${String(number).padStart(2, "0")}-${id}`);
  const kind = existsSync(join(captures, `${machine}.gz`)) ? "capture" : "preset";
  const words = id.replaceAll("-", " ");
  const put = {
    SCHEMA: relative(folder, join(lessons, "lesson.schema.json")),
    ID: id,
    MACHINE: machine,
    TITLE: words[0].toUpperCase() + words.slice(1),
  };
  await mkdir(folder);
  for (const name of await readdir(template)) {
    const text = (await readFile(join(template, name), "utf8"))
      .replace(/\b(?:SCHEMA|ID|MACHINE|TITLE)\b/g, (word) => put[word])
      .replace('"number": 0', `"number": ${number}`)
      .replace('"preset"', `"${kind}"`);
    await writeFile(join(folder, name), text);
  }
  if (!(await check([folder]))) {
    await rm(folder, { recursive: true });
    return false;
  }
  console.log(`
${folder} works. Make it yours:
  ./lab serve --lesson ${folder}   shows it in the browser, anew whenever you save
  ${join(folder, "en.md")}   what is told
  ${join(folder, "lesson.json")}   what happens
  ./lab lesson check ${folder}   plays it, right and wrong
docs/authoring.md leads you through it.`);
  return true;
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { machine: { type: "string" }, in: { type: "string" } },
  });
  const [verb, ...rest] = positionals;
  if (verb === "new" && rest.length === 1) process.exitCode = (await create(rest[0], values)) ? 0 : 1;
  else if (verb === "check" && Object.keys(values).length === 0) {
    const dirs = rest.length > 0 ? rest : (await lessonFolders()).map((folder) => join(lessons, folder));
    process.exitCode = (await check(dirs)) ? 0 : 1;
  } else throw new Misuse("lesson new ID [--machine NAME] [--in DIR], or lesson check [DIR…]");
} catch (error) {
  console.error(`lesson: ${error.message}`);
  process.exitCode = error instanceof Misuse || error.code?.startsWith("ERR_PARSE_ARGS") ? 2 : 1;
}
