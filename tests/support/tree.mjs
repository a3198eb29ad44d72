// The checkout as the structure tests see it: what is committed or would be.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 1 << 26,
});

/** Paths relative to the root, with '/', sorted. */
export const files = [...new Set(listed.split("\0"))].filter((path) => path && existsSync(join(root, path))).sort();

export const read = (path) => readFileSync(join(root, path), "utf8");

/** C++ files below any of these folders. */
export const cpp = (...folders) =>
  files.filter((path) => /\.(cpp|hpp|def|inc)$/.test(path) && folders.some((folder) => path.startsWith(`${folder}/`)));

/** C++ with its comments blanked out, so that what is said about a thing is not taken for the thing. Lines keep their numbers. */
export const code = (path) =>
  read(path).replace(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|("(?:\\.|[^"\\\n])*")/g,
    (all, string) => string ?? all.replace(/[^\n]/g, " "),
  );

/** Every match of a pattern in a text, as "path:line: the line". */
export function matches(path, text, pattern) {
  return text
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : []));
}
