// Progress is kept, taken along and never lost silently, whatever lies in the browser's storage and however that
// behaves.
import assert from "node:assert/strict";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { build } from "esbuild";
import { root } from "./lab.mjs";

const { outputFiles } = await build({
  entryPoints: [join(root, "web/page/progress.ts")],
  bundle: true,
  format: "esm",
  write: false,
});
const source = Buffer.from(outputFiles[0].contents).toString("base64");
let visits = 0;
/** The module as it begins with a page. */
const visit = () => import(`data:text/javascript;base64,${source}#${++visits}`);

const KEY = "mmscope.progress";
const one = (more = {}) => ({
  seed: 7,
  mode: "practice",
  step: "chop",
  inputs: ["256", "0x100"],
  solved: 2,
  asked: 7,
  done: false,
  digest: "00c0ffee",
  at: "2026-01-31T12:00:00.000Z",
  ...more,
});
const text = (lessons, version = 1) => JSON.stringify({ version, lessons });

let disk;
let room;
beforeEach(() => {
  disk = new Map();
  room = Number.POSITIVE_INFINITY;
  globalThis.localStorage = {
    getItem: (key) => disk.get(key) ?? null,
    setItem(key, value) {
      if (value.length > room) throw new Error("QuotaExceededError");
      disk.set(key, value);
    },
    removeItem: (key) => disk.delete(key),
  };
});

test("what is saved is there at the next visit, and beside what another tab saved", async () => {
  const { save } = await visit();
  const other = await visit();
  assert.equal(save("the-handoff", one()), null);
  assert.equal(other.save("zones", one({ done: true })), null);
  assert.equal(save("the-handoff", one({ solved: 3 })), null);
  assert.deepEqual((await visit()).load(), {
    lessons: { "the-handoff": one({ solved: 3 }), zones: one({ done: true }) },
    trouble: null,
  });
  assert.deepEqual([...disk.keys()], [KEY]);
});

test("what cannot be read is put aside, each under a key of its own", async () => {
  const wrong = ["", "{", "null", '"x"', "[]", '{"version":0,"lessons":{}}', text({ a: { seed: 1 } }), text([])];
  for (const [i, content] of wrong.entries()) {
    disk.set(KEY, content);
    const { load, save } = await visit();
    assert.deepEqual(load(), { lessons: {}, trouble: "aside" }, content);
    assert.equal(disk.get(`${KEY}.aside-${i + 1}`), content);
    save("zones", one());
    assert.deepEqual((await visit()).load().lessons, { zones: one() });
  }
});

test("where nothing more can be put aside, nothing is written over", async () => {
  for (let n = 1; n <= 20; n++) disk.set(`${KEY}.aside-${n}`, "x");
  disk.set(KEY, "broken");
  const { load, save } = await visit();
  assert.equal(load().trouble, "stuck");
  assert.equal(save("zones", one()), "stuck");
  assert.equal(disk.get(KEY), "broken");
  assert.deepEqual(load().lessons, { zones: one() });
});

test("a newer version's progress stays as it is, and the page works from memory", async () => {
  const newer = text({ zones: { anything: true } }, 2);
  disk.set(KEY, newer);
  const { load, save, exportAll } = await visit();
  assert.deepEqual(load(), { lessons: {}, trouble: "newer" });
  assert.equal(save("the-handoff", one()), "newer");
  assert.deepEqual(load().lessons, { "the-handoff": one() });
  assert.deepEqual(JSON.parse(exportAll()).lessons, { "the-handoff": one() });
  assert.deepEqual([...disk], [[KEY, newer]]);
});

test("a storage that throws or is full: progress lives in memory, and is written once there is room", async () => {
  const { load, save, exportAll } = await visit();
  room = 10;
  assert.equal(save("zones", one()), "memory");
  assert.deepEqual(load(), { lessons: { zones: one() }, trouble: "memory" });
  assert.deepEqual(JSON.parse(exportAll()), { version: 1, lessons: { zones: one() } });
  assert.equal(disk.size, 0);
  room = 1e6;
  assert.equal(save("sections", one({ seed: 2 })), null);
  assert.deepEqual((await visit()).load().lessons, { zones: one(), sections: one({ seed: 2 }) });

  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() {
      throw new Error("SecurityError");
    },
  });
  try {
    const refused = await visit();
    assert.deepEqual(refused.load(), { lessons: {}, trouble: "memory" });
    assert.equal(refused.save("zones", one()), "memory");
    assert.deepEqual(refused.load().lessons, { zones: one() });
  } finally {
    delete globalThis.localStorage;
  }
});

test("of what is imported the further progress wins", async () => {
  const { save, load, importAll, exportAll } = await visit();
  const mine = { a: one({ solved: 3 }), b: one({ done: true }), c: one({ inputs: ["1"] }), d: one() };
  const theirs = {
    a: one({ solved: 4, seed: 9 }),
    b: one({ solved: 6, inputs: Array(9).fill("x") }),
    c: one({ inputs: ["1", "2"] }),
    d: one({ at: "2025-01-31T12:00:00.000Z" }),
    e: one({ mode: "exam", done: true, solved: 7 }),
  };
  for (const [id, lesson] of Object.entries(mine)) save(id, lesson);
  assert.deepEqual(importAll(text(theirs)), { ok: true, lessons: 3 });
  const merged = { a: theirs.a, b: mine.b, c: theirs.c, d: mine.d, e: theirs.e };
  assert.deepEqual(load().lessons, merged);
  assert.deepEqual(importAll(exportAll()), { ok: true, lessons: 0 });
  assert.deepEqual((await visit()).load().lessons, merged);
});

test("a lesson that has been through stays so when it is begun again", async () => {
  const { save, load, importAll, after } = await visit();
  const through = one({ done: true, solved: 5 });
  save("zones", through);
  save("zones", after(one({ seed: 2, solved: 0 }), load().lessons.zones));
  assert.deepEqual((await visit()).load().lessons.zones, one({ seed: 2, solved: 0, before: true }));
  save("zones", after(one({ seed: 2, solved: 1 }), load().lessons.zones));
  assert.equal(load().lessons.zones.before, true);
  assert.equal("before" in after(one(), one()), false);
  assert.deepEqual(importAll(text({ zones: one({ solved: 4, seed: 3 }) })), { ok: true, lessons: 1 });
  assert.equal(load().lessons.zones.before, true);
});

test("an import of which a part is wrong changes nothing, and says what is wrong", async () => {
  const { save, load, importAll } = await visit();
  save("zones", one());
  const field = (lesson, field) => ({ ok: false, key: "progress.field", values: { lesson, field } });
  for (const [content, refusal] of [
    ["", { ok: false, key: "progress.no-json", values: {} }],
    ["{}", { ok: false, key: "progress.none", values: {} }],
    ['{"version":1}', { ok: false, key: "progress.none", values: {} }],
    [text({}, 3), { ok: false, key: "progress.newer", values: { version: 3 } }],
    [" ".repeat((4 << 20) + 1), { ok: false, key: "progress.too-large", values: {} }],
    [text({ good: one(), bad: one({ seed: -1 }) }), field("bad", "seed")],
    [text({ x: null }), field("x", "lesson")],
    [text({ "../x": one() }), field("../x", "id")],
    ['{"version":1,"lessons":{"__proto__":{}}}', field("__proto__", "id")],
    [text({ x: one({ mode: "cheat" }) }), field("x", "mode")],
    [text({ x: one({ before: "yes" }) }), field("x", "before")],
    [text({ x: one({ step: "a b" }) }), field("x", "step")],
    [text({ x: one({ inputs: [1] }) }), field("x", "inputs")],
    [text({ x: one({ inputs: Array(2001).fill("") }) }), field("x", "inputs")],
    [text({ x: one({ solved: 8 }) }), field("x", "solved")],
    [text({ x: one({ asked: 1.5, solved: 0 }) }), field("x", "asked")],
    [text({ x: one({ done: 1 }) }), field("x", "done")],
    [text({ x: one({ digest: "xyz" }) }), field("x", "digest")],
    [text({ x: one({ at: "yesterday" }) }), field("x", "at")],
    [text({ x: one({ at: "2026-99-99T12:00:00Z" }) }), field("x", "at")],
  ])
    assert.deepEqual(importAll(content), refusal, content.slice(0, 80));
  assert.deepEqual(load(), { lessons: { zones: one() }, trouble: null });
});
