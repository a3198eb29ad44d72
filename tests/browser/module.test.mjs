// wasm/mmscope.d.ts is written by hand: every method it names is bound in C++, and the other way round.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "./lab.mjs";

test("mmscope.d.ts and the bindings name the same methods", () => {
  const bindings = readFileSync(join(root, "wasm/bindings.cpp"), "utf8");
  const declared = readFileSync(join(root, "wasm/mmscope.d.ts"), "utf8");
  const bound = [...bindings.matchAll(/\.function\("(\w+)"/g)].map(([, name]) => name);
  const body = declared.match(/interface MmscopeLab \{([\s\S]*?)\n\}/)[1];
  const named = [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name).filter((name) => name !== "delete");
  assert.deepEqual(named.sort(), bound.sort());
});

test("index.html carries the English words of the locale", () => {
  const html = readFileSync(join(root, "web/page/index.html"), "utf8");
  const words = JSON.parse(readFileSync(join(root, "web/page/locale/en.json"), "utf8"));
  const wrong = [];
  for (const [, key, text] of html.matchAll(/data-t="([^"]+)"[^>]*>([^<]*)</g))
    if (words[key] !== text.trim()) wrong.push(`${key}: ${text}`);
  for (const [, key, text] of html.matchAll(/data-t-label="([^"]+)" aria-label="([^"]*)"/g))
    if (words[key] !== text) wrong.push(`${key}: ${text}`);
  assert.deepEqual(wrong, []);
});

test("every word that the page asks for is in the locale", () => {
  const words = JSON.parse(readFileSync(join(root, "web/page/locale/en.json"), "utf8"));
  const missing = [];
  for (const file of ["main", "story", "tables", "transport", "loader", "log-dialog", "sentences"])
    for (const [, key] of readFileSync(join(root, `web/page/${file}.ts`), "utf8").matchAll(/\bt\("([^"]+)"/g))
      if (!(key in words)) missing.push(`${file}.ts: ${key}`);
  assert.deepEqual(missing, []);
});
