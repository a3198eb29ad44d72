// One name, one thing. Two classes of the same name in the same namespace are one to the linker, which keeps the members
// of either: each file compiles, and the program breaks where it is linked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { code, cpp } from "../support/tree.mjs";

/** "mmscope::Replay" of each class, struct and enum that a file defines in a namespace with a name. */
function definitions(path) {
  const found = [];
  const open = []; // what each brace before this place has opened: a namespace's name, or null
  const text = code(path).replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'/g, "0");
  for (const [, braces, namespace, type] of text.matchAll(
    /([{}])|\bnamespace\b *([\w:]*)\s*\{|\b(?:class|struct|union|enum class|enum)\s+(\w+)\b(?!::)(?:[\w\s:<>,]|\[\[.*?\]\])*(?=\{)/g,
  )) {
    if (namespace !== undefined) open.push(namespace);
    else if (type !== undefined && open.every((name) => name)) found.push([...open, type].join("::"));
    else if (braces === "}") open.pop();
    else if (braces === "{") open.push(null);
  }
  return found;
}

test("no two files define a type of one name", () => {
  const where = new Map();
  for (const path of cpp("core", "web", "wasm", "tests"))
    for (const name of definitions(path)) where.set(name, [...(where.get(name) ?? []), path]);
  assert.ok(where.has("mmscope::System") && where.has("mmscope::Trace"), "definitions are found");
  assert.deepEqual(
    [...where].filter(([, paths]) => paths.length > 1).map(([name, paths]) => `${name}: ${paths.join(", ")}`),
    [],
  );
});
