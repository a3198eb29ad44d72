// The inspector: what is pressed is explained, can be followed through the boot, and filters the picture. By role and name,
// in three sizes of which one is a phone, with and without WebGL.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { meanings } from "../../web/hosting/glossary.mjs";
import { close, open, root, sentence, settled, start, table, where } from "./lab.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let site;
let plain; // a browser without WebGL
before(async () => {
  [site, plain] = await Promise.all([start(), start({ args: ["--disable-3d-apis"] })]);
});
after(async () => {
  await Promise.all([site?.stop(), plain?.stop()]);
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };
const side = (page) => page.getByRole("tabpanel", { name: "Thing" });
const title = (page) => side(page).getByRole("heading", { level: 2 });
const link = (page, name) => side(page).getByRole("listitem").getByRole("button", { name });
const titled = (page, text) => side(page).getByRole("heading", { level: 2, name: text }).waitFor();

/** What axe finds in a part of the page. */
async function faults(page, part) {
  await page.evaluate(axe);
  const found = await page.evaluate((selector) => window.axe.run(selector), part);
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

for (const [name, options, which] of [
  ["at 1280×800", {}, () => site],
  ["on a phone", phone, () => site],
  ["on a tablet", { viewport: { width: 1024, height: 768 } }, () => site],
  ["without WebGL", {}, () => plain],
])
  test(`a row of a table leads to its thing, and that to others, ${name}`, async () => {
    const page = await open(which(), options);
    await page.getByRole("tab", { name: "Thing" }).click();
    assert.match(await side(page).innerText(), /Press anything in the picture or in a table/);
    assert.deepEqual(await faults(page, "#side-thing"), []);

    await page.getByRole("button", { name: "To the handoff" }).click();
    const zones = await table(page, "zones");
    await page.getByRole("button", { name: "zones, zone DMA32" }).click();
    await titled(page, "node 0, zone DMA32");
    // The same number as in the table, and what it means when it is asked.
    const managed = side(page).getByRole("button", { name: "managed_pages", exact: true });
    const row = side(page)
      .locator(".fields > div")
      .filter({ hasText: /^managed_pages/ });
    const number = zones.find((cells) => cells[1] === "DMA32")[5].replace(/\D/g, "");
    assert.equal((await row.locator("dd").first().innerText()).replace(/\D/g, ""), number);
    assert.equal(await managed.getAttribute("aria-expanded"), "false");
    await managed.click();
    assert.match(await row.innerText(), /Pages that the buddy allocator was given\./);

    await link(page, /^first page/).click();
    await titled(page, "page 0x1000");
    assert.match(await side(page).innerText(), /0x1000000–0x1000fff/);
    await link(page, /section 0$/).click();
    await titled(page, "section 0");
    const bits = side(page).getByRole("listitem").filter({ hasText: "SECTION_HAS_MEM_MAP" });
    assert.match(await bits.innerText(), /1 SECTION_HAS_MEM_MAP\s+Its struct pages exist\./);
    await side(page)
      .getByRole("button", { name: /^Back to page/ })
      .click();
    await titled(page, "page 0x1000");
    await side(page)
      .getByRole("button", { name: /^Forward to section/ })
      .click();
    await titled(page, "section 0");
    assert.match(await side(page).innerText(), /mm\/sparse\.c/);
    assert.ok(
      (await side(page)
        .getByRole("button", { name: /^Copy lsmem/ })
        .count()) === 1,
    );
    assert.deepEqual(await faults(page, "#side-thing"), []);

    await side(page).getByRole("button", { name: "Clear" }).click();
    await titled(page, "What is this?");
    await close(page);
  });

test("every table's rows lead somewhere", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  for (const [name, button, expected] of [
    ["memory", "memory, index 1", "memblock.memory, region 1"],
    ["reserved", "reserved, index 0", "memblock.reserved, region 0"],
    ["free lists", "free lists, order 10", /zone \w+, order 10, /],
    ["sections", "sections, section 0", "section 0"],
    ["firmware", "firmware, base 0x00000000", "firmware range 0"],
    ["events of this call", "events of this call, index 2", /^event 1 of call /],
    ["predicted and logged", /^predicted and logged, call \d+$/, /^call \d+: /],
  ]) {
    await page.getByRole("tab", { name: new RegExp(`^${name} `) }).click();
    await page.getByRole("button", { name: button, exact: true }).first().click();
    await titled(page, expected);
  }
  await page.getByRole("tab", { name: /^free lists / }).click();
  const block = page.locator("#table-panel").getByRole("button", { name: /^0x/ }).first();
  const pfn = await block.innerText();
  await block.click();
  await titled(page, new RegExp(`^block ${pfn}, order `));
  await close(page);
});

test("a press on the picture is explained; what is selected is marked in the picture", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  await page
    .getByRole("button", { name: /^free block pfn 0x[0-9a-f]+ order 10 Movable zone DMA32$/ })
    .first()
    .press("Enter");
  await titled(page, /^block 0x[0-9a-f]+, order 10$/);
  // A press on the timeline is told by the step's side: no other is shown for it.
  await page.getByRole("tab", { name: "Step", exact: true }).click();
  const track = page.getByRole("slider", { name: "timeline of calls" });
  const at = await where(page);
  const box = await page.locator("#canvas-place").boundingBox();
  await page.mouse.click(box.x + box.width * 0.3, box.y + box.height - 112);
  await page.waitForFunction((then) => document.querySelector("#where").textContent !== then, at);
  await settled(page);
  assert.equal(await page.getByRole("tab", { name: "Step", exact: true }).getAttribute("aria-selected"), "true");
  assert.ok(Number(await track.getAttribute("aria-valuenow")) > 0);
  await page.getByRole("button", { name: "To the handoff" }).click();
  await page.getByRole("tab", { name: "Thing" }).click();
  await side(page)
    .getByRole("button", { name: /^Back to block/ })
    .click();
  await titled(page, /^block 0x[0-9a-f]+, order 10$/);

  const frames = await settled(page);
  await link(page, /^zone/).click();
  await titled(page, "node 0, zone DMA32");
  assert.ok((await settled(page)) > frames, "the picture shows another selection");
  await close(page);
});

test("a sheet is read again at every move, and says what a value was", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  await page.getByRole("tab", { name: /^zones / }).click();
  await page.getByRole("button", { name: "zones, zone DMA32" }).click();
  const managed = side(page)
    .locator(".fields > div")
    .filter({ hasText: /^managed_pages/ });
  const then = await managed.locator("dd span").innerText();
  await page.getByRole("button", { name: "Back", exact: true }).click();
  assert.match(await managed.innerText(), new RegExp(`\\d\\spages\\s+was ${then}$`));
  await page.getByRole("slider", { name: "Timeline", exact: true }).fill("0");
  assert.match(await side(page).innerText(), /It does not exist at this moment of the boot/);
  await page.getByRole("button", { name: "To the handoff" }).click();
  assert.equal(await managed.locator("dd span").innerText(), then);
  await close(page);
});

test("a page is followed through the boot by keyboard alone", async () => {
  const page = await open(site);
  await page.getByRole("tab", { name: "Step", exact: true }).focus();
  await page.keyboard.press("ArrowRight");
  const unit = side(page).getByRole("combobox", { name: "Given as" });
  await tabTo(page, unit);
  await page.keyboard.type("Address");
  await page.keyboard.press("Tab");
  await page.keyboard.type("256M");
  await page.keyboard.press("Enter");
  await titled(page, "The life of page 0x10000");
  const entries = side(page).getByRole("list").getByRole("button");
  await side(page)
    .getByRole("button", { name: /^The firmware reports .* as usable/ })
    .waitFor();
  assert.ok((await entries.count()) > 5);
  assert.ok((await entries.filter({ hasText: "to come" }).count()) > 3);

  const handed = entries.filter({ hasText: "memblock hands its block of order 10 over" });
  await tabTo(page, handed);
  await page.keyboard.press("Enter");
  await handed.and(page.locator('[aria-current="step"]')).waitFor();
  assert.match(await sentence(page), /hands over .* blocks of order 10/);
  assert.equal(await handed.getAttribute("aria-current"), "step");
  assert.equal(await handed.evaluate((button) => button === document.activeElement), true);
  assert.doesNotMatch(await handed.innerText(), /to come/);
  const at = await where(page);
  assert.deepEqual(await faults(page, "#side-thing"), []);

  await tabTo(page, side(page).getByRole("button", { name: "◂ Thing" }), true);
  await page.keyboard.press("Enter");
  await titled(page, "What is this?");
  assert.equal(await where(page), at);
  await close(page);
});

async function tabTo(page, target, back = false) {
  for (let i = 0; i < 60; i++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(back ? "Shift+Tab" : "Tab");
  }
  assert.fail("the keyboard does not get there");
}

test("a terabyte's page is followed while the page stays alive", async () => {
  const page = await open(site);
  await page.getByRole("combobox", { name: "Machine" }).selectOption("server-1t");
  await page.waitForFunction(() => document.querySelector("#busy").hidden, null, { timeout: 60_000 });
  await page.getByRole("tab", { name: "Thing" }).click();
  await side(page)
    .getByRole("textbox", { name: /^The life of one page frame/ })
    .fill("0x8000000");
  await side(page).getByRole("button", { name: "Follow" }).click();
  await titled(page, "The life of page 0x8000000");
  await side(page)
    .getByRole("button", { name: /^Its struct page becomes reserved/ })
    .waitFor();
  await close(page);
});

test("a line of the accounting filters the picture and leads to its largest range", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  const owners = page.getByRole("tabpanel", { name: "Step" });
  const first = owners.getByRole("button", { pressed: false }).first();
  const label = (await first.innerText()).trim();
  const frames = await settled(page);
  await first.click();
  assert.equal(await owners.getByRole("button", { pressed: true }).count(), 1);
  assert.ok((await settled(page)) > frames, "the picture is drawn anew");
  // It stays while the playhead moves, and other lines join it.
  await page.getByRole("button", { name: "Back", exact: true }).click();
  assert.equal((await owners.getByRole("button", { pressed: true }).innerText()).trim(), label);
  // Whoever stands on a line stands there after a move.
  await owners.getByRole("button", { pressed: true }).focus();
  await page.getByRole("button", { name: "Step", exact: true }).evaluate((button) => button.click());
  assert.equal(await owners.getByRole("button", { pressed: true }).evaluate((b) => b === document.activeElement), true);
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await owners.getByRole("button", { pressed: false, name: "free in memblock" }).click();
  assert.equal(await owners.getByRole("button", { pressed: true }).count(), 2);
  assert.deepEqual(await faults(page, "#side-step"), []);
  await owners.getByRole("button", { name: "Show all" }).click();
  assert.equal(await owners.getByRole("button", { pressed: true }).count(), 0);

  await owners.getByRole("button", { name: `Inspect ${label}: its largest range` }).click();
  await titled(page, /^page 0x/);
  assert.match(
    await side(page)
      .locator(".fields > div")
      .filter({ hasText: /^owner/ })
      .innerText(),
    new RegExp(label),
  );
  assert.ok(await title(page).evaluate((heading) => heading === document.activeElement));
  await close(page);
});

test("every field has its meaning, and every relation, bit and entry of a life its words", () => {
  const read = (file) => readFileSync(join(root, file), "utf8");
  const words = JSON.parse(read("web/page/locale/en.json")).later;
  const fields = read("core/query/fields.def");
  const rows = [...fields.matchAll(/^(?:THING|FIELD)\((\w+), (\w+),/gm)].map(([, of, name]) => `${of}.${name}`);
  assert.ok(rows.length > 100);
  const known = meanings(fields);
  assert.deepEqual(
    rows.filter((key) => !known[key]),
    [],
  );
  const sheet = read("core/query/sheet.cpp");
  const life = read("core/lab/biography.cpp").match(/names\[life_count\] = \{([^}]*)\}/)[1];
  const states = read("core/mm/mem_map.cpp").match(/names\[page_state_count\] = \{([^}]*)\}/)[1];
  const quoted = (text) => [...text.matchAll(/"(\w+)"/g)].map(([, word]) => word);
  const keys = [
    ...[...sheet.matchAll(/link(?:_region)?\("(\w+)"/g)].map(([, key]) => `relation.${key}`),
    ...[...sheet.matchAll(/relation : \{([^}]*)\}/g)].flatMap(([, list]) =>
      quoted(list).map((key) => `relation.${key}`),
    ),
    ...[...sheet.matchAll(/"(section_mem_map\.\w+)"/g)].map(([, key]) => `bits.${key}`),
    ...quoted(life).map((key) => `life.did.${key}`),
    ...quoted(states).map((key) => `life.state.${key}`),
  ];
  assert.ok(keys.length > 80, `${keys.length}`);
  assert.deepEqual(
    keys.filter((key) => !(key in words)),
    [],
  );
});
