// The glossary: a page that can be filtered and linked into, and words in lessons that say what they mean where they
// stand.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, root, start, visit } from "./lab.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const go = async (path) => {
  const page = await visit({ browser: site.browser, url: `${site.home}${path}` });
  await page.locator(".terms dt").first().waitFor();
  return page;
};

async function lesson(options) {
  const page = await open({ browser: site.browser, url: `${site.url}?lesson=the-handoff` }, options);
  await page.locator("#side-lesson .term").first().waitFor();
  return page;
}

test("a term has its place, and the filter leaves what holds the words", async () => {
  const page = await go("glossary.html#vmemmap");
  const box = await page.locator("#vmemmap").boundingBox();
  assert.ok(box.y >= 0 && box.y < 200, `vmemmap is at ${box.y}`);
  const shown = () => page.locator(".terms dl > div:visible dt").allTextContents();
  const all = await shown();
  assert.ok(all.length >= 60);
  assert.deepEqual(
    [...all].sort((a, b) => a.localeCompare(b, "en", { sensitivity: "base" })),
    all,
  );
  await page.getByRole("searchbox", { name: "Show only" }).fill("SECTION usage");
  assert.deepEqual(await shown(), ["mem_section", "usage map"]);
  assert.equal(await page.locator("#found").textContent(), `2 of ${all.length} terms`);
  // A link to what is filtered away brings it back.
  await page.evaluate(() => {
    location.hash = "#zone";
  });
  await page.locator("#zone:visible").waitFor();
  assert.deepEqual(await shown(), all);
  await close(page);
});

test("each way into the lab leads to a thing that is there", async () => {
  const { terms } = JSON.parse(readFileSync(join(root, "dist/glossary/en.json"), "utf8"));
  // Those with a machine of their own leave it on show: they come last.
  const ways = [...new Set(terms.map(({ lab }) => lab).filter(Boolean))].sort(
    (a, b) => /machine=/.test(a) - /machine=/.test(b),
  );
  assert.ok(ways.length > 20);
  const page = await open(site);
  const wrong = [];
  for (const way of ways) {
    await page.evaluate((hash) => {
      document.querySelector("#message").textContent = "waits";
      location.hash = hash;
    }, way);
    // Restored: the message has been set anew.
    await page.waitForFunction(() => document.querySelector("#message").textContent !== "waits");
    const said = await page.locator("#message").textContent();
    const title = /select=/.test(way) ? await page.locator("#side-thing h2").first().textContent() : "";
    if (said || /does not exist/.test(title)) wrong.push(`${way}: ${said} ${title}`);
  }
  assert.deepEqual(wrong, []);
  await close(page);
});

test("a word in a lesson says what it means, by mouse and by keyboard", async () => {
  const page = await lesson();
  const word = page.locator("#side-lesson .term", { hasText: "buddy allocator" });
  const box = page.getByRole("dialog", { name: "buddy allocator" });
  await word.click();
  assert.match(await box.innerText(), /keeps free memory in blocks of 1, 2, 4 … pages[\s\S]*mm\/page_alloc\.c/);
  assert.equal(await word.getAttribute("aria-expanded"), "true");
  assert.match(
    await box.getByRole("link", { name: "In the glossary" }).getAttribute("href"),
    /glossary\.html#buddy-all/,
  );
  await page.mouse.click(770, 2); // the bar, where nothing is
  await box.waitFor({ state: "hidden" });
  assert.equal(await word.getAttribute("aria-expanded"), "false");

  await word.focus();
  await page.keyboard.press("Enter");
  await box.waitFor();
  const where = await page.locator("#where").textContent();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "In the glossary");
  await page.keyboard.press("Escape");
  await box.waitFor({ state: "hidden" });
  assert.ok(await word.evaluate((button) => button === document.activeElement));
  assert.equal(await page.locator("#where").textContent(), where);
  await close(page);
});

test("a word's meaning stays within the window, and axe has nothing to say", async () => {
  for (const viewport of [
    { width: 1280, height: 800 },
    { width: 390, height: 844 },
  ]) {
    const page = await lesson({ viewport, bypassCSP: true });
    for (const word of await page.locator("#side-lesson .prose .term").all()) {
      await word.scrollIntoViewIfNeeded();
      await word.click();
      const box = page.locator(".term-box:popover-open");
      const { x, y, width, height } = await box.boundingBox();
      assert.ok(x >= 0 && y >= 0 && x + width <= viewport.width && y + height <= viewport.height);
      await page.keyboard.press("Escape");
    }
    await page.locator("#side-lesson .term").first().click();
    await page.locator(".term-box:popover-open").waitFor();
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    assert.deepEqual(
      violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}`)),
      [],
    );
    await close(page);
  }
});

test("a glossary that cannot be fetched is said, and asked for again", async () => {
  const page = await lesson();
  await page.route("**/glossary/en.json", (route) => route.abort());
  const word = page.locator("#side-lesson .term").first();
  await word.click();
  await page.getByText("The glossary could not be fetched.").waitFor();
  await page.keyboard.press("Escape");
  await page.unroute("**/glossary/en.json");
  await word.click();
  await page.locator(".term-box .kernel").waitFor();
  page.problems.length = 0; // the browser's own line
  await close(page);
});
