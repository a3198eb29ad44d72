// Sources are listed in CMake, one a line and sorted; nothing is globbed and nothing lies around unbuilt.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpp, files, read } from "../support/tree.mjs";

const imgui = read("cmake/imgui.cmake");

for (const folder of ["core", "web", "wasm", "tests"]) {
  const lists = read(`${folder}/CMakeLists.txt`);
  // Runs of lines that hold one file name each.
  const blocks = [[]];
  for (const line of lists.split("\n")) {
    const name = line.match(/^\s+([\w/.-]+\.(?:cpp|hpp|def|inc))$/)?.[1];
    if (name) blocks.at(-1).push(name);
    else blocks.push([]);
  }
  const listed = new Set(blocks.flat());

  test(`${folder}/CMakeLists.txt lists every source`, () => {
    const unlisted = cpp(folder)
      .map((path) => path.slice(folder.length + 1))
      // (cmake/imgui.cmake names one file by its whole path.)
      .filter((name) => !listed.has(name) && !imgui.includes(`/${folder}/${name}`));
    assert.deepEqual(unlisted, []);
  });

  test(`${folder}/CMakeLists.txt lists only what exists`, () => {
    assert.deepEqual(
      [...listed].filter((name) => !files.includes(`${folder}/${name}`)),
      [],
    );
  });

  test(`${folder}/CMakeLists.txt is sorted`, () => {
    for (const block of blocks) assert.deepEqual(block, [...block].sort());
  });
}

test("no CMake file globs", () => {
  const cmake = files.filter((path) => /(^|\/)CMakeLists\.txt$|\.cmake$/.test(path));
  assert.deepEqual(
    cmake.filter((path) => /file\s*\(\s*GLOB/i.test(read(path))),
    [],
  );
});

test("no doctest name has a semicolon (CTest would run nothing and pass)", () => {
  const wrong = cpp("tests").filter((path) => /\b(TEST_CASE|SUBCASE|SCENARIO)\w*\("[^"\n]*;/.test(read(path)));
  assert.deepEqual(wrong, []);
});
