// Asking and finding: an expression is answered, kept and asked again; words are found in the whole boot.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { close, open, sentence, start, table, where } from "./lab.mjs";

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
const side = (page) => page.getByRole("tabpanel", { name: "Ask" });
const box = (page) => side(page).getByRole("combobox", { name: "Ask, or find in the boot" });
const answer = (page) => page.locator("#ask-answer output");

async function ask(page, text) {
  await box(page).fill(text);
  await page.waitForTimeout(200);
}
async function faults(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run("#side-ask"));
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
}

for (const [name, options, which] of [
  ["at 1280×800", {}, () => site],
  ["on a phone", phone, () => site],
  ["on a tablet", { viewport: { width: 1024, height: 768 } }, () => site],
  ["without WebGL", {}, () => plain],
])
  test(`an expression is answered, kept and asked again at every move, ${name}`, async () => {
    const page = await open(which(), options);
    await page.getByRole("tab", { name: "Ask" }).click();
    assert.equal(await side(page).getByRole("listitem").getByRole("button").count(), 4);
    assert.deepEqual(await faults(page), []);
    await side(page)
      .getByRole("button", { name: /^free\(order>=3\)/ })
      .click();
    assert.equal(await answer(page).innerText(), "0");
    await side(page).getByRole("button", { name: "Keep" }).click();
    await ask(page, "memblock.reserved.cnt");
    const rows = await table(page, "reserved");
    assert.equal(await answer(page).innerText(), String(rows.length));
    await box(page).press("Enter");
    const kept = side(page).getByRole("list", { name: /^Kept/ }).getByRole("listitem");
    assert.equal(await kept.count(), 2);

    await page.getByRole("button", { name: "To the handoff" }).click();
    const lists = await table(page, "free lists");
    const blocks = lists.filter((row) => Number(row[2]) >= 3).reduce((all, row) => all + Number(row[4]), 0);
    assert.ok(blocks > 0);
    assert.match((await kept.first().innerText()).replace(/[\u202f ]/g, ""), new RegExp(`${blocks}\\b`));
    assert.deepEqual(await faults(page), []);
    await side(page).getByRole("button", { name: "Remove free(order>=3)" }).click();
    assert.equal(await kept.count(), 1);
    await close(page);
  });

test("what cannot be read is marked at its column, with what was meant", async () => {
  const page = await open(site);
  await page.getByRole("tab", { name: "Ask" }).click();
  await ask(page, "node[0].zoen[DMA32]");
  const wrong = page.locator("#ask-answer");
  assert.match(await wrong.innerText(), /Column 9: .*zone/s);
  assert.equal(await wrong.locator("mark").innerText(), "zoen");
  assert.equal(await box(page).getAttribute("aria-invalid"), "true");
  await ask(page, "sparse_init");
  assert.equal(await box(page).getAttribute("aria-invalid"), null);
  assert.equal(await answer(page).innerText(), "");
  await close(page);
});

test("the ways to go on are a listbox for arrows, Enter and Escape", async () => {
  const page = await open(site);
  await page.getByRole("tab", { name: "Ask" }).click();
  await box(page).pressSequentially("memblock.res");
  const ways = side(page).getByRole("listbox", { name: "Ways to go on" });
  await ways.waitFor();
  assert.equal(await box(page).getAttribute("aria-expanded"), "true");
  assert.deepEqual(await faults(page), []);
  await page.keyboard.press("ArrowDown");
  const chosen = ways.getByRole("option", { selected: true });
  assert.equal(await chosen.innerText(), "reserved");
  assert.equal(await box(page).getAttribute("aria-activedescendant"), await chosen.getAttribute("id"));
  await page.keyboard.press("Enter");
  assert.equal(await box(page).inputValue(), "memblock.reserved");
  await page.keyboard.type(".");
  await ways.waitFor();
  assert.ok((await ways.getByRole("option").allInnerTexts()).includes("cnt"));
  await page.keyboard.press("Escape");
  await ways.waitFor({ state: "hidden" });
  assert.equal(await box(page).inputValue(), "memblock.reserved.");
  await page.keyboard.press("Escape");
  assert.equal(await box(page).inputValue(), "");
  await close(page);
});

test("words are found in the whole boot; a find, and the next one by key, move the playhead", async () => {
  const page = await open(site);
  await page.getByRole("tab", { name: "Ask" }).click();
  await ask(page, "sparse_init");
  const found = side(page).getByRole("region", { name: "In the boot" });
  await found.getByText(/^Found /).waitFor();
  await found.getByRole("listitem").getByRole("button").first().click();
  assert.match(await sentence(page), /Sections are made/);
  assert.equal(await found.getByRole("listitem").getByRole("button").first().getAttribute("aria-current"), "step");

  await ask(page, "kind:lab_pcp_add");
  await found.getByText(/^Found \d/).waitFor();
  const total = Number((await found.getByText(/^Found \d/).innerText()).replace(/\D/g, ""));
  const finds = found.getByRole("listitem");
  assert.ok(total > 50, `${total}`);
  assert.equal(await finds.count(), 50);
  await found.getByRole("button", { name: /more$/ }).click();
  assert.equal(await finds.count(), Math.min(total, 100));
  assert.deepEqual(await faults(page), []);

  await page.getByRole("slider", { name: "Timeline", exact: true }).fill("0");
  await box(page).press("Enter");
  const first = await where(page);
  await box(page).press("Enter");
  assert.notEqual(await where(page), first);
  await box(page).press("Shift+Enter");
  assert.equal(await where(page), first);
  await found.getByRole("button", { name: "Previous" }).click();
  assert.match(await found.innerText(), /none before this moment/);
  await ask(page, "nosuchthinganywhere");
  await found.getByText("Found 0 times.").waitFor();
  await close(page);
});

test("a terabyte is searched while the page stays alive", async () => {
  const page = await open(site);
  await page.getByRole("combobox", { name: "Machine" }).selectOption("server-1t");
  await page.waitForFunction(() => document.querySelector("#busy").hidden, null, { timeout: 60_000 });
  await page.getByRole("tab", { name: "Ask" }).click();
  await ask(page, "memblock_free_all");
  await side(page)
    .getByText(/^Found /)
    .waitFor({ timeout: 30_000 });
  await side(page).getByRole("listitem").getByRole("button").last().click();
  assert.match(await sentence(page), /buddy allocator/);
  await close(page);
});

test("/ leads to the box from anywhere on the page", async () => {
  const page = await open(site);
  await page.keyboard.press("/");
  assert.ok(await box(page).evaluate((e) => e === document.activeElement));
  assert.equal(await box(page).inputValue(), "");
  await close(page);
});
