// The first half of the program reads no data that come with the later half (web/hosting/split_data.mjs): every load of
// its code is watched while the page is used without the later half.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readMap } from "../../web/hosting/split_data.mjs";
import { readImage } from "../../web/hosting/wasm_data.mjs";
import { useFirstHalf } from "./first_half.mjs";
import { root, start } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const built = (name) => readFileSync(join(root, "build/web", name));

/** The objects of the linker's map that the first half does without. */
function laterObjects() {
  const [whole, first] = ["mmscope.wasm", "split/first.wasm"].map((name) => readImage(built(name)));
  const objects = readMap(built("mmscope.map").toString(), whole);
  return objects.filter(({ from, to }) => Buffer.compare(whole.subarray(from, to), first.subarray(from, to)) !== 0);
}

/** The first half that asks `env.load_ptr(id, bytes, offset, address)` before it reads. */
function watched() {
  const wasm = join(root, "build/watched.wasm");
  const options = ["--enable-mutable-globals", "--instrument-memory", "-o", wasm];
  execFileSync(join(process.env.BINARYEN ?? "", "wasm-opt"), [join(root, "build/web/split/first.wasm"), ...options]);
  return readFileSync(wasm);
}

test("the first half reads nothing that comes with the later half", async (t) => {
  const moved = laterObjects();
  assert.ok(moved.length > 500, `only ${moved.length} objects come later`);

  const page = await (await site.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  const body = watched();
  await page.route(/first-\w+\.wasm/, (route) => route.fulfill({ contentType: "application/wasm", body }));
  await page.addInitScript((objects) => {
    const missing = new Uint8Array(objects.at(-1).to);
    for (const { from, to } of objects) missing.fill(1, from, to);
    window.watch = { loads: 0, wrong: new Set() };
    // Where a load begins: strlen reads whole words, so a string's last load ends in what follows it.
    const load_ptr = (_id, _bytes, offset, address) => {
      window.watch.loads++;
      if (missing[offset + address]) window.watch.wrong.add(offset + address);
      return address;
    };
    const store_ptr = (_id, _bytes, _offset, address) => address;
    const same = (_, value) => value;
    const values = ["i32", "i64", "f32", "f64"].flatMap((type) => [`load_val_${type}`, `store_val_${type}`]);
    const env = { load_ptr, store_ptr, ...Object.fromEntries(values.map((name) => [name, same])) };
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = (module, imports) => instantiate(module, { ...imports, env });
  }, moved);
  page.setDefaultTimeout(120_000);
  assert.deepEqual(await useFirstHalf(page, site.url), []);
  const { loads, wrong } = await page.evaluate(() => ({ ...window.watch, wrong: [...window.watch.wrong] }));
  t.diagnostic(`${loads} loads`);
  assert.ok(loads > 1_000_000, `only ${loads} loads were seen`);
  assert.deepEqual(wrong, []);
  await page.context().close();
});
