// Kernel calls of one's own: completion, errors in place, results, branches, history, several lines at once.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, open, start, table, where } from "./lab.mjs";

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

async function script(page) {
  await page.getByRole("tab", { name: "Script" }).click();
  return {
    input: page.getByRole("combobox", { name: "Kernel call" }),
    side: page.getByRole("tabpanel", { name: "Script" }),
    options: page.getByRole("option"),
  };
}
async function paste(page, text) {
  await page.getByRole("combobox", { name: "Kernel call" }).evaluate((input, data) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text", data);
    input.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, text);
}
/** A browser reports the missing WebGL itself; nothing else may go wrong. */
function withoutWebgl(page) {
  page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
}

for (const [name, where_, options] of [
  ["1280x800", () => site, {}],
  ["390x844", () => site, phone],
  ["1024x768", () => site, { viewport: { width: 1024, height: 768 } }],
  ["without WebGL", () => plain, {}],
])
  test(`${name}: a call is completed by keyboard, made, seen in the tables, and left again`, async () => {
    const page = await open(where_(), options);
    const past = await where(page);
    const { input, side, options: list } = await script(page);
    await input.pressSequentially("memblock_reser");
    await list.filter({ hasText: /^memblock_reserve/ }).waitFor();
    assert.equal(await input.getAttribute("aria-expanded"), "true");
    await input.press("ArrowDown");
    const active = await input.getAttribute("aria-activedescendant");
    assert.equal(await page.locator(`#${active}`).getAttribute("aria-selected"), "true");
    await input.press("Enter");
    assert.equal(await input.inputValue(), "memblock_reserve ");
    assert.equal(await input.getAttribute("aria-expanded"), "false");
    // The signature says which argument is next, and a screen reader hears it as the input's description.
    assert.match(await page.locator("#call-hint strong").textContent(), /^base: /);
    assert.match(await input.getAttribute("aria-describedby"), /call-hint/);

    await input.pressSequentially('0x8000000 4M owner="of mine"');
    await input.press("Enter");
    await side
      .getByRole("status")
      .filter({ hasText: /^Call 18: memblock_reserve 0x8000000 / })
      .waitFor();
    assert.equal(await where(page), "call 18 of 18");
    const branch = side.getByRole("button", { name: /^Branch 1, from call 18 / });
    assert.equal(await branch.getAttribute("aria-current"), "true");
    const reserved = await table(page, "reserved");
    assert.ok(
      reserved.some((row) => row[1] === "0x08000000" && row.includes("of mine")),
      JSON.stringify(reserved),
    );

    await side.getByRole("button", { name: "Back to the recorded past" }).click();
    assert.equal(await where(page), past);
    assert.ok(!(await table(page, "reserved")).some((row) => row[1] === "0x08000000"));
    await branch.click();
    assert.equal(await where(page), "call 17 of 18");
    withoutWebgl(page);
    await close(page);
  });

test("what cannot be read or made is marked in its place, and nothing changes", async () => {
  const page = await open(site);
  const { input, side } = await script(page);
  const before = await where(page);
  await input.fill("memblock_resrve 1 2");
  await page.getByRole("button", { name: "Make" }).click();
  assert.match(await side.getByRole("alert").textContent(), /Column 1: .*did you mean 'memblock_reserve'\?/);
  assert.equal(await side.getByRole("alert").locator("mark").textContent(), "memblock_resrve");
  assert.equal(await input.getAttribute("aria-invalid"), "true");
  await input.fill("memblock_reserve 4K zwölf");
  await input.press("Enter");
  assert.match(await side.getByRole("alert").textContent(), /Column 21: /);
  assert.equal(await side.getByRole("alert").locator("mark").textContent(), "zwölf");
  await input.fill("");
  await input.press("Enter");
  assert.match(await side.getByRole("alert").textContent(), /no call yet/);
  assert.equal(await where(page), before);
  assert.equal(await side.getByRole("button", { name: /^Branch/ }).count(), 0);
  await close(page);
});

test("several lines stop at the first error and say which; a result has a name; the history is kept", async () => {
  const page = await open(site);
  let { input, side } = await script(page);
  await paste(
    page,
    "memblock_alloc_range_nid 64K 4K 0 0 nid=0 -> a\n# a comment\nmemblock_phys_free a 4K\nmemblock_phys_free b 4K\nmemblock_reserve 0 4K\n",
  );
  assert.match(await side.getByRole("alert").textContent(), /Line 4, column \d+: .*'b'/);
  assert.equal(await input.inputValue(), "memblock_phys_free b 4K");
  assert.equal(await where(page), "call 19 of 19");
  assert.deepEqual(
    (await side.locator(".calls li").allTextContents()).map((text) => text.split(" ")[0]),
    ["memblock_alloc_range_nid", "memblock_phys_free"],
  );
  await input.fill("");
  await input.press("ArrowUp");
  assert.equal(await input.inputValue(), "memblock_phys_free a 4K");
  await input.press("ArrowUp");
  assert.match(await input.inputValue(), /^memblock_alloc_range_nid .* -> a$/);
  await input.press("ArrowDown");
  await input.press("ArrowDown");
  assert.equal(await input.inputValue(), "");

  await page.reload();
  await page.locator("#story[data-ready=all]").waitFor();
  ({ input, side } = await script(page));
  await input.press("ArrowUp");
  assert.equal(await input.inputValue(), "memblock_phys_free a 4K");
  await close(page);
});

test("inside a call it says that one's own comes after it", async () => {
  const page = await open(site);
  await page.getByRole("combobox", { name: "by" }).selectOption("event");
  await page.getByRole("button", { name: "Step", exact: true }).click();
  assert.equal(await where(page), "call 18 of 93, event 1");
  const { input, side } = await script(page);
  assert.match(await side.textContent(), /Call 18 has not returned yet.*yours will come after it/);
  await input.fill("memblock_reserve 0x8000000 4K");
  await input.press("Escape");
  await input.press("Enter");
  assert.equal(await where(page), "call 19 of 19");
  await side.getByRole("button", { name: /^Branch 1, from call 19 / }).waitFor();
  await close(page);
});
