// The autopsy: a report is pasted, chosen, dropped or taken as an example; what is said about it can be read, by keyboard
// and by touch, in both themes and at every width.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, open, root, screenshots, start, where } from "./lab.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const report = (name) => readFileSync(join(root, "tests/data/autopsy", `${name}.txt`), "utf8");

let site;
before(async () => {
  site = await start();
});
after(() => site?.stop());

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true };
const dialog = (page) => page.getByRole("dialog", { name: "Autopsy of a failed allocation" });
const box = (page) => dialog(page).getByRole("textbox", { name: "Report (from dmesg or the journal)" });
const result = (page) => dialog(page).getByRole("region", { name: "Cause" });
const plain = (text) => text.replaceAll("\u202f", "");

async function openDialog(page) {
  const menu = page.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) {
    await menu.click();
    await page.getByRole("button", { name: "Autopsy" }).click();
  } else {
    // The header of a small desk has no room for it: it lies where logs are pasted.
    await page.getByRole("button", { name: "Paste or drop a log" }).click();
    await page.getByRole("button", { name: "Autopsy of a failure report" }).click();
  }
  await dialog(page).waitFor();
}
async function rows(page) {
  const table = result(page).getByRole("table").first();
  const all = await table.getByRole("row").all();
  return Promise.all(all.slice(1).map(async (row) => (await row.locator("th, td").allInnerTexts()).map(plain)));
}
async function sound(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run("dialog.autopsy"));
  assert.deepEqual(
    violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`),
    [],
  );
  const [inner, outer] = await dialog(page).evaluate((e) => [e.scrollWidth, e.clientWidth]);
  assert.ok(inner <= outer, `the dialog is ${inner} wide in ${outer}`);
}

for (const [name, options] of [
  ["1280-dark", { colorScheme: "dark" }],
  ["1280-light", { colorScheme: "light" }],
  ["390-dark", { ...phone, colorScheme: "dark" }],
  ["390-light", { ...phone, colorScheme: "light" }],
])
  test(`a pasted report: cause, zones, remedies, ${name}`, async () => {
    const page = await open(site, options);
    const before = await where(page);
    await openDialog(page);
    assert.ok(await box(page).evaluate((e) => e === document.activeElement));
    await box(page).fill(report("fragmented"));
    await dialog(page).getByRole("button", { name: "Examine" }).click();
    await result(page).waitFor();
    assert.match(
      plain(await result(page).innerText()),
      /Memory is fragmented: Normal has 6313 usable pages and needs 1541, but no block of order 3\./,
    );
    assert.match(await result(page).innerText(), /swapper\/0 · order 3 \(8 pages\) · GFP_ATOMIC · zones up to Normal/);
    assert.deepEqual(await rows(page), [
      ["Normal", "6320", "7", "6313", "4105", "1540", "0", "1541", "no block that large"],
      ["DMA32", "37695", "7", "37688", "12725", "4773", "948", "5722", "no block that large"],
      ["DMA", "3712", "7", "3705", "64", "24", "3895", "3920", "below its watermark"],
    ]);
    const ways = await result(page).getByRole("listitem").allInnerTexts();
    assert.ok(ways.includes("one free block of order 3 in Normal"), ways.join("\n"));
    assert.ok(ways.includes("the same request of order 2, 4 pages at once"));
    await page.screenshot({ path: join(screenshots, `autopsy-${name}.png`) });
    await sound(page);
    await result(page).getByText("The other attempts").click();
    assert.equal(await result(page).getByRole("table").count(), 2);
    await result(page).getByText("What is assumed").click();
    assert.match(await result(page).innerText(), /Line 23: The kernel’s zone types are taken to be DMA DMA32 Normal/);
    await sound(page);
    // Nothing on the desk has changed.
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await dialog(page).waitFor({ state: "hidden" });
    assert.equal(await where(page), before);
    await close(page);
  });

test("what is no report is refused with line and column, and can be mended there", async () => {
  const page = await open(site);
  await openDialog(page);
  await dialog(page).getByRole("button", { name: "Examine" }).click();
  const alert = dialog(page).getByRole("alert");
  assert.match(await alert.innerText(), /There is no text yet/);
  await box(page).fill("nothing\nof the kind");
  await box(page).press("Tab");
  await dialog(page).getByRole("button", { name: "Examine" }).click();
  assert.match(await alert.innerText(), /Line 1, column 1: there is no line with "page allocation failure"/);
  assert.equal(await result(page).isVisible(), false);
  const broken = report("slab").replace("min:22528kB", "min:2252xkB");
  await box(page).fill(broken);
  await dialog(page).getByRole("button", { name: "Examine" }).click();
  const line = broken.split("\n").findIndex((l) => l.includes("2252x")) + 1;
  const column = broken.split("\n")[line - 1].indexOf("2252x") + 1;
  assert.match(await alert.innerText(), new RegExp(`Line ${line}, column ${column}: '2252x' is not a number`));
  await sound(page);
  await box(page).fill(report("slab"));
  await dialog(page).getByRole("button", { name: "Examine" }).click();
  assert.match(plain(await result(page).innerText()), /Unreclaimable slab holds 441920 of 497766 pages/);
  assert.equal(await alert.isVisible(), false);
  assert.equal(await result(page).getByRole("table").count(), 1);
  await close(page);
});

test("an example, by keyboard alone", async () => {
  const page = await open(site);
  await page.locator("#headline").click();
  await page.keyboard.press("a");
  await dialog(page).waitFor();
  const example = dialog(page).getByRole("combobox", { name: "Example" });
  while (!(await example.evaluate((e) => e === document.activeElement))) await page.keyboard.press("Tab");
  // Arrows go through them; the focus stays, and what is said of each is announced.
  await page.keyboard.press("ArrowDown");
  assert.match(plain(await result(page).getByRole("status").innerText()), /^Memory is fragmented/);
  await page.keyboard.press("ArrowDown");
  assert.match(plain(await result(page).innerText()), /There is no swap: 465083 pages of processes could go nowhere\./);
  assert.match(await box(page).inputValue(), /stress invoked oom-killer/);
  assert.ok(await example.evaluate((e) => e === document.activeElement && e.getBoundingClientRect().top > 0));
  // Asked for by its button, the result has the focus.
  await box(page).focus();
  await dialog(page).getByRole("button", { name: "Examine" }).press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Cause");
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "hidden" });
  // A key that comes before the page is drawn without the dialog still finds the focus in it, and is not lost.
  await page.keyboard.press("a");
  await dialog(page).evaluate((e) => {
    e.querySelector("button").focus();
    e.close();
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true, cancelable: true }));
  });
  await dialog(page).waitFor();
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "hidden" });
  // Keys of the page sleep while one types a report.
  await page.keyboard.press("a");
  await box(page).fill("");
  await page.keyboard.type("a g ?");
  assert.equal(await box(page).inputValue(), "a g ?");
  assert.equal(await page.getByRole("dialog").count(), 1);
  await close(page);
});

test("a file, chosen or dropped, is a report here and no log", async () => {
  const page = await open(site);
  await openDialog(page);
  const buffer = (name) => ({ name: `${name}.txt`, mimeType: "text/plain", buffer: Buffer.from(report(name)) });
  await dialog(page).locator("input[type=file]").setInputFiles(buffer("race"));
  await result(page)
    .getByText(/memory was freed between the refusal and the report/)
    .waitFor();
  assert.match(await result(page).innerText(), /Nothing: made again now, it would succeed\./);

  const dropped = await page.evaluateHandle((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "this_node.txt", { type: "text/plain" }));
    return data;
  }, report("this_node"));
  const zone = dialog(page).getByText("Example", { exact: true });
  for (const kind of ["dragover", "drop"]) await zone.dispatchEvent(kind, { dataTransfer: dropped });
  await result(page)
    .getByText(/__GFP_THISNODE keeps the request on node 0/)
    .waitFor();
  assert.deepEqual((await rows(page))[3].slice(0, 4), ["node 1 DMA32", "507492", "–", "–"]);
  assert.equal(await page.locator("html.dropping").count(), 0);
  assert.match(await page.locator("#machine option:checked").innerText(), /QEMU 1 GiB/);

  const memcg = report("memcg");
  await box(page).fill(memcg);
  await dialog(page).getByRole("button", { name: "Examine" }).click();
  await result(page)
    .getByText(/A memory cgroup is at its limit/)
    .waitFor();
  assert.equal(await result(page).getByRole("table").count(), 0);
  await close(page);
});

test("a wide header has a button for it", async () => {
  const page = await open(site, { viewport: { width: 1366, height: 800 } });
  assert.equal(await page.getByRole("button", { name: "Menu" }).isVisible(), false);
  await page.getByRole("button", { name: "Autopsy", exact: true }).click();
  await dialog(page).waitFor();
  await close(page);
});

test("lab.html#autopsy opens it; nothing of it is fetched before", async () => {
  const page = await open(site);
  const fetched = () =>
    page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .map((e) => e.name)
        .filter((name) => /autopsy/.test(name)),
    );
  assert.deepEqual(await fetched(), []);
  await page.evaluate(() => {
    location.hash = "autopsy";
  });
  await dialog(page).waitFor();
  assert.ok((await fetched()).length > 0);
  await close(page);
});
