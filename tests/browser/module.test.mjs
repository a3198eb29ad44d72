// wasm/mmscope.d.ts is written by hand: every method it names is bound in C++, and the other way round.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { wordsOf } from "../../web/hosting/locale.mjs";
import { root } from "./lab.mjs";

for (const [name, file] of [
  ["Lab", "bindings.cpp"],
  ["Later", "later.cpp"],
  ["Compare", "compare.cpp"],
])
  test(`mmscope.d.ts and the bindings name the same methods of ${name}`, () => {
    const bindings = readFileSync(join(root, "wasm", file), "utf8");
    const declared = readFileSync(join(root, "wasm/mmscope.d.ts"), "utf8");
    const bound = [...bindings.matchAll(/\.function\("(\w+)"/g)].map(([, method]) => method);
    const body = declared.match(new RegExp(`interface Mmscope${name} \\{([\\s\\S]*?)\\n\\}`))[1];
    const named = [...body.matchAll(/^ {2}(\w+)\(/gm)].map(([, method]) => method).filter((m) => m !== "delete");
    assert.deepEqual(named.sort(), bound.sort());
  });

const words = await wordsOf("en");

for (const page of readdirSync(join(root, "web/page")).filter((name) => name.endsWith(".html")))
  test(`${page} carries the English words of the locale`, () => {
    const html = readFileSync(join(root, "web/page", page), "utf8");
    const wrong = [];
    for (const [, key, text] of html.matchAll(/data-t="([^"]+)"[^>]*>([^<]*)</g))
      if (words[key] !== text.trim().replace(/\s+/g, " ")) wrong.push(`${key}: ${text}`);
    for (const [, key, text] of html.matchAll(/data-t-label="([^"]+)" aria-label="([^"]*)"/g))
      if (words[key] !== text) wrong.push(`${key}: ${text}`);
    assert.deepEqual(wrong, []);
  });

test("every word that the page asks for is in the locale", () => {
  const missing = [];
  for (const file of readdirSync(join(root, "web/page")).filter((name) => name.endsWith(".ts")))
    for (const [, key] of readFileSync(join(root, "web/page", file), "utf8").matchAll(/\bt\("([^"]+)"/g))
      if (!(key in words)) missing.push(`${file}: ${key}`);
  assert.deepEqual(missing, []);
});
