// The help overlay: what the page is, the legend, all keys, and the switch for those of a single character.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { close, open, start, where } from "./lab.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

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

for (const [name, place, options] of [
  ["1280x800", () => site, {}],
  ["390x844", () => site, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
  ["1024x768", () => site, { viewport: { width: 1024, height: 768 } }],
  ["without WebGL", () => plain, {}],
])
  test(`${name}: opens with its button, gives the focus back, axe finds nothing`, async () => {
    const page = await open(place(), options);
    const menu = page.getByRole("button", { name: "Menu" });
    const small = await menu.isVisible();
    if (small) await menu.click();
    const button = page.getByRole("button", { name: "Help" });
    await button.click();
    const dialog = page.getByRole("dialog", { name: "About this page, and its keys" });
    await dialog.waitFor();
    assert.match(await dialog.getByRole("table", { name: "Anywhere on the page" }).textContent(), /play or pause/);
    assert.equal(await dialog.getByRole("listitem").filter({ hasText: "struct pages (dotted)" }).count(), 1);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document.querySelector("dialog.help")));
    assert.deepEqual(
      violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`),
      [],
    );
    const width = await dialog.evaluate((e) => [e.scrollWidth, e.clientWidth]);
    assert.ok(width[0] <= width[1], `${width}`);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.ok(await (small ? menu : button).evaluate((e) => e === document.activeElement));
    page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
    await close(page);
  });

test("? opens it; keys of a single character can be switched off, arrows stay, and that is remembered", async () => {
  const page = await open(site);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "About this page, and its keys" });
  await dialog.waitFor();
  // No key of the page works behind the dialog.
  const begin = await where(page);
  await page.keyboard.press(".");
  assert.equal(await where(page), begin);
  await dialog.getByRole("checkbox", { name: "Keys of a single character work" }).uncheck();
  await dialog.getByRole("button", { name: "Close" }).click();
  await dialog.waitFor({ state: "hidden" });
  for (const key of ["?", ".", "g", "p", "Space"]) await page.keyboard.press(key);
  assert.equal(await dialog.isVisible(), false);
  assert.equal(await where(page), begin);
  assert.ok(await page.getByRole("group", { name: "Go to …" }).isHidden());
  await page.reload();
  await page.locator("#story[data-ready=all]").waitFor();
  await page.keyboard.press(".");
  assert.equal(await where(page), begin);
  await page.keyboard.press("ArrowRight");
  assert.equal(await where(page), "call 18 of 93");
  await page.getByRole("button", { name: "Help" }).click();
  assert.equal(await dialog.getByRole("checkbox", { name: "Keys of a single character work" }).isChecked(), false);
  await close(page);
});
