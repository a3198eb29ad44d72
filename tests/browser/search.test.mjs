// The search over lessons and glossary: on the pages around the lab, and beside what the lab finds in a boot.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, ready, root, start, visit } from "./lab.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const go = async (path, options) => {
  const page = await visit({ browser: site.browser, url: `${site.home}${path}` }, options);
  await page.waitForLoadState("networkidle");
  return page;
};
const box = (page) => page.getByRole("searchbox", { name: "Search lessons and glossary" });
const results = async (page, typed) => {
  await box(page).fill(typed);
  await page.waitForFunction((text) => document.querySelector("#search-box").value === text, typed);
  await page.waitForTimeout(400);
  return (await page.locator("#search-found a").allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
};

test("nothing of the search is loaded before it is used", async () => {
  const page = await visit({ browser: site.browser, url: "about:blank" });
  const loaded = [];
  page.on("request", (request) => loaded.push(request.url()));
  await page.goto(`${site.home}index.html`);
  await page.waitForLoadState("networkidle");
  const asked = () => loaded.some((url) => /\/search[-/]/.test(url));
  assert.equal(asked(), false);
  await results(page, "zone");
  assert.equal(asked(), true);
  await close(page);
});

test("terms and lessons are found by title, by other forms, by beginnings and with a slip of the pen", async () => {
  const page = await go("index.html");
  const first = async (typed) => (await results(page, typed))[0] ?? "";
  assert.match(await first("vmemmap"), /^vmemmap Glossary A range of virtual addresses/);
  assert.match(await first("THP"), /^huge page Glossary/);
  assert.match(await first("watermar"), /watermark Glossary/);
  assert.match(await first("migrtatetype"), /^migratetype Glossary/);
  assert.ok((await results(page, "handoff")).some((text) => /^The handoff Lesson/.test(text)));
  assert.ok((await results(page, "memblock_free_all")).some((text) => /Lesson/.test(text)));
  const many = await results(page, "memory");
  assert.ok(many.length <= 10 && many.some((m) => /Glossary/.test(m)) && many.some((m) => /Lesson/.test(m)));
  assert.deepEqual(await results(page, "qqqqzzzz"), []);
  assert.equal(await page.locator("#search-found [role=status]").textContent(), "Nothing found.");
  await close(page);
});

test("each result leads to its place", async () => {
  const page = await go("course.html");
  await results(page, "usage map");
  await page.locator("#search-found a").first().click();
  await page.waitForURL(/glossary\.html#usage-map$/);
  await page.locator("#usage-map.named").waitFor();
  await results(page, "handoff");
  const lesson = page.locator("#search-found a", { hasText: "Lesson" }).first();
  const [, id, step] = (await lesson.getAttribute("href")).match(/^\.\/lab\.html\?lesson=([\w-]+)&step=([\w-]+)$/);
  const index = JSON.parse(readFileSync(join(root, "dist/lessons/index.json"), "utf8"));
  const { folder } = index.find((one) => one.id === id);
  const { steps } = JSON.parse(readFileSync(join(root, `dist/lessons/${folder}/lesson.json`), "utf8"));
  assert.ok(steps.some((one) => one.id === step));
  await close(page);
});

test("the search works by keyboard alone, and Escape puts it away", async () => {
  const page = await go("index.html");
  await box(page).focus();
  await page.keyboard.type("zonelist");
  await page.locator("#search-found a").first().waitFor();
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute("href"));
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "./glossary.html#zonelist");
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(), "search-box");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "search-box");
  assert.ok(await page.locator("#search-found").isHidden());
  await page.keyboard.type("s");
  await page.locator("#search-found").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/glossary\.html#zonelist$/);
  await close(page);
});

for (const width of [1280, 390])
  test(`results stay within a window of ${width}, and axe has nothing to say`, async () => {
    const page = await go("index.html", { viewport: { width, height: 800 }, bypassCSP: true });
    await results(page, "memory");
    const { x, width: wide } = await page.locator("#search-found").boundingBox();
    assert.ok(x >= 0 && x + wide <= width);
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(
      violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}`)),
      [],
    );
    await close(page);
  });

test("what cannot be loaded is said, and asked for again", async () => {
  const page = await go("index.html");
  await page.route("**/search/en.json", (route) => route.abort());
  await results(page, "zone");
  assert.equal(await page.locator("#search-found [role=status]").textContent(), "The search could not be loaded.");
  await page.unroute("**/search/en.json");
  assert.match((await results(page, "zones"))[0], /Glossary/);
  page.problems.length = 0; // the browser's own line
  await close(page);
});

test("in the lab, words find what there is to read beside what happens in the boot", async () => {
  const page = await open(site);
  await page.getByRole("tab", { name: "Ask" }).click();
  await page.locator("#ask-box").fill("sparse_init");
  const reads = page.getByRole("region", { name: "To read" });
  await reads.getByRole("link").first().waitFor();
  assert.match(await reads.getByRole("link").first().getAttribute("href"), /lab\.html\?lesson=/);
  await page.locator("#ask-box").fill("zonelist");
  await reads.getByRole("button", { name: "zonelist", exact: true }).click();
  assert.match(await page.getByRole("dialog", { name: "zonelist" }).innerText(), /the nearest first/);
  await page.keyboard.press("Escape");
  // An expression is no word.
  await page.locator("#ask-box").fill("free(order>=3)");
  await reads.waitFor({ state: "hidden" });
  await page.locator("#ask-box").fill("0x1000");
  await page.waitForTimeout(500);
  assert.ok(await reads.isHidden());
  await ready(page);
  await close(page);
});
