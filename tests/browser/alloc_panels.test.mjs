// The panels of the running allocator on the page: a request, its walk, the CPUs' lists, pageblocks and slabs, by role and
// name, with keys, on a phone, and as tables where there is no picture.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, screenshots, settled, start, table } from "./lab.mjs";

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

/** The preset at the end of its boot, and these calls behind it. */
async function running(where, calls, options = {}) {
  const page = await open({ ...where, url: `${where.url}#machine=qemu-1g` }, options);
  await page.getByRole("slider", { name: "Timeline", exact: true }).evaluate((slider) => {
    slider.value = slider.max;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  });
  await page.getByRole("tab", { name: "Script" }).click();
  await page.getByRole("combobox", { name: "Kernel call" }).evaluate(
    (input, text) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", text);
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    },
    `${calls.join("\n")}\n`,
  );
  const last = calls[calls.length - 1].split(" ")[0];
  const side = page.getByRole("tabpanel", { name: "Script" });
  await side.getByRole("status").filter({ hasText: last }).waitFor();
  return page;
}

test("a request shows its walk with the numbers that are compared, and the list that was refilled", async () => {
  const page = await running(site, ["drain_all_pages", "alloc_pages GFP_KERNEL -> p"]);
  await settled(page);
  assert.equal(
    await page.getByRole("tab", { name: "walk of a request", exact: true }).getAttribute("aria-selected"),
    "true",
  );
  await page.getByRole("button", { name: /^attempt WMARK_LOW/ }).waitFor();
  const check = page.getByRole("button", { name: "node 0 DMA32", exact: true });
  await check.waitFor();
  await page.getByRole("button", { name: "CPU 0's list was empty: refilled with 63", exact: true }).waitFor();
  await page.getByRole("button", { name: "CPU 0 order 0 Unmovable: 62 blocks", exact: true }).waitFor();
  // By keyboard: from the walk's row to its event.
  await check.focus();
  await page.keyboard.press("Enter");
  await settled(page);
  await page.screenshot({ path: join(screenshots, "alloc-walk.png") });
  await close(page);
});

test("pageblocks are one press away, walked over with keys, and kept over the next request", async () => {
  const page = await running(site, ["drain_all_pages", "alloc_pages GFP_KERNEL|__GFP_RECLAIMABLE"]);
  await page.getByRole("tab", { name: "pageblocks", exact: true }).press("Enter");
  const map = page.getByRole("slider", { name: "map of pageblocks" });
  await map.waitFor();
  await map.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await settled(page);
  assert.match(await map.getAttribute("aria-valuetext"), /^pageblock 0x/);
  await page.getByRole("button", { name: /^order 9: unusable 0\.\d{3}, extfrag −1\.000$/ }).waitFor();
  await page.screenshot({ path: join(screenshots, "alloc-pageblocks.png") });
  await close(page);
});

test("a slab is watched from the first object to a full one and back", async () => {
  const page = await running(site, [
    "kmem_cache_init",
    "kmem_cache_create things 1024 -> c",
    "kmem_cache_alloc c -> a",
  ]);
  await settled(page);
  await page.getByRole("radio", { name: "cache things", exact: true }).waitFor();
  await page.getByRole("radio", { name: /^slab 0x[0-9a-f]+, CPU 0 slab$/ }).waitFor();
  const slabs = (await table(page, "slabs")).filter((row) => row[0] === "things");
  assert.equal(slabs.length, 1);
  assert.equal(slabs[0][2], "CPU slab");
  assert.equal(slabs[0][5], "1");
  await page.screenshot({ path: join(screenshots, "alloc-slab.png") });
  await close(page);
});

for (const [name, where, options] of [
  ["without WebGL", () => plain, {}],
  ["on a phone", () => site, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
])
  test(`${name} the tables say the same: the walk in words, CPUs' lists, fragmentation`, async () => {
    const page = await running(where(), ["drain_all_pages", "alloc_pages GFP_KERNEL -> p"], options);
    const walk = await table(page, "walk of the request");
    assert.match(walk[0][1], /^An attempt: GFP_KERNEL, order 0, Unmovable, on CPU 0, zones up to Normal/);
    const check = walk.find((row) => row[9] === "enough");
    assert.ok(check, JSON.stringify(walk));
    const number = (text) => Number(text.replace(/\D/g, ""));
    assert.ok(number(check[5]) > number(check[7]) + number(check[8]));
    assert.match(walk[walk.length - 1][1], /^The request gets 0x[0-9a-f]+, order 0\.$/);
    const lists = await table(page, "CPU lists");
    assert.ok(lists.some((row) => row[4] === "0" && row[5] === "Unmovable" && row[6] === "62" && row[8] === "changed"));
    const pageblocks = await table(page, "pageblocks");
    assert.ok(pageblocks.some((row) => row[2] === "Movable" && number(row[3]) > 100));
    const fragmentation = await table(page, "fragmentation");
    assert.ok(fragmentation.some((row) => row[1] === "DMA32" && row[5] === "-1.000"));
    page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
    await close(page);
  });
