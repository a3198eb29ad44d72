// The page's module computes what the native program computes: the same digest at the end of every recorded boot.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { capture, root } from "./lab.mjs";

test("every recorded boot ends in the same digest natively and in WebAssembly", async () => {
  globalThis.document ??= {}; // the module is built for pages and asks for both
  globalThis.window ??= globalThis;
  const { default: create } = await import(join(root, "build/web/mmscope.js"));
  const module = await create({ wasmBinary: readFileSync(join(root, "build/web/mmscope.wasm")) });
  module._mmscope_later();
  const names = readdirSync(join(root, "tests/data/captures"));
  assert.ok(names.length > 30);
  for (const name of names) {
    const lab = new module.Lab();
    const later = new module.Later(lab);
    lab.logBegin();
    lab.logFeed(new TextEncoder().encode(capture(name)));
    assert.ok(JSON.parse(lab.logFinish()).ok, name);
    while (lab.prepare(1000) < 1);
    lab.seek(1e6, 0);
    const log = join(root, "tests/data/captures", name, "dmesg.gz");
    const native = execFileSync(join(root, "build/release/mmscope"), ["boot", "--dmesg", log, "--show", "digest"], {
      encoding: "utf8",
    });
    assert.equal(later.digest(), native.trim(), name);
    later.delete();
    lab.delete();
  }
});
