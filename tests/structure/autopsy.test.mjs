// The autopsy speaks twice: mmscope in English (core/lab/autopsy.def), the page in words that can be translated.
import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../support/tree.mjs";

const sentences = [...read("core/lab/autopsy.def").matchAll(/^AUTOPSY_SAYING\("([^"]+)", "([^"]+)"\)$/gm)];
const words = JSON.parse(read("web/page/locale/en.json")).autopsy;

test("the page says what mmscope says", () => {
  assert.ok(sentences.length > 60);
  for (const [, id, sentence] of sentences) assert.equal(words[`autopsy.${id}`], sentence, id);
});

test("the page has no sentence of a kind that the core does not know", () => {
  const known = new Set(sentences.map(([, id]) => `autopsy.${id}`));
  const kinds = new Set(sentences.map(([, id]) => id.split(".")[0]));
  const ofAKind = Object.keys(words).filter((key) => key.split(".").length > 2 && kinds.has(key.split(".")[1]));
  assert.deepEqual(
    ofAKind.filter((key) => !known.has(key)),
    [],
  );
});

test("every sentence of the core is said by it, and none is said that is not there", () => {
  const code = ["lab/autopsy.cpp", "lab/autopsy_replay.cpp", "io/failure_text.cpp", "io/failure_gfp.cpp"]
    .map((name) => read(`core/${name}`))
    .join("\n");
  const ids = new Set([...code.matchAll(/"((?:cause|remedy|assumed|attempt|verdict)\.\w+)"/g)].map(([, id]) => id));
  assert.deepEqual([...ids].sort(), sentences.map(([, id]) => id).sort());
});
