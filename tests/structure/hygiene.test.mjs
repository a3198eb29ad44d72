// What must not be in the repository, and how large it may get.
import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { files, matches, read, root } from "../support/tree.mjs";

const text = files.filter((path) => !readFileSync(join(root, path)).subarray(0, 8000).includes(0));
// Recorded boots are quoted as they were, and a fuzzer's inputs are anything.
const ours = text.filter((path) => !/^tests\/(data|fuzz\/corpus)\//.test(path) && path !== "package-lock.json");

// Written in two halves so that this file does not match itself.
const hosts = new RegExp(
  ["registry\\.", "deb\\.", "ftp\\.", "snapshot\\.", "security\\."]
    .map((half) => `${half}(?:npmjs|yarnpkg|debian|ubuntu)\\.`)
    .join("|"),
);
const paths = new RegExp(`(?<![\\w.$}])/(?:${["work", "root", "home/\\w+", "Users/\\w+"].join("|")})/`);

test("no package registry or mirror is named", () => {
  assert.deepEqual(
    ours.flatMap((path) => matches(path, read(path), hosts)),
    [],
  );
});

test("no path of one machine is named", () => {
  assert.deepEqual(
    ours.flatMap((path) => matches(path, read(path), paths)),
    [],
  );
});

test("package-lock.json names no address and no install script is needed", () => {
  const { packages } = JSON.parse(read("package-lock.json"));
  assert.deepEqual(
    Object.entries(packages)
      .filter(([, p]) => p.resolved)
      .map(([name]) => name),
    [],
  );
  assert.deepEqual(
    Object.entries(packages)
      .filter(([name, p]) => name && !p.integrity)
      .map(([name]) => name),
    [],
  );
  assert.match(read(".npmrc"), /^omit-lockfile-registry-resolved=true$/m);
  assert.match(read(".npmrc"), /^ignore-scripts=true$/m);
});

test("npm packages are pinned exactly and permissively licensed", () => {
  const { devDependencies, optionalDependencies, dependencies = {} } = JSON.parse(read("package.json"));
  const pins = { ...devDependencies, ...optionalDependencies, ...dependencies };
  assert.deepEqual(
    Object.entries(pins).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    [],
  );
  // MPL-2.0 is axe-core's: a test tool, never shipped.
  const permissive =
    /^\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|CC0-1\.0|Python-2\.0|PSF-2\.0|MPL-2\.0)( (OR|AND) .*)?\)?$/;
  const { packages } = JSON.parse(read("package-lock.json"));
  const wrong = Object.entries(packages)
    .filter(([name, p]) => name && !permissive.test(p.license ?? ""))
    .map(([name, p]) => `${name}: ${p.license}`);
  assert.deepEqual(wrong, []);
});

test("tests/data stays below 8 MB, every other file below 1 MB", () => {
  const size = (path) => statSync(join(root, path)).size;
  const data = files.filter((path) => path.startsWith("tests/data/")).reduce((sum, path) => sum + size(path), 0);
  assert.ok(data < 8 * 2 ** 20, `tests/data has ${data} bytes`);
  assert.deepEqual(
    files.filter((path) => !path.startsWith("tests/data/") && size(path) > 2 ** 20),
    [],
  );
});

test("text files end their last line and no line in blanks", () => {
  const wrong = ours.filter((path) => {
    const all = read(path);
    return all.length > 0 && (!all.endsWith("\n") || (!path.endsWith(".md") && /[ \t]$/m.test(all)));
  });
  // Licence texts are kept byte for byte.
  assert.deepEqual(
    wrong.filter((path) => !/OFL|LICEN[SC]E/.test(path)),
    [],
  );
});
