// The page allocator made to live: pages asked for and given back by click, by command and by keyboard; the way of a
// request read and stepped into; a steal, a refusal, misuse.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, open, screenshots, sentence, settled, start, where } from "./lab.mjs";

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

/** The side at the end of the boot. */
async function allocate(page) {
  await page.getByRole("tab", { name: "Allocate" }).click();
  await page.getByRole("button", { name: "Go to the end of the boot" }).click();
  const side = page.getByRole("tabpanel", { name: "Allocate" });
  await side.getByRole("button", { name: "Allocate", exact: true }).first().waitFor();
  return {
    side,
    boot: await bootOf(page),
    gfp: side.getByRole("combobox", { name: "What it may do (gfp flags)" }),
    order: side.getByLabel("Order (size)"),
    make: side.getByRole("button", { name: "Allocate", exact: true }).first(),
    said: side.getByRole("status"),
    walk: side.locator(".walk button"),
    blocks: side.locator("[data-block]"),
  };
}
/** So many calls is the boot, at whose end the page stands. */
async function bootOf(page) {
  const [, call, calls] = /^call (\d+) of (\d+)$/.exec(await where(page));
  assert.equal(call, calls);
  return Number(calls);
}
/** Calls typed on the side "Script". */
async function script(page, lines) {
  await page.getByRole("tab", { name: "Script" }).click();
  await page.getByRole("combobox", { name: "Kernel call" }).evaluate(
    (input, data) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData("text", data);
      input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    },
    `${lines.join("\n")}\n`,
  );
}
function withoutWebgl(page) {
  page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
}
const texts = async (locator) => (await locator.allTextContents()).map((text) => text.trim());

for (const [name, where_, options] of [
  ["1280x800", () => site, {}],
  ["390x844", () => site, phone],
  ["without WebGL", () => plain, {}],
])
  test(`${name}: a block is asked for, read about, and given back`, async () => {
    const page = await open(where_(), options);
    await page.getByRole("tab", { name: "Allocate" }).click();
    const early = page.getByRole("tabpanel", { name: "Allocate" });
    await early.getByText("memblock has not handed memory over").waitFor();
    const { boot, said, make, walk, blocks, side } = await allocate(page);
    // What the boot gave back last waits on the CPU's list: without it the list is empty.
    await side.getByText("More calls").click();
    await side.getByRole("button", { name: "Drain all CPUs’ lists" }).click();
    await make.click();
    await said.filter({ hasText: /^Block 0x[0-9a-f]+ of zone DMA32, 4 KiB: from CPU 0’s list/ }).waitFor();
    assert.equal(await where(page), `call ${boot + 2} of ${boot + 2}`);
    const pfn = /Block (0x[0-9a-f]+)/.exec(await said.textContent())[1];
    assert.match(await sentence(page), new RegExp(`^4 KiB are asked for with GFP_KERNEL: block ${pfn} `));
    const lines = await texts(walk);
    assert.match(lines[0], /^An attempt at zone Normal and below, list Unmovable: .* low watermark/);
    assert.match(
      lines[1],
      /^Node 0, zone DMA32: [\d\u202f]+ usable pages, more than [\d\u202f]+ \+ 0 reserved\. It may give\.$/,
    );
    assert.ok(
      lines.some((line) => /^CPU 0’s list was empty: a batch of 63 blocks of order 0/.test(line)),
      lines.join("\n"),
    );
    assert.match(lines.at(-2), new RegExp(`^Block ${pfn} \\(4 KiB\\) of zone DMA32 is handed out`));

    // A line moves the playhead into the call, and the list stays.
    await walk.nth(1).click();
    assert.match(await where(page), new RegExp(`^call ${boot + 2} of ${boot + 2}, event \\d+$`));
    assert.equal(await walk.nth(1).getAttribute("aria-current"), "step");
    assert.equal(await sentence(page), lines[1]);
    assert.equal(await blocks.count(), 0); // nobody's yet
    await side.getByRole("button", { name: "After the call" }).click();
    assert.equal(await blocks.count(), 1);
    assert.match(await blocks.first().textContent(), /order 0 · DMA32 · GFP_KERNEL · CPU 0/);
    if (options.isMobile)
      for (const button of await side.getByRole("button").all())
        if (await button.isVisible()) {
          const { height } = await button.boundingBox();
          assert.ok(height >= 44, `${await button.textContent()}: ${height}`);
        }
    await settled(page);
    await page.screenshot({ path: `${screenshots}/allocate-${name.replaceAll(" ", "-")}.png` });

    await blocks.getByRole("button", { name: /^Free 4 KiB at 0x/ }).click();
    await said.filter({ hasText: `Block ${pfn} waits on CPU 0’s list` }).waitFor();
    assert.equal(await blocks.count(), 0);
    // The last in is the first out.
    await make.click();
    await said.filter({ hasText: `Block ${pfn} of zone DMA32, 4 KiB: straight from CPU 0’s list.` }).waitFor();
    withoutWebgl(page);
    await close(page);
  });

test("by keyboard alone: flags are completed, the order chosen, the block freed, and freed twice", async () => {
  const page = await open(site);
  await page.keyboard.press("m");
  await page.getByRole("button", { name: "Go to the end of the boot" }).waitFor();
  await page.waitForFunction(() => document.activeElement?.textContent === "Go to the end of the boot");
  await page.keyboard.press("Enter");
  const side = page.getByRole("tabpanel", { name: "Allocate" });
  await page.waitForFunction(() => document.activeElement?.id === "alloc-gfp");
  const boot = await bootOf(page);
  await page.keyboard.press("Control+A");
  await page.keyboard.type("nofs");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.keyboard.type("|__gfp_ze");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.match(
    await side.locator("#alloc-gfp-about").textContent(),
    /must not call a file system; zeroed; zone Normal/,
  );
  await page.keyboard.press("Tab");
  for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const said = side.getByRole("status");
  await said.filter({ hasText: /of zone DMA32, 64 KiB/ }).waitFor();
  assert.match(await side.locator("[data-block]").textContent(), /order 4 · DMA32 · GFP_NOFS\|__GFP_ZERO/);
  await side.getByRole("button", { name: /^Free 64 KiB/ }).press("Enter");
  await said
    .filter({ hasText: /^Block 0x[0-9a-f]+ is (free and has merged \d+ times|back on the free lists)\.$/ })
    .waitFor();
  await side.getByRole("button", { name: "Free it once more" }).press("Enter");
  const wrong = side.getByRole("alert");
  await wrong.filter({ hasText: /^double free: page \d+ is free already, in block \d+ of order \d+\./ }).waitFor();
  assert.match(await wrong.textContent(), /BUG: Bad page state/);
  assert.equal(await where(page), `call ${boot + 2} of ${boot + 2}`); // it was not made
  // Flags that do not go together are said to be wrong before anything is asked.
  await side.getByRole("combobox", { name: /gfp flags/ }).fill("GFP_DMA|GFP_DMA32");
  assert.match(await side.locator("#alloc-gfp-about").textContent(), /do not go together/);
  await side.getByRole("combobox", { name: /gfp flags/ }).press("Escape");
  await side.getByRole("combobox", { name: /gfp flags/ }).press("Enter");
  assert.equal(await where(page), `call ${boot + 2} of ${boot + 2}`);
  await close(page);
});

test("inside a steal: what was empty, what was taken, how the pageblock was judged, and who owns it now", async () => {
  const page = await open(site);
  const { gfp, make, walk, side } = await allocate(page);
  // Nothing large is left in zone DMA, and nothing unmovable.
  const movable = "alloc_pages GFP_DMA|__GFP_MOVABLE order=";
  await script(page, [`${movable}10`, `${movable}10`, `${movable}10`, `${movable}8`, "alloc_pages GFP_DMA order=8"]);
  await page.getByRole("tab", { name: "Allocate" }).click();
  assert.equal(await side.locator("[data-block]").count(), 5);
  await gfp.fill("GFP_DMA");
  await gfp.press("Escape");
  await make.click();
  const lines = await texts(walk);
  const at = lines.findIndex((line) => line.startsWith("No block Unmovable is left."));
  assert.ok(at > 0, lines.join("\n"));
  assert.match(lines[at], /Block 0x[0-9a-f]+ of order 8 is stolen from Movable, with all free pages of its pageblock/);
  assert.match(lines[at], /The pageblock is Unmovable now\.$/);
  const judged = lines.findIndex((line) => line.startsWith("The pageblock of 0x"));
  const [, free, alike, sum] =
    /: (\d+) free pages and (\d+) alike make (\d+), at least half of it \(256\): it changes from Movable to Unmovable\.$/.exec(
      lines[judged],
    );
  assert.equal(Number(free), 256);
  assert.equal(Number(free) + Number(alike), Number(sum));
  // Each part can be stood on: before the steal the pageblock is movable, behind it it is not.
  const pageblock = () => page.evaluate(() => document.querySelector("#sentence").textContent);
  await walk.nth(judged).click();
  assert.equal(await pageblock(), lines[judged]);
  await walk.nth(at).click();
  assert.equal(await pageblock(), lines[at]);
  const cut = lines.findIndex((line) => /of order 8 is cut down to order 0/.test(line));
  assert.ok(cut > at, lines.join("\n"));
  await walk.nth(cut).click();
  assert.match(await where(page), /, event \d+$/);
  await page.screenshot({ path: `${screenshots}/allocate-steal.png` });

  // What is left is in crumbs: a large request is refused, and told why, zone by zone.
  await side.getByRole("button", { name: "After the call" }).click();
  await side.getByLabel("Order (size)").selectOption("8");
  await make.click();
  await side
    .getByRole("status")
    .filter({ hasText: /^Refused: no zone may give 1 MiB to GFP_DMA\.$/ })
    .waitFor();
  const why = side.locator(".walk-why").first();
  // (The steal has boosted the zone's watermarks, so no smaller order would do either.)
  assert.match(await why.textContent(), /Why, zone by zoneNode 0, zone DMA: \d+ more free pages are needed\./);
  assert.match(await why.textContent(), /What would have helpedother zones: without __GFP_DMA/);
  assert.match(await sentence(page), /^GFP_DMA is refused/);
  assert.ok((await texts(walk)).some((line) => line.startsWith("No zone may give: the slow path begins")));
  await why.scrollIntoViewIfNeeded();
  await page.screenshot({ path: `${screenshots}/allocate-refused.png` });
  await close(page);
});

test("a zone of pair bitmaps beside the machine: a refusal still speaks of the machine's own zones", async () => {
  const page = await open({ browser: site.browser, url: `${site.url}#machine=tiny-128m` });
  const { side, order, gfp, make, said } = await allocate(page);
  await script(page, ["pair_buddy_init 16 5", ...Array(30).fill("alloc_pages GFP_KERNEL order=10")]);
  await page.getByRole("tab", { name: "Allocate" }).click();
  await gfp.fill("GFP_KERNEL");
  await gfp.press("Escape");
  await order.selectOption("10");
  await make.click();
  await said.filter({ hasText: /^Refused: no zone may give 4 MiB to GFP_KERNEL\.$/ }).waitFor();
  const why = await side.locator(".walk-why").first().textContent();
  assert.match(why, /Node 0, zone DMA32: its \d[^;]* usable pages are scattered; the largest free block has order 9\./);
  assert.match(why, /Node 0, zone DMA: /);
  await close(page);
});

test("a block has references, is cut, is let to reclaim; many at once; drained; freed all", async () => {
  const page = await open(site);
  const { side, order, make, blocks, said } = await allocate(page);
  await order.selectOption("2");
  await make.click();
  const block = blocks.first();
  await block.getByRole("button", { name: /^split_page/ }).click();
  assert.equal(await blocks.count(), 4);
  await block.getByRole("button", { name: /^get_page/ }).click();
  assert.match(await block.textContent(), /2 references/);
  await block.getByRole("button", { name: /^Free/ }).click();
  assert.equal(await blocks.count(), 4);
  assert.doesNotMatch(await block.textContent(), /references/);
  await blocks
    .nth(1)
    .getByRole("button", { name: /^folio_add_lru/ })
    .click();
  assert.match(await blocks.nth(1).textContent(), /reclaim may free it/);
  await side.getByText("More calls").click();
  await side.getByLabel("Single pages at once").fill("40");
  await side.getByLabel("Single pages at once").press("Enter");
  await said.filter({ hasText: "40 pages." }).waitFor();
  assert.equal(await blocks.count(), 44);
  await side.getByLabel("Exactly so many bytes").fill("12K");
  await side.getByLabel("Exactly so many bytes").press("Enter");
  assert.equal(await blocks.count(), 47);
  await side.getByRole("button", { name: "Free all" }).click();
  assert.equal(await blocks.count(), 0);
  await side.getByRole("button", { name: "Drain all CPUs’ lists" }).click();
  assert.match(
    await side.locator(".walk button").first().textContent(),
    /^CPU 0’s list, which may hold [\d\u202f]+ pages, gives [\d\u202f]+ back to the free lists/,
  );
  assert.equal(await side.getByLabel("CPU (its pages)").locator("option").textContent(), "0: 0 pages");
  await side.getByLabel("Isolate the pageblock of page").fill("0x8000");
  await side.getByRole("button", { name: "Isolate", exact: true }).click();
  await side.getByRole("button", { name: "Isolate", exact: true }).click();
  assert.match(await side.getByRole("alert").textContent(), /isolated already/);
  await close(page);
});

test("a block of one's own is freed where it is inspected; its page has a life after the boot; misuse is told", async () => {
  const page = await open(site);
  const { gfp, order, make, blocks } = await allocate(page);
  await gfp.fill("GFP_KERNEL|__GFP_COMP");
  await gfp.press("Escape");
  await order.selectOption("3");
  await make.click();
  const pfn = /(0x[0-9a-f]+)/.exec(await blocks.first().textContent())[1];
  await script(page, ["# a tail page is nobody's to free", `free_pages 0x${(Number(pfn) + 1).toString(16)}`]);
  const wrong = page.getByRole("tabpanel", { name: "Script" }).getByRole("alert");
  assert.match(await wrong.textContent(), /a tail page\. Its compound_head is meant/);
  await page.getByRole("tab", { name: "Allocate" }).click();
  await blocks.first().getByRole("button", { name: /^Show/ }).click();
  const thing = page.getByRole("tabpanel", { name: "Thing" });
  await thing.getByRole("button", { name: "Follow this page" }).click();
  await thing.getByText(`It is allocated: a request with GFP_KERNEL|__GFP_COMP gets its block of order 3.`).waitFor();
  await thing.getByRole("button", { name: /◂/ }).first().click();
  await thing.getByRole("button", { name: `Free block ${pfn}` }).click();
  await thing.getByText(`A reference to block ${pfn} is gone`).waitFor();
  assert.equal(await thing.getByRole("button", { name: `Free block ${pfn}` }).isVisible(), false);
  await page.getByRole("tab", { name: "Allocate" }).click();
  assert.equal(await blocks.count(), 0);
  await close(page);
});

test("a workload runs, is paused, and is gone back over; its figures are those of the place", async () => {
  const page = await open(site);
  const { boot, side } = await allocate(page);
  await side.getByRole("radio", { name: "Workload" }).check({ force: true });
  const said = side.getByRole("status");
  await said.filter({ hasText: "Nothing runs yet." }).waitFor();
  await side.getByLabel("What runs").selectOption("fragment");
  await side.getByRole("button", { name: /^1.000 calls$/ }).click();
  await said.filter({ hasText: /^1\u202f000 calls, \d+ refused, / }).waitFor();
  assert.match(await sentence(page), /^1000 calls of the workload fragment, seed 1: \d+ requests are refused/);
  const first = await side.locator(".load-zones").textContent();
  await side.getByRole("button", { name: "Run" }).click();
  await said.filter({ hasText: /^\d\d\u202f000 calls, / }).waitFor();
  await side.getByRole("button", { name: "Pause" }).click();
  const end = await said.textContent();
  await page.waitForTimeout(200);
  assert.equal(await said.textContent(), end);
  assert.notEqual(await side.locator(".load-zones").textContent(), first);
  await page.screenshot({ path: `${screenshots}/workload.png` });
  // Back to the first thousand, and to the end again.
  await page.locator("#timeline").fill(String(boot + 1));
  await said.filter({ hasText: /^1\u202f000 calls, / }).waitFor();
  assert.equal(await side.locator(".load-zones").textContent(), first);
  await page.locator("#timeline").press("End");
  await said.filter({ hasText: end }).waitFor();
  // What cannot be run says why.
  await side.getByLabel("Seed").fill("many");
  await side.getByRole("button", { name: "Run" }).click();
  await side.getByRole("alert").waitFor();
  await close(page);
});

test("2.4: a request walks over the zones, their marks add up; what it got is given back", async () => {
  const page = await open({ browser: site.browser, url: `${site.url}#machine=pc-256m-2.4.22` });
  const { side, boot, gfp, order, make, said, walk, blocks } = await allocate(page);
  // The picture has the zones, and their lists order by order.
  await page.getByRole("button", { name: /^order 9 Normal: 117 free blocks/ }).waitFor();
  assert.equal(await side.getByText("More calls").isVisible(), false); // there are no CPUs' lists to drain
  await gfp.fill("GFP_HIGHUSER");
  await gfp.press("Escape");
  await side.getByText(/; zone Normal and below$/).waitFor(); // and no list of a type
  await order.selectOption("3");
  await make.click();
  await said.filter({ hasText: /^Block 0x[0-9a-f]+ of zone Normal, 32 KiB: / }).waitFor();
  // Where other machines show their CPUs' lists there are the zones, which this one has no more than.
  const facts = /present 61408, free 60 629, min 255 low 510 high 765/;
  await page.getByRole("button", { name: "node 0 zone Normal", description: facts }).waitFor();
  assert.equal(await page.getByRole("tab", { name: "pageblocks", exact: true }).isVisible(), false);
  const lines = await texts(walk);
  assert.match(lines[0], /^An attempt at zone Normal and below: more pages than the low watermarks of all zones/);
  assert.match(
    lines[1],
    /^Zone Normal: [\d\u202f]+ pages besides these, more than its own 510 and 0 for the zones before/,
  );
  await blocks.getByText(/order 3 · Normal · GFP_HIGHUSER/).waitFor();
  await settled(page);
  await page.screenshot({ path: `${screenshots}/allocate-2.4.png` });

  // More than the zones have in one block, from DMA alone.
  await gfp.fill("GFP_DMA");
  await gfp.press("Escape");
  await order.selectOption("9");
  for (let i = 0; i < 8; i++) await make.click();
  await said.filter({ hasText: /^Refused: no zone may give 2 MiB to GFP_DMA/ }).waitFor();
  const refused = await texts(walk);
  assert.ok(
    refused.some((line) => /^kswapd of node 0 is woken/.test(line)),
    refused.join("\n"),
  );
  assert.ok(refused.some((line) => /^Zone DMA: /.test(line)));
  await side.getByText("What would have helped").waitFor();

  // Nothing remembers how large a block was: the call says it.
  const had = await blocks.count();
  await side.getByRole("button", { name: /^Free 32 KiB at 0x/ }).click();
  await said.filter({ hasText: /^Block 0x[0-9a-f]+ is (free and has merged|back on the free lists)/ }).waitFor();
  assert.equal(await blocks.count(), had - 1);
  assert.ok(Number(/^call (\d+)/.exec(await where(page))[1]) > boot);
  await close(page);
});
