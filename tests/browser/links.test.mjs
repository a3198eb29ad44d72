// Links: what is on the screen comes back exactly, in another window; whatever is wrong with one is said by name.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { capture, close, open, ready, sentence, start, where } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(() => site?.stop());

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const at = (fragment) => ({ browser: site.browser, url: `${site.url}${fragment}` });
const message = (page) => page.locator("#message").textContent();
const unpacked = async (page) => {
  const url = await page.evaluate(() => location.href);
  const { inflateRawSync } = await import("node:zlib");
  const packed = new URL(url).hash.replace(/^#s=z/, "");
  return JSON.parse(inflateRawSync(Buffer.from(packed, "base64url")));
};

async function copyLink(page) {
  const menu = page.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole("button", { name: "Link to this step" }).click();
  await page.getByRole("status").filter({ hasText: "The link to this step is copied" }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

for (const [name, options] of [
  ["1280x800", {}],
  ["390x844", phone],
  ["1024x768", { viewport: { width: 1024, height: 768 } }],
])
  test(`${name}: machine, branch, position, view and bookmarks come back`, async () => {
    const permissions = ["clipboard-read", "clipboard-write"];
    const page = await open(
      at("#machine=qemu-1g&after=sparse_init&panel=buddy&select=section[3]&from=0x1000000&to=0x3000000"),
      {
        ...options,
        permissions,
      },
    );
    assert.equal(await page.getByRole("combobox", { name: "Machine" }).inputValue(), "qemu-1g");
    await page.getByRole("tab", { name: "Script" }).click();
    const input = page.getByRole("combobox", { name: "Kernel call" });
    for (const line of ["memblock_alloc_range_nid 64K 4K 0 0 nid=0 -> a", "memblock_phys_free a+0x1000 4K"]) {
      await input.fill(line);
      await input.press("Escape");
      await input.press("Enter");
    }
    await page.getByRole("button", { name: "Go to …" }).click();
    await page.getByRole("textbox", { name: "Note" }).fill("hier: 移交");
    await page.getByRole("button", { name: "Add bookmark" }).click();
    await page.keyboard.press("Escape");
    await page.getByRole("combobox", { name: "by" }).selectOption("event");
    for (let i = 0; i < 2; i++) await page.getByRole("button", { name: "Back", exact: true }).click();
    const link = await copyLink(page);
    assert.equal(link, page.url());
    const state = await unpacked(page);
    assert.equal(state.branch.calls.length, 2);
    assert.equal(state.select, "section[3]");
    assert.equal(state.panel, "buddy");
    assert.deepEqual(state.axis, [0x1000000, 0x3000000]);
    assert.equal(state.marks[0].note, "hier: 移交");
    const [place, told] = [await where(page), await sentence(page)];
    assert.match(place, /, event \d+$/);
    await close(page);

    const other = await open({ browser: site.browser, url: link }, { ...options, permissions });
    assert.equal(await where(other), place);
    assert.equal(await sentence(other), told);
    assert.equal(await copyLink(other), link); // all that the link holds is on the screen again
    await close(other);
  });

test("what a link selects is on show when the page is there, not a picture later", async () => {
  // A press that comes between the two would be undone.
  const page = await open(site);
  await page.addInitScript(() => {
    new MutationObserver((changes, observer) => {
      const story = document.getElementById("story");
      if (story?.dataset.ready !== "all") return;
      observer.disconnect();
      window.sideThen = story.dataset.side;
    }).observe(document, { attributes: true, subtree: true, attributeFilter: ["data-ready"] });
  });
  await page.goto("about:blank");
  await page.goto(at("#machine=qemu-1g&after=sparse_init&select=section[3]").url);
  await ready(page);
  assert.equal(await page.evaluate(() => window.sideThen), "thing");
  await close(page);
});

test("a log of one's own travels as a script of calls", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const page = await open(site, { permissions });
  await page.getByRole("button", { name: "Paste or drop a log" }).click();
  await page.getByRole("textbox", { name: "Kernel log (dmesg)" }).fill(capture("x64-6.1-512M"));
  await page.getByRole("button", { name: "Boot this log" }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "To the handoff" }).click();
  const told = await sentence(page);
  const link = await copyLink(page);
  await close(page);
  const other = await open({ browser: site.browser, url: link }, { permissions });
  await other.getByRole("status").filter({ hasText: "What the kernel itself answered is not in the link" }).waitFor();
  assert.equal(await sentence(other), told);
  assert.equal(await other.locator("#message").isVisible(), false);
  await close(other);
});

test("where nothing can be copied, the link is shown selected", async () => {
  const page = await open(site);
  await page.evaluate(() => {
    Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("no")) } });
  });
  await page.getByRole("button", { name: "Link to this step" }).click();
  const dialog = page.getByRole("dialog", { name: "Link to this step" });
  assert.equal(await dialog.getByRole("textbox").inputValue(), page.url());
  assert.equal(await page.evaluate(() => document.activeElement.selectionEnd), page.url().length);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await close(page);
});

test("a machine too large for a link says so", async () => {
  const page = await open(site);
  const lines = Array.from(
    { length: 9000 },
    (_, i) => `memblock_reserve ${(i * 2654435761) % 2 ** 30} ${1 + ((i * 40503) % 65536)}`,
  );
  const state = { v: 1, machine: { script: `memblock_add 0 1G\n${lines.join("\n")}`, title: "many" } };
  const fragment = `#s=z${deflateRawSync(JSON.stringify(state)).toString("base64url")}`;
  await page.evaluate((hash) => {
    location.hash = hash;
  }, fragment);
  await page.waitForFunction(() => /too large/.test(document.querySelector("#message").textContent));
  assert.match(await message(page), /64 kB is the most/);
  await close(page);
});

const plain = (value) => `#s=p${Buffer.from(JSON.stringify({ v: 1, ...value })).toString("base64url")}`;
for (const [name, fragment, said] of [
  ["a link cut off", "#s=zq1bKL1WyUjKs", /damaged or cut off/],
  ["a newer version", `#s=p${Buffer.from('{"v":7}').toString("base64url")}`, /newer version of this page \(format 7\)/],
  ["an unknown part", "#machne=qemu-1g", /part “machne”/],
  ["an unknown machine", "#machine=pdp-11", /no machine “pdp-11”\. There are: x64-6\.1-1G, .*qemu-1g/],
  ["a call beyond the boot", "#call=4711", /no call 4711 in this boot of 93 calls/],
  ["an event that a call does not have", "#call=41&event=999999", /no call 41, event 999999/],
  ["a function that is never called", "#after=start_kernel_thread", /never calls start_kernel_thread/],
  ["a thing that is not there", "#call=17&select=node[7]", /no node\[7\] at this step/],
  [
    "a branch with a call that cannot be made",
    plain({ branch: { fork: 17, calls: ["memblock_explode"] } }),
    /Its own call 1 .*memblock_explode/,
  ],
  [
    "a script that cannot be read",
    plain({ machine: { script: "memblock_add 0 1G\nboom", title: "" } }),
    /line 2 of its machine/,
  ],
])
  test(`${name} is named, and the page goes on`, async () => {
    const page = await open(at(fragment));
    assert.match(await message(page), said);
    const before = await where(page);
    await page
      .getByRole("button", { name: "Step", exact: true })
      .or(page.getByRole("button", { name: "Back", exact: true }))
      .first()
      .click();
    assert.notEqual(await where(page), before);
    // A right one into the same address bar, and the message is gone.
    await page.evaluate(() => {
      location.hash = "#machine=qemu-1g&after=memblock_free_all";
    });
    await page.waitForFunction(() => /buddy allocator/.test(document.querySelector("#sentence").textContent));
    assert.equal(await page.locator("#message").isVisible(), false);
    await close(page);
  });

test("a link by hand: call, event and panel, as a teacher writes it", async () => {
  const page = await open(at("#call=41&event=3&focus=timeline"));
  await ready(page);
  assert.match(await where(page), /^call 41 of 93, event 3$/);
  await page.getByRole("button", { name: "View", exact: true }).click();
  assert.ok(await page.getByRole("radio", { name: "timeline", exact: true }).last().isChecked());
  await close(page);
});
