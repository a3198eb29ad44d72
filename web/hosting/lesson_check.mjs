// lesson_check.mjs: everything that can be said about a lesson's folder before a person takes it: the core plays it
// (`mmscope lessons check`), the schema reads it, the prose is compiled.
//
//   const { problems, summary, made } = await checkLesson("web/lessons/08-the-handoff");
//   problems   [{ file, line, column, text }], those of the core first
//   summary    the core's line about a lesson that it could play, or ""
//   made       what the page reads ({ entry, files } of lessons.mjs), or null when it could not be played
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { schemaProblems } from "./lesson_schema.mjs";
import { readLesson } from "./lessons.mjs";

/** The command line that plays lessons: MMSCOPE, or what ./lab has built. */
export const program = () =>
  process.env.MMSCOPE ?? fileURLToPath(new URL("../../build/release/mmscope", import.meta.url));

export const problemText = ({ file, line, column, text }) => `${file}:${line}:${column}: ${text}`;

/** "FILE:LINE:COLUMN: REASON", or anything else that is said about a file. */
function problemOf(said, file) {
  const [, where, line, column, text] = said.match(/^(.+?):(\d+):(\d+): (.*)$/s) ?? [];
  return where
    ? { file: where, line: Number(line), column: Number(column), text }
    : { file, line: 1, column: 1, text: said };
}

function played(folder) {
  return new Promise((done, failed) =>
    execFile(program(), ["lessons", "check", folder], (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") failed(new Error(`${program()}: ${error.message}`));
      else done({ summary: stdout.trim(), said: stderr.split("\n").filter((line) => line !== "") });
    }),
  );
}

export async function checkLesson(folder) {
  const file = join(folder, "lesson.json");
  if (!existsSync(file)) return { problems: [problemOf("there is no such file", file)], summary: "", made: null };
  const { summary, said } = await played(folder);
  const problems = said.map((line) => problemOf(line, file));
  // The core stops at the first field that it cannot read; the schema goes on.
  try {
    for (const { line, column, path, reason } of schemaProblems(await readFile(file, "utf8"))) {
      const at = path ? `${path}: ` : "";
      const known = (problem) => problem.file === file && problem.line === line && problem.text.startsWith(at);
      if (!problems.some(known)) problems.push({ file, line, column, text: at + reason });
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // not JSON: the core has said where
  }
  let made = null;
  try {
    made = await readLesson(folder);
  } catch (error) {
    if (!(error instanceof SyntaxError)) problems.push(problemOf(error.message, file));
  }
  return { problems, summary, made: summary ? made : null };
}
