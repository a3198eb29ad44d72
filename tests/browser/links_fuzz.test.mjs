// Whatever stands in the address bar: reading it ends with a state in which every field is in its bounds, or with the one
// refusal that the page knows how to say. And what the page writes, it reads.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./lab.mjs";

const { outputFiles } = await build({
  entryPoints: [join(root, "web/page/link_state.ts")],
  bundle: true,
  format: "esm",
  write: false,
});
const { read, write, validated, LinkRefusal, FRAGMENT_LIMIT } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`
);

const full = {
  machine: "server-1t",
  at: [41, 7, 2],
  branch: { fork: 40, calls: ['memblock_reserve 0x1000000 0x400000 owner="mine"', "memblock_free_all"] },
  select: "memblock.reserved.regions[2]",
  panel: "buddy",
  focus: "timeline",
  pinned: "zones",
  axis: [0x1000, 2 ** 44],
  marks: [{ at: [3, 0, 0], note: "die Übergabe, 移交" }],
};
const own = { machine: { script: "machine era=6.1\nmemblock_add 0 1G\n".repeat(40), title: "Linux" }, axis: null };
const byHand = "#machine=qemu-1g&call=41&event=7&select=page[0x1234]&panel=buddy&from=0x1000&to=65536";

const fragment = (value) => `#s=z${deflateRawSync(JSON.stringify(value)).toString("base64url")}`;
const refused = (text, key) =>
  assert.rejects(
    () => read(text),
    (error) => error instanceof LinkRefusal && error.key === key,
    `${text.slice(0, 60)}: ${key}`,
  );

test("what is written is read back, and a link by hand says the same", async () => {
  for (const state of [full, own]) assert.deepEqual(await read(await write(state)), state);
  assert.deepEqual(await read(byHand), {
    machine: "qemu-1g",
    at: [40, 7, 0],
    select: "page[0x1234]",
    panel: "buddy",
    axis: [0x1000, 65536],
  });
  assert.deepEqual(await read("#after=memblock_free_all"), { after: "memblock_free_all" });
  assert.equal(await read(""), null);
  assert.equal(await read("#twin"), null);
});

test("a browser that cannot deflate writes plain, and that is read too", async () => {
  const { CompressionStream } = globalThis;
  delete globalThis.CompressionStream;
  const plain = await write(full);
  globalThis.CompressionStream = CompressionStream;
  assert.match(plain, /^#s=p/);
  assert.deepEqual(await read(plain), full);
});

test("what is wrong is named", async () => {
  const good = await write(full);
  await refused(good.slice(0, -20), "link.damaged");
  await refused("#s=", "link.damaged");
  await refused("#s=x123", "link.damaged");
  await refused("#s=p!!", "link.damaged");
  await refused("#call=%zz", "link.damaged");
  await refused(fragment({ ...full, v: 2 }), "link.newer");
  await refused(fragment({ ...full, v: 0 }), "link.older");
  await refused(fragment(full), "link.field"); // no version at all
  await refused(fragment({ v: 1, colour: "red" }), "link.unknown");
  await refused("#color=red", "link.unknown");
  await refused("#event=7", "link.field");
  await refused("#call=-1", "link.field");
  for (const [field, value] of [
    ["at", [1, 2]],
    ["at", [1, 2, -1]],
    ["at", [1.5, 0, 0]],
    ["at", [1e9, 0, 0]],
    ["machine", "../secret"],
    ["machine", { script: 7, title: "" }],
    ["branch", { fork: 1, calls: "memblock_free_all" }],
    ["branch", { fork: 1, calls: ["a\nb"] }],
    ["branch", { fork: 1, calls: Array(501).fill("x") }],
    ["select", "x".repeat(257)],
    ["panel", "lessons"],
    ["focus", null],
    ["axis", [5, 5]],
    ["axis", [0, 2 ** 60]],
    ["marks", [{ at: [0, 0, 0], note: "x".repeat(201) }]],
    ["marks", Array(101).fill({ at: [0, 0, 0], note: "" })],
  ])
    await refused(fragment({ v: 1, [field]: value }), "link.field");
  await refused(`#s=z${"A".repeat(FRAGMENT_LIMIT)}`, "link.too-large");
  let random = 1;
  const noise = () => {
    random = (random * 48271) % 2147483647;
    return String.fromCharCode(33 + (random % 90));
  };
  const script = Array.from({ length: 100_000 }, noise).join("");
  await assert.rejects(
    () => write({ machine: { script, title: "" } }),
    (error) => error instanceof LinkRefusal && error.key === "link.too-large",
  );
});

test("a small fragment that unpacks to very much is stopped", async () => {
  const bomb = `#s=z${deflateRawSync(Buffer.alloc(40 << 20, 32), { level: 9 }).toString("base64url")}`;
  assert.ok(bomb.length < FRAGMENT_LIMIT);
  const begun = performance.now();
  await refused(bomb, "link.unpacked");
  assert.ok(performance.now() - begun < 500);
});

test("20 000 mutated fragments are read or refused", async () => {
  let seed = 20261122;
  const random = (n) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * n);
  };
  const seeds = [await write(full), await write(own), byHand, "#after=memblock_free_all&focus=strip"];
  const texts = [JSON.stringify({ v: 1, ...full }), JSON.stringify({ v: 1, ...own })];
  const alphabet = 'AZaz09-_=&#%[]{}",:.\\\u0000é1\n';
  const mutated = (text) => {
    let now = text;
    for (let n = 1 + random(4); n > 0; n--) {
      const at = random(now.length + 1);
      const bit = alphabet[random(alphabet.length)];
      const length = random(6);
      now = [
        () => now.slice(0, at) + bit + now.slice(at),
        () => now.slice(0, at) + bit + now.slice(at + 1),
        () => now.slice(0, at) + now.slice(at + length),
        () => now.slice(0, at),
        () => now.slice(0, at) + now.slice(random(now.length)),
        () => now.replace(/\d+/, () => ["-1", "1e99", "9007199254740993", "null", '"1"', "[]"][random(6)]),
      ][random(6)]();
    }
    return now;
  };
  let states = 0;
  let refusals = 0;
  for (let i = 0; i < 20_000; i++) {
    const inside = random(2) === 0;
    const text = inside
      ? `#s=z${deflateRawSync(mutated(texts[random(texts.length)])).toString("base64url")}`
      : mutated(seeds[random(seeds.length)]);
    try {
      const state = await read(text);
      if (state !== null) assert.deepEqual(validated({ v: 1, ...state }), state);
      states++;
    } catch (error) {
      assert.ok(error instanceof LinkRefusal, `${text}: ${error.stack}`);
      refusals++;
    }
  }
  assert.ok(states > 500 && refusals > 5000, `${states} read, ${refusals} refused`);
});
