// Where the page must work: by keyboard alone, without WebGL, below a sub-path, on a phone, in every theme.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, screenshots, sentence, settled, start, table, where } from "./lab.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let site;
before(async () => {
  site = await start();
});
after(() => site?.stop());

/** Tabs on until an element with this accessible name has focus. */
async function tabTo(page, name, most = 80) {
  for (let i = 0; i < most; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const e = document.activeElement;
      return e?.getAttribute("aria-label") ?? e?.labels?.[0]?.textContent ?? e?.textContent ?? "";
    });
    if (name.test(focused.trim())) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

test("by keyboard alone: step, change the level, jump, read a table, leave the canvas", async () => {
  const page = await open(site);
  const begin = await where(page);
  await tabTo(page, /Timeline/);
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await where(page), begin);
  await tabTo(page, /^◂ Back$/);
  await page.keyboard.press("Enter");
  assert.equal(await where(page), begin);
  await tabTo(page, /^Step ▸$/);
  await page.keyboard.press("Space");
  assert.notEqual(await where(page), begin);
  await tabTo(page, /To the handoff/);
  await page.keyboard.press("Enter");
  assert.match(await sentence(page), /buddy allocator/);
  await settled(page);
  await tabTo(page, /^free block pfn /);
  await page.keyboard.press("Enter");
  await tabTo(page, /^memory 2$/);
  await page.keyboard.press("ArrowRight");
  assert.match(await page.locator("#table-panel").textContent(), /memblock\.reserved/);
  await close(page);
});

test("by keyboard alone: through the whole boot and back", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "Back", exact: true }).focus();
  const told = new Set();
  await page.keyboard.press("Tab"); // from Back to Step
  for (let call = 18; call <= 93; ++call) {
    await page.keyboard.press("Enter");
    told.add(await sentence(page));
  }
  assert.equal(await where(page), "call 93 of 93");
  assert.ok(told.size > 30, `${told.size} different sentences`);
  await page.keyboard.press("Shift+Tab");
  for (let call = 92; call >= 0; --call) await page.keyboard.press("Enter");
  assert.equal(await where(page), "call 0 of 93");
  await close(page);
});

test("without WebGL the page says so, and the tables carry everything", async () => {
  const plain = await start({ args: ["--disable-3d-apis"] });
  const page = await open(plain);
  await page.getByText("This browser gives no WebGL2").waitFor();
  await page.getByRole("button", { name: "To the handoff" }).click();
  assert.match(await sentence(page), /buddy allocator/);
  assert.ok((await table(page, "free lists")).length > 5);
  assert.ok((await table(page, "reserved")).length > 5);
  await page.getByRole("button", { name: "Back", exact: true }).click();
  await page.screenshot({ path: join(screenshots, "no-webgl.png") });
  // A browser reports the missing WebGL itself; nothing else may go wrong.
  page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
  await close(page);
  await plain.stop();
});

test("below a sub-path", async () => {
  const deep = await start({ path: "courses/os/mmscope/" });
  const page = await open(deep);
  assert.match(await where(page), /^call 17 of /);
  await close(page);
  await deep.stop();
});

for (const [name, options, theme] of [
  ["1280x800-dark", { colorScheme: "dark" }, "dark"],
  ["1280x800-light", { colorScheme: "light" }, "light"],
  ["1280x800-contrast", {}, "contrast"],
  ["390x844-dark", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, "dark"],
  ["390x844-light", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }, "light"],
]) {
  test(`${name}: axe finds nothing, nothing is wider than the screen`, async () => {
    const page = await open(site, { ...options, reducedMotion: "reduce" });
    const menu = page.getByRole("button", { name: "Menu" });
    if (await menu.isVisible()) await menu.click();
    await page.getByRole("combobox", { name: "Theme" }).selectOption(theme);
    if (await menu.isVisible()) await page.keyboard.press("Escape");
    for (const place of ["start", "sparse", "handoff"]) {
      if (place === "sparse") await page.getByRole("slider", { name: "Timeline", exact: true }).fill("34");
      if (place === "handoff") await page.getByRole("button", { name: "To the handoff" }).click();
      // Off screen the canvas is not drawn; a full-page picture would show it as it was.
      await page.locator("#canvas-place").scrollIntoViewIfNeeded();
      await settled(page);
      await page.screenshot({ path: join(screenshots, `${name}-${place}.png`), fullPage: name.startsWith("390") });
    }
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width[0] <= width[1], `${width[0]} pixels wide on a screen of ${width[1]}`);
    // The axe script comes in through the debugging protocol, which the page's policy does not bind.
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document));
    assert.deepEqual(
      violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`),
      [],
    );
    if (await menu.isVisible()) await menu.click();
    await page.getByRole("button", { name: "Paste or drop a log" }).click();
    const dialog = await page.evaluate(() => window.axe.run(document.querySelector("dialog")));
    assert.deepEqual(
      dialog.violations.map((v) => v.id),
      [],
    );
    await close(page);
  });
}

test("on a phone one panel at a time is shown, and the tabs change it", async () => {
  const page = await open(site, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await page.getByRole("button", { name: "To the handoff" }).click();
  await page.locator("#canvas-place").scrollIntoViewIfNeeded();
  await settled(page);
  await page.getByRole("group", { name: "memblock", exact: true }).waitFor({ state: "attached" });
  await page.getByRole("radio", { name: "buddy", exact: true }).check({ force: true });
  await page.getByRole("group", { name: /^buddy/ }).waitFor({ state: "attached" });
  assert.equal(await page.getByRole("group", { name: "memblock", exact: true }).count(), 0);
  await close(page);
});
