// The side "Page": a struct page byte by byte, its flags bit by bit, five memory models, and the allocators before
// memblock, with the picture and without.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, root, screenshots, settled, start, where } from "./lab.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
let site;
let plain;
before(async () => {
  site = await start();
  plain = await start({ args: ["--disable-3d-apis"] });
});
after(async () => {
  await site?.stop();
  await plain?.stop();
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const ways = [
  ["with WebGL", () => site],
  ["without WebGL", () => plain],
];

/** A browser reports the missing WebGL itself. */
async function leave(page) {
  page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
  await close(page);
}

async function sideOf(page, pane) {
  await page.getByRole("tab", { name: "Page", exact: true }).click();
  const side = page.getByRole("tabpanel", { name: "Page" });
  const radio = side.getByRole("radio", { name: pane });
  await radio.waitFor();
  await radio.check({ force: true });
  return side;
}
async function frame(side, pfn) {
  await side.getByLabel("Page frame (PFN)").fill(pfn);
  await side.getByLabel("Page frame (PFN)").press("Enter");
}
async function layout(side, era) {
  const select = side.getByLabel("struct page of Linux");
  if (!(await select.isVisible())) await side.locator("summary", { hasText: "struct page of" }).click();
  await select.selectOption(era);
}
const said = (side) => side.getByRole("status").filter({ visible: true }).first().textContent();
const machine = (page, name) => page.getByRole("combobox", { name: "Machine" }).selectOption(name);
const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** The rows of a table by its caption, as texts. */
async function rows(side, caption) {
  const table = side.getByRole("table", { name: caption });
  return Promise.all((await table.getByRole("row").all()).map((row) => row.locator("th, td").allTextContents()));
}

for (const [how, which] of ways)
  test(`a page's struct page: its bytes and values follow the step, the frame and the era, ${how}`, async () => {
    const page = await open(which());
    await press(page, "To the handoff");
    const side = await sideOf(page, "struct page");
    // The first page of a free block: its order stands in private, _refcount is 0.
    await frame(side, "0x4800");
    assert.match(await said(side), /^64 bytes, aligned to 16\. Page 0x4800: free block; its struct page lies at 0xff/);
    const grid = side.getByRole("table", { name: /^Byte by byte/ });
    const member = (name) => grid.getByRole("button", { name: new RegExp(`^${name} `) }).first();
    assert.match(await member("private").textContent(), /bytes 40 to 47, 0xa: the block's order/);
    assert.match(await member("private").textContent(), /0a 00 00 00 00 00 00 00/);
    assert.match(await member("_refcount").textContent(), /0x0:/);
    // Pressed, it says what the same bytes are to others.
    await member("private").press("Enter");
    assert.equal(await member("private").getAttribute("aria-pressed"), "true");
    assert.match(await side.getByText("The same bytes in other uses").locator("..").textContent(), /ptl/);
    // A kernel image's page is reserved, and has one user.
    await frame(side, "0x1000");
    assert.match(await member("_refcount").textContent(), /0x1:/);
    assert.match(await member("flags").textContent(), /0xfffffc0001000/);
    // The same page used otherwise: what a slab has there.
    await side.getByLabel("Shown as used").selectOption("slab");
    assert.match(await member("slab_cache").textContent(), /bytes 24 to 31: the kmem_cache/);
    await side.getByLabel("Shown as used").selectOption("");
    // A step back there was no struct page to hand over, but one in the array; at the beginning there is none.
    for (const _ of [1, 2]) await side.getByRole("button", { name: "Next page frame" }).click();
    assert.match(await said(side), /Page 0x1002/);
    await frame(side, "nonsense");
    assert.match(await side.getByRole("alert").textContent(), /no page frame number/);

    // Another era, another word: the layout alone.
    await layout(side, "2.4.22");
    assert.match(await said(side), /^80 bytes|^88 bytes/);
    await side.getByLabel("Word").selectOption("32");
    assert.match(await said(side), /^44 bytes, aligned to 4\. Live values are those of words as the machine has them/);
    await side.getByRole("button", { name: "Back to this machine’s own" }).click();
    assert.match(await said(side), /^64 bytes/);

    // What an era changes, and what it costs.
    await side.getByLabel("Compare with").selectOption("2.6.24");
    await side.getByText(/From 6.1 to 2.6.24: 64 bytes become 56; mem_map 16 MiB \(1\.56 %\) becomes 14 MiB/).waitFor();
    const differ = await rows(side, /members differ/);
    assert.ok(differ.some(([kind, name]) => /gone/.test(kind) && name === "memcg_data"));
    assert.ok(differ.some(([kind]) => /moved|added/.test(kind)));
    assert.ok((await rows(side, /flags differ/)).some(([, flag]) => flag === "PG_workingset"));
    await leave(page);
  });

for (const [how, which] of ways)
  test(`page->flags bit by bit: fields, widths and values, ${how}`, async () => {
    const page = await open(which());
    await press(page, "To the handoff");
    const side = await sideOf(page, "flags");
    await frame(side, "0x1000");
    assert.match(await said(side), /page 0x1000, in the layout of 6\.1: 0xfffffc0001000/);
    const field = async (name) => (await rows(side, "The fields of page->flags")).find(([first]) => first === name);
    assert.deepEqual((await field("zone")).slice(1, 4), ["53–51", "3", "1 = DMA32"]);
    assert.match((await field("node"))[4], /NODES_SHIFT 10: up to 1.024 nodes/);
    assert.match((await field("section"))[4], /a vmemmap finds the struct page without/);
    const bits = await side
      .getByRole("table", { name: /^64 bits/ })
      .locator(".bits-row td")
      .allTextContents();
    assert.equal(BigInt(`0b${bits.join("")}`), 0xfffffc0001000n);
    // Without a vmemmap the section's number needs the place of last_cpupid.
    await side.getByLabel("Memory model").selectOption("sparsemem-extreme");
    assert.deepEqual((await field("section")).slice(1, 3), ["63–45", "19"]);
    await side.getByText("last_cpupid is a member of its own in struct page.").waitFor();
    // 2.4 keeps an index of zone_table[] in the top byte.
    await layout(side, "2.4.22");
    assert.deepEqual((await field("zone")).slice(1, 3), ["63–56", "8"]);
    await leave(page);
  });

for (const [how, which] of ways)
  test(`five memory models: every step with its numbers, the machine's own marked, ${how}`, async () => {
    const page = await open(which());
    await press(page, "To the handoff");
    const side = await sideOf(page, "models");
    await frame(side, "0x9000");
    const models = side.locator(".way");
    assert.equal(await models.count(), 5);
    assert.match(await side.locator(".way.own").textContent(), /^SPARSEMEM_VMEMMAP.*this machine’s/);
    await press(page, "Wide column");
    // Side by side: two of them have the same height on the page.
    const tops = await models.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
    assert.ok(new Set(tops).size < tops.length, `tops ${tops}`);
    for (const model of await models.all()) {
      const there = await model.getByRole("list", { name: "pfn_to_page(0x9000)" }).textContent();
      const result = /(0xffff[0-9a-f]{12})$/.exec(there)?.[1];
      assert.ok(result, there);
      const back = await model.getByRole("list", { name: `page_to_pfn(${result})` }).textContent();
      assert.match(back, /= 0x9000$/);
      assert.match(await model.textContent(), /What it cannot represent: /);
    }
    const extreme = await models.filter({ hasText: "SPARSEMEM_EXTREME" }).textContent();
    assert.match(extreme, /nr = pfn >> PFN_SECTION_SHIFT0x9000 >> 15 = 0x1/);
    const costs = await rows(side, /What each model costs/);
    const cost = (name) => costs.find(([first]) => first === name).slice(1);
    assert.deepEqual(cost("mem_map"), Array(5).fill("16 MiB"));
    assert.deepEqual(cost("loads, pfn_to_page"), ["1", "4", "1", "3", "1"]);
    assert.ok(cost("of them on holes").every((n) => Number(n) > 0));
    await settled(page);
    await page.screenshot({ path: `${screenshots}/page-models.png` });
    await leave(page);
  });

// The example of classic lecture slides, and of the issue that asked for this.
for (const [how, which] of ways)
  test(`sixteen pages of 2.4: every bit that is turned over, both ways, ${how}`, async () => {
    const page = await open(which());
    await page.getByRole("tab", { name: "Page", exact: true }).click();
    await machine(page, "sixteen-pages");
    const side = page.getByRole("tabpanel", { name: "Page" });
    await side.getByText("Nothing is there yet.").waitFor();
    const step = async (call) => {
      await press(page, "Step");
      assert.equal(await where(page), `call ${call} of 10`);
    };
    const lists = async () => {
      const all = (await rows(side, "Free lists and pair bitmaps")).slice(1);
      const found = {};
      for (const [order, list] of all)
        if (list !== "—")
          found[order] = list
            .match(/\d+/g)
            .map(Number)
            .sort((a, b) => a - b);
      return found;
    };
    const set = async () => side.locator(".pairs .set").evaluateAll((all) => all.map((one) => one.dataset.pair));
    const turned = async () => side.locator(".pairs .turned").evaluateAll((all) => all.map((one) => one.dataset.pair));
    const first = { lists: { 0: [5, 10], 1: [8], 2: [12] }, set: ["0:2", "0:5", "1:2", "2:1"] };

    for (const call of [1, 2, 3, 4, 5]) await step(call);
    assert.deepEqual(await lists(), first.lists);
    assert.deepEqual(await set(), first.set);

    // Two pages: 8 goes.
    await step(6);
    assert.equal(await said(side), "Bits changed in this step: order 1 index 2 to 0.");
    assert.deepEqual(await turned(), ["1:2"]);
    assert.deepEqual(await lists(), { 0: [5, 10], 2: [12] });
    // Two again: 12 is cut, and the rule at work is told, with the other one.
    await step(7);
    assert.equal(await said(side), "Bits changed in this step: order 2 index 1 to 0; order 1 index 3 to 1.");
    assert.deepEqual(await turned(), ["1:3", "2:1"]);
    assert.deepEqual(await lists(), { 0: [5, 10], 1: [12] });
    await side
      .getByText("Order 1: 12 stays on the list, 14 goes. By the other rule 14 would stay and 12 would go.")
      .waitFor();
    await side.getByText(/Both are sound: the pair’s bit says that one of the two is free, and not which/).waitFor();
    await settled(page);
    await page.screenshot({ path: `${screenshots}/page-old.png` });
    // Backwards all is as it was.
    await press(page, "Back");
    assert.deepEqual(await lists(), { 0: [5, 10], 2: [12] });
    assert.deepEqual(await turned(), ["1:2"]);
    await press(page, "Back");
    assert.deepEqual(await lists(), first.lists);
    assert.deepEqual(await set(), first.set);

    for (const call of [6, 7, 8, 9]) await step(call);
    assert.deepEqual(await lists(), first.lists);
    // Page 11 comes back: 10, 8 and 12 are absorbed one after the other.
    await step(10);
    assert.equal(
      await said(side),
      "Bits changed in this step: order 0 index 5 to 0; order 1 index 2 to 0; order 2 index 1 to 0; order 3 index 0 to 1.",
    );
    assert.deepEqual(await lists(), { 0: [5], 3: [8] });
    assert.deepEqual(await set(), ["0:2", "3:0"]);
    // Event by event: one bit at a time, backwards too.
    await page.getByRole("combobox", { name: "by" }).selectOption("event");
    const seen = [];
    for (let i = 0; i < 20 && (await where(page)) !== "call 9 of 10"; i++) {
      await press(page, "Back");
      const now = await turned();
      if (now.length > 0) seen.unshift(...now);
      assert.ok(now.length <= 1 || (await where(page)) === "call 9 of 10");
    }
    assert.deepEqual(seen.slice(-4), ["0:5", "1:2", "2:1", "3:0"]);

    // The other rule: 14 stays on the list.
    await side.getByRole("button", { name: /lower half given out/ }).press("Enter");
    await side.getByText("Nothing is there yet.").waitFor();
    await page.getByRole("combobox", { name: "by" }).selectOption("call");
    for (const call of [1, 2, 3, 4, 5, 6, 7]) await step(call);
    assert.deepEqual(await lists(), { 0: [5, 10], 1: [14] });
    assert.equal(await said(side), "Bits changed in this step: order 2 index 1 to 0; order 1 index 3 to 1.");
    await leave(page);
  });

test("bootmem of a machine with 64 MiB, from the bitmap to the last page", async () => {
  const page = await open(site);
  await page.getByRole("tab", { name: "Page", exact: true }).click();
  await machine(page, "bootmem-64M");
  const side = page.getByRole("tabpanel", { name: "Page" });
  await side.getByText("Nothing is there yet.").waitFor();
  await press(page, "Step");
  assert.deepEqual((await rows(side, "Runs of pages that are alike")).slice(1), [
    ["0–16383", "16\u202f384", "1: reserved", "this step"],
  ]);
  await press(page, "Step");
  assert.equal(await said(side), "Bits changed in this step: pages 0 to 158 to 0.");
  for (let call = 3; call <= 7; call++) await press(page, "Step");
  await side.getByText(/The last request ended in page 4272, at byte 0xc0 of it/).waitFor();
  await page.screenshot({ path: `${screenshots}/page-bootmem.png` });
  // Every free page, then the bitmap's own, are the buddy allocator's.
  await page.getByRole("slider", { name: "Timeline", exact: true }).press("End");
  await side.getByText(/^Given away: /).waitFor();
  const zones = side.getByRole("region", { name: /^Zone \d: pages/ });
  const free = await zones.evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
  assert.equal(free.length, 2);
  assert.match(free[0], /pages 0 to 4095, [\d\u202f]+ free/);
  await press(page, "Back");
  await side.getByRole("table", { name: "Runs of pages that are alike" }).waitFor();
  await close(page);
});

test("what is selected in a table is the page that is shown", async () => {
  const page = await open(site);
  await press(page, "To the handoff");
  const side = await sideOf(page, "struct page");
  await page.getByRole("tab", { name: "Ask" }).click();
  await page.getByRole("tab", { name: /^reserved / }).click();
  await page.locator("#table-panel").getByRole("button").first().click();
  const thing = page.getByRole("tabpanel", { name: "Thing" });
  const place = /pfn (0x[0-9a-f]+)/.exec(await thing.textContent())?.[1];
  assert.ok(place);
  await page.getByRole("tab", { name: "Page", exact: true }).click();
  assert.equal(await side.getByLabel("Page frame (PFN)").inputValue(), place);
  await close(page);
});

test("on a phone every pane fits, can be pressed, and axe finds nothing; nor in the light", async () => {
  for (const [options, theme] of [
    [phone, "dark"],
    [{}, "light"],
    [{}, "dark"],
    [{}, "contrast"],
  ]) {
    const page = await open(site, { bypassCSP: true, ...options });
    await page
      .getByRole("combobox", { name: "Theme" })
      .selectOption(theme, { force: true })
      .catch(() => {});
    await press(page, "To the handoff");
    for (const pane of ["struct page", "flags", "models", "2.4 · 2.6"]) {
      if (pane === "2.4 · 2.6") await machine(page, "sixteen-pages");
      const side = await sideOf(page, pane);
      if (pane === "struct page") await side.getByLabel("Compare with").selectOption("5.10");
      if (pane === "2.4 · 2.6") for (let i = 0; i < 7; i++) await press(page, "Step");
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${pane} is too wide`);
      await page.evaluate(axe);
      const found = await page.evaluate(async () =>
        (await window.axe.run("#story", { resultTypes: ["violations"] })).violations.flatMap((v) =>
          v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} — ${n.failureSummary}`),
        ),
      );
      assert.deepEqual(found, [], `${pane} in ${theme}`);
      if (!options.isMobile) continue;
      for (const button of await side.getByRole("button").all())
        if (await button.isVisible()) {
          const { height } = await button.boundingBox();
          assert.ok(height >= 44, `${pane}: ${await button.textContent()} is ${height} high`);
        }
    }
    await close(page);
  }
});
