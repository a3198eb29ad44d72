// The slab allocator made to live: a slab goes from empty to full to partial and back; each misuse has its report.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, open, screenshots, settled, start } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site?.stop();
});

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** The pane of objects at the end of the boot, the slab allocator running. */
async function objects(page) {
  await page.getByRole("tab", { name: "Allocate" }).click();
  await page.getByRole("button", { name: "Go to the end of the boot" }).click();
  const side = page.getByRole("tabpanel", { name: "Allocate" });
  await side.getByRole("radio", { name: "Objects" }).check({ force: true });
  const begin = side.getByRole("button", { name: "Call kmem_cache_init" });
  const cache = side.getByLabel("Cache", { exact: true });
  await begin.or(cache).first().waitFor();
  if (await begin.isVisible()) await begin.click();
  return {
    side,
    cache,
    said: side.getByRole("status"),
    slabs: side.locator(".slabs > li[data-state]"),
    give: side.getByRole("button", { name: "Allocate an object" }),
    report: side.getByLabel("The kernel’s report"),
    press: (name) => side.getByRole("button", { name, exact: true }).click(),
  };
}
async function create({ side }, name, size, checks) {
  const summary = side.getByText("A cache of your own");
  if (!(await side.getByLabel("Name").isVisible())) await summary.click();
  await side.getByLabel("Name").fill(name);
  await side.getByLabel("Object size").fill(size);
  await side.getByLabel("with red zones, poison and checks").setChecked(checks);
  await side.getByRole("button", { name: "Create the cache" }).click();
}

test("a slab goes from empty to full to partial, object by object; the next one is new", async () => {
  const page = await open(site);
  const desk = await objects(page);
  const { side, cache, slabs, give, said } = desk;
  await create(desk, "big_things", "1000", false);
  assert.equal(await cache.locator("option:checked").textContent(), "big_things");
  assert.match(await side.textContent(), /Objects of 1000 B in slots of 1000 B, \d+ in a slab of order \d/);
  assert.equal(await slabs.count(), 0);
  await give.click();
  assert.match(await said.textContent(), /^Object at 0x[0-9a-f]+, 1000 B: from a new slab\.$/);
  const cells = slabs.first().getByRole("group").getByRole("button");
  const n = await cells.count();
  assert.equal(await slabs.first().getAttribute("data-state"), "part");
  for (let i = 1; i < n; i++) {
    await give.click();
    assert.match(await said.textContent(), /from the CPU’s own freelist\.$/);
  }
  assert.equal(await slabs.first().getAttribute("data-state"), "full");
  assert.match(await slabs.first().textContent(), new RegExp(`${n} of ${n} in use, full; CPU 0’s slab`));
  await give.click();
  assert.equal(await slabs.count(), 2);
  assert.match(await said.textContent(), /from a new slab\.$/);
  const full = side.locator('.slabs > [data-state="full"]');
  assert.match(await full.textContent(), /on no list/);
  // Two objects of the full slab go back: it is partial, and one of the CPU's.
  await full.getByRole("button", { name: "Object 0, in use" }).click();
  await desk.press("Free");
  const partial = side.locator(".slabs > li", { hasText: "one of CPU 0’s partial slabs" });
  assert.equal(await partial.getAttribute("data-state"), "part");
  assert.match(await said.textContent(), /back on its slab’s own freelist/);
  assert.ok(
    (await side.locator(".walk button").allTextContents()).some((line) => /joins CPU 0’s partial slabs/.test(line)),
  );
  await settled(page);
  await page.screenshot({ path: `${screenshots}/objects.png` });
  // A step inside shows the slab as it was.
  await side.locator(".walk button").first().click();
  assert.match(await page.locator("#where").textContent(), /, event \d+$/);
  await side.getByRole("button", { name: "After the call" }).click();
  // The caches are counted as /proc/slabinfo does.
  await side.getByText("All caches, as /proc/slabinfo").click();
  const row = side.getByRole("row", { name: /^big_things / });
  const [objects_, , perSlab, , slabs_] = (await row.getByRole("cell").allTextContents()).slice(1);
  assert.deepEqual([objects_, perSlab, slabs_], [String(2 * n), String(n), "2"]);
  await close(page);
});

test("each misuse: its report where the kernel checks, the reason where it does not", async () => {
  const page = await open(site);
  const desk = await objects(page);
  const { side, give, report, press, slabs } = desk;
  const wrong = side.getByRole("alert");
  await create(desk, "checked", "64", true);

  // Free twice.
  await give.click();
  await press("Free");
  await press("Free it again");
  assert.match(await report.textContent(), /BUG checked .*: Object already free/);

  // To the wrong cache.
  await create(desk, "checked_2", "64", true);
  await give.click();
  await press("Free to the wrong cache");
  assert.match((await report.textContent()) || (await wrong.textContent()), /checked_2|Wrong slab cache/);

  // Past its end: the red zone tells it when the object is given back.
  await create(desk, "checked_3", "64", true);
  await give.click();
  await press("Write past its end");
  assert.ok((await side.locator(".bytes .byte-written").count()) > 0);
  await press("Free");
  assert.match(await report.textContent(), /BUG checked_3 .*Redzone overwritten/);
  await report.scrollIntoViewIfNeeded();
  await page.screenshot({ path: `${screenshots}/objects-report.png` });

  // After it was freed: the poison tells it when the object is given out again.
  await create(desk, "checked_4", "64", true);
  await give.click();
  await press("Free");
  await press("Write into it");
  for (let i = 0; i < 70 && !(await report.isVisible()); i++) await give.click();
  assert.match(await report.textContent(), /BUG checked_4 .*Poison overwritten/);

  // A cache without checks sees nothing: the call is not made, and what would have shown it is said.
  await create(desk, "blind", "64", false);
  await give.click();
  await press("Write past its end");
  if (!(await wrong.isVisible())) await press("Free");
  assert.match(`${await side.textContent()}`, /slub_debug|SLAB_RED_ZONE|red zone/);
  assert.ok((await slabs.count()) > 0);
  await close(page);
});

test("kmalloc picks the cache that fits; on a phone everything is large enough to be pressed", async () => {
  const page = await open(site, phone);
  const { side, cache, said, slabs } = await objects(page);
  await side.getByLabel("Or so many bytes, from the cache that fits").fill("100");
  await side.getByRole("button", { name: "kmalloc", exact: true }).click();
  assert.match(await said.textContent(), /^Object at 0x[0-9a-f]+, 128 B: /);
  assert.match(await cache.locator("option:checked").textContent(), /^kmalloc-128$/);
  assert.ok((await slabs.count()) > 0);
  for (const button of await side.getByRole("button").all())
    if (await button.isVisible()) {
      const { height, width } = await button.boundingBox();
      assert.ok(height >= 44 && width >= 44, `${await button.textContent()}: ${width} × ${height}`);
    }
  await page.screenshot({ path: `${screenshots}/objects-390.png` });
  // Larger than any cache: whole pages.
  await side.getByLabel("Or so many bytes, from the cache that fits").fill("20000");
  await side.getByRole("button", { name: "kmalloc", exact: true }).click();
  assert.match(await said.textContent(), /whole pages, too large for a cache/);
  await close(page);
});

test("a kernel of before SLUB says so where its first caches would be made", async () => {
  const page = await open({ browser: site.browser, url: `${site.url}#machine=pc-256m-2.6.11` });
  const { side } = await objects(page);
  await side
    .getByRole("alert")
    .filter({ hasText: /SLUB came with 2\.6\.22, and slab_init makes this kernel's SLAB$/ })
    .waitFor();
  await close(page);
});
