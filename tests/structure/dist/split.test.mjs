// The two halves of the program put into memory what the whole one does. (Runs after the web build.)
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../support/tree.mjs";

const read = (name) => readFileSync(join(root, "build/web", name));
const imports = new Proxy({}, { get: () => new Proxy({}, { get: () => () => 0 }) }); // nothing runs

/** The memory that a module exports, or the one that it was given. */
async function started(name, given = imports) {
  const { instance } = await WebAssembly.instantiate(read(name), given);
  return { ...instance.exports };
}
const memory = (exports) =>
  new Uint8Array(Object.values(exports).find((value) => value instanceof WebAssembly.Memory).buffer).slice();

test("data that come with the later half are zero before, and then as in the whole program", async () => {
  const whole = memory(await started("mmscope.wasm"));
  const exports = await started("split/first.wasm");
  const first = memory(exports);
  await started("split/later.wasm", { first: exports });
  const both = memory(exports);
  assert.ok(Buffer.compare(both, whole) === 0, "the halves together differ from the whole program");
  const different = [...first.entries()].filter(([address, byte]) => byte !== whole[address]);
  assert.ok(different.length > 10_000, `only ${different.length} bytes come later`);
  assert.ok(different.every(([, byte]) => byte === 0));
});
