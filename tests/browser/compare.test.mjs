// Machines side by side: stepping together, what differs, choosing machines, links, what changed between two eras; with and
// without WebGL, by mouse and by keyboard.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { capture, close, open, root, screenshots, start, visit } from "./lab.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const PAIR = "#m=build:6.1.0-1-amd64&m=build:6.1.0-1-686&ram=1024&cpus=1";
let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

async function go(hash = "", options = {}, from = site) {
  const page = await visit({ browser: from.browser, url: `${from.home}compare.html${hash}` }, options);
  await page.locator("#comparison[data-ready=all]").waitFor();
  return page;
}
const sentence = (page) => page.locator("#sentence").textContent();
const button = (page, name) => page.getByRole("button", { name, exact: true });
const column = (page, letter) => page.getByRole("region", { name: new RegExp(`^${letter} `) });
async function moment(page) {
  const [, at, of] = (await page.locator("#where").textContent()).match(/moment (\d+) of (\d+)/);
  return [Number(at), Number(of)];
}
/** The cells of a row of the table, by the row's name. */
async function row(page, name) {
  const rows = page.getByRole("table").getByRole("row", { name });
  return rows.first().getByRole("cell").allTextContents();
}
const until = (page, at) => page.locator("#where", { hasText: `moment ${at} of` }).waitFor();

for (const [kind, args] of [
  ["with WebGL", []],
  ["without WebGL", ["--disable-gpu", "--disable-3d-apis"]],
])
  test(`two machines step together, ${kind}`, async () => {
    const place = await start({ args });
    const page = await go(PAIR, {}, place);
    assert.equal(
      await page.evaluate(() => document.createElement("canvas").getContext("webgl2") !== null),
      args.length === 0,
    );
    assert.match(
      await sentence(page),
      /x86_64 6\.1 spends 6 MiB more on mem_map than i386 6\.1, because its struct page has 64 bytes instead of 40/,
    );
    assert.deepEqual(await row(page, /sizeof\(struct page\)/), ["64 B", "40 B"]);
    const [at, of] = await moment(page);
    assert.ok(of > 80 && at > 10 && at < of);

    await button(page, "Step").click();
    await until(page, at + 1);
    await button(page, "Back").click();
    await button(page, "Back").click();
    await until(page, at - 1);
    await button(page, "First").click();
    await until(page, 0);
    assert.equal(await sentence(page), "At this moment nothing differs but the kernels themselves.");
    assert.match(await column(page, "A").textContent(), /has not made a call yet/);
    await button(page, "handoff").click();
    assert.equal(await button(page, "handoff").getAttribute("aria-current"), "step");
    await button(page, "Last").click();
    await until(page, of);
    assert.match(await column(page, "B").textContent(), /free in the buddy allocator/);
    assert.match(await column(page, "B").textContent(), /Zones: DMA · Normal · HighMem/);
    await page.screenshot({ path: join(screenshots, `compare-${args.length === 0 ? "webgl" : "plain"}.png`) });
    await close(page);
    await place.stop();
  });

test("what one machine alone does is said in the column of the other", async () => {
  const page = await go(`${PAIR}&after=sparse_init`);
  assert.match(await column(page, "A").textContent(), /sparse_init/);
  const other = await column(page, "B").textContent();
  assert.match(other, /no such step/);
  assert.match(other, /stands behind its call \d+ of \d+/);
  const [at] = await moment(page);
  await button(page, "Next shared step").click();
  assert.ok((await moment(page))[0] > at);
  for (const letter of ["A", "B"]) assert.doesNotMatch(await column(page, letter).textContent(), /no such step/);
  await close(page);
});

test("the keyboard steps, jumps and plays", async () => {
  const page = await go(PAIR);
  const [at, of] = await moment(page);
  await page.keyboard.press("ArrowRight");
  await until(page, at + 1);
  await page.keyboard.press("ArrowLeft");
  await until(page, at);
  await page.keyboard.press("End");
  await until(page, of);
  await page.keyboard.press("Home");
  await until(page, 0);
  await page.keyboard.press(" ");
  await button(page, "Pause").waitFor();
  await page.waitForFunction(() => Number(document.querySelector("#moment").value) > 2);
  await page.keyboard.press(" ");
  await button(page, "Play").waitFor();
  await page.getByRole("slider", { name: "Timeline" }).focus();
  await page.keyboard.press("End");
  await until(page, of);
  assert.match(await page.getByRole("slider").getAttribute("aria-valuetext"), new RegExp(`moment ${of} of ${of}`));
  await close(page);
});

test("rows that differ carry a sign and a word, the others are shown when wanted", async () => {
  const page = await go(PAIR);
  const table = page.getByRole("table");
  const marked = await table.locator("tr.differs").count();
  assert.ok(marked > 5);
  assert.equal(await table.getByText("≠").count(), marked);
  assert.equal(await table.getByRole("rowheader", { name: /\(differs\)/ }).count(), marked);
  assert.equal(await table.getByRole("row", { name: /^Page size/ }).count(), 0);
  await page.getByRole("checkbox", { name: "Only what differs" }).uncheck();
  assert.deepEqual(await row(page, /^Page size/), ["4 KiB", "4 KiB"]);
  const [, n, of] = (await page.locator("#counted").textContent()).match(/(\d+) of (\d+) facts differ/);
  assert.equal(Number(n), marked);
  assert.ok(Number(of) > marked);
  await close(page);
});

test("machines are chosen, added, changed and removed; a choice that cannot boot is refused", async () => {
  const page = await go(PAIR);
  await page.getByText("Choose the machines").click();
  await page.getByRole("combobox", { name: "RAM of those made up" }).selectOption("2048");
  await page.locator("h3", { hasText: "2 GiB" }).nth(1).waitFor();
  await button(page, "Add a machine").click();
  await column(page, "C").waitFor();
  const third = page.getByRole("combobox", { name: "Machine C" });
  await third.selectOption("build:6.1.0-1-amd64");
  await page
    .getByRole("group", { name: "Machine C" })
    .getByRole("combobox", { name: "Kernel parameters" })
    .fill("movablecore=256M");
  await page.keyboard.press("Enter");
  await page.locator("h3", { hasText: "movablecore=256M" }).waitFor();
  await button(page, "Last").click();
  await page.locator("#columns", { hasText: "Movable" }).waitFor();
  await third.selectOption("qemu-1g");
  await page.locator("h3", { hasText: "QEMU PC, 1 CPU, 1 GiB" }).waitFor();
  await third.selectOption("i386-6.1pae-1G");
  await page.locator("h3", { hasText: "686-pae" }).waitFor();
  for (const [letter, n] of ["D", "E"].entries()) {
    await button(page, "Add a machine").click();
    await column(page, n).waitFor();
    assert.equal(await page.locator(".column").count(), 4 + letter);
  }
  assert.ok(await button(page, "Add a machine").isDisabled());
  await button(page, "Remove E").click();
  await column(page, "E").waitFor({ state: "detached" });

  // 1 TiB is no machine that can be made up: by a link, as the box does not offer it.
  await page.getByRole("combobox", { name: "Machine A" }).selectOption("build:6.1.0-1-amd64");
  await page.evaluate((hash) => (location.hash = hash), `${PAIR.replace("1024", "1048576")}`);
  await page.getByRole("alert").filter({ hasText: "RAM must be whole MiB" }).waitFor();
  assert.equal(await page.locator(".column").count(), 4);
  await close(page);
});

test("recorded boots of other architectures stand beside each other, and the lab opens them where they stand", async () => {
  const page = await go("#m=arm64-6.12-16k-1G&m=x64-6.1-1G&after=memblock_free_all");
  assert.match(await sentence(page), /mem_map than arm64-16k 6\.12, because its pages are of 4 KiB instead of 16 KiB/);
  for (const letter of ["A", "B"]) assert.match(await column(page, letter).textContent(), /memblock_free_all/);
  const link = page.getByRole("link", { name: "Open A in the lab" });
  await page.locator("#columns a[href*='lab.html']").nth(1).waitFor();
  const [, call] = (await link.getAttribute("href")).match(/^\.\/lab\.html#machine=arm64-6\.12-16k-1G&call=(\d+)$/);
  await link.click();
  await page.waitForURL(/lab\.html/);
  await page.locator("#story[data-ready=all]").waitFor();
  assert.match(await page.locator("#where").textContent(), new RegExp(`call ${call} of`));
  await close(page);
});

test("a machine that was made up opens in the lab too", async () => {
  const page = await go(`${PAIR}&after=memblock_free_all`);
  await page.locator("#columns a[href*='lab.html']").nth(1).waitFor();
  await page.getByRole("link", { name: "Open B in the lab" }).click();
  await page.waitForURL(/lab\.html/);
  await page.locator("#story[data-ready=all]").waitFor();
  assert.equal(await page.locator("#headline").textContent(), "What is free goes to the buddy allocator");
  await close(page);
});

test("the lab leads here with its machine", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "View" }).click();
  await page.getByRole("link", { name: "Put it beside other machines" }).click();
  await page.waitForURL(/compare\.html#m=x64-6\.1-1G/);
  await page.locator("#comparison[data-ready=all]").waitFor();
  assert.match(await sentence(page), /stands alone/);
  assert.ok(await button(page, "Add a machine").isVisible());
  await button(page, "Add a machine").click();
  await column(page, "B").waitFor();
  assert.doesNotMatch(await sentence(page), /stands alone/);
  await close(page);
});

test("a log of one's own stands beside, and a link restores it", async () => {
  const page = await go(PAIR);
  await page.getByText("Choose the machines").click();
  await page.getByRole("combobox", { name: "Machine B" }).selectOption("own");
  const dialog = page.getByRole("dialog", { name: "A log or script of your own" });
  await button(dialog, "Use it").click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByRole("textbox", { name: "Log or script" }).fill("no log at all");
  await button(dialog, "Use it").click();
  await dialog.getByRole("alert").filter({ hasText: "log" }).waitFor();
  await dialog.getByRole("textbox", { name: "Log or script" }).fill(capture("x64-6.1-1G"));
  await button(dialog, "Use it").click();
  await dialog.waitFor({ state: "hidden" });
  await page.locator("h3", { hasText: "B Linux 6.1.0-50-amd64" }).waitFor();
  await button(page, "Last").click();
  await page.waitForURL(/own:.*at=/);
  const said = await sentence(page);
  const again = await go(new URL(page.url()).hash);
  assert.equal(await sentence(again), said);
  assert.deepEqual(await moment(again), await moment(page));
  await close(again);
  await close(page);
});

test("a link restores the comparison: machines, memory, moment, eras", async () => {
  const page = await go(PAIR);
  await page.getByRole("combobox", { name: "From" }).selectOption("5.10");
  await page.getByRole("combobox", { name: "To" }).selectOption("6.12");
  await button(page, "Step").click();
  await button(page, "Link to this comparison").click();
  const link = await page.getByRole("textbox", { name: "The link" }).inputValue();
  const again = await visit({ browser: site.browser, url: link });
  await again.locator("#comparison[data-ready=all]").waitFor();
  assert.deepEqual(await moment(again), await moment(page));
  assert.equal(await sentence(again), await sentence(page));
  assert.equal(await again.locator("#era-counted").textContent(), await page.locator("#era-counted").textContent());
  assert.deepEqual(await again.locator("h3").allTextContents(), await page.locator("h3").allTextContents());
  await close(again);
  await close(page);
});

test("a link that is none is refused in words, and a comparison stands there all the same", async () => {
  for (const [hash, why] of [
    ["#m=no-such-machine", /no machine called/],
    ["#m=<script>alert(1)</script>", /“m”|\bm\b/],
    ["#m=build:9.9.9-x", /9\.9\.9-x/],
    ["#m=build:6.1.0-1-amd64:%0Ainit=/bin/sh", /\bm\b/],
    [`#m=${"x64-6.1-1G&m=".repeat(5)}x64-6.1-1G`, /at most 5/],
    ["#m=own:zAAAA", /./],
    ["#m=own:pe30", /./],
    ["#m=%E0%A4%A", /damaged|cut/i],
    ["#m=x64-6.1-1G&at=-1", /\bat\b/],
    ["#m=x64-6.1-1G&m=qemu-1g&at=999999", /moment 999999/],
    ["#m=x64-6.1-1G&after=rm_rf", /rm_rf/],
    ["#from=0.1&to=6.1", /0\.1/],
    ["#nonsense=1", /nonsense/],
    [`#m=own:z${"A".repeat(70_000)}`, /64/],
  ]) {
    const page = await go(hash);
    const alert = page.locator("#message");
    await alert.waitFor();
    assert.match(await alert.textContent(), why, hash.slice(0, 60));
    assert.ok((await page.locator(".column").count()) >= 1);
    assert.notEqual(await sentence(page), "");
    await close(page);
  }
});

test("what changed is printed from the eras' lists, in either direction", async () => {
  const page = await go();
  const [from, to] = ["From", "To"].map((name) => page.getByRole("combobox", { name, exact: true }));
  const eras = await from.locator("option").evaluateAll((all) => all.map((o) => o.value));
  assert.ok(eras.length >= 6);
  assert.deepEqual([await from.inputValue(), await to.inputValue()], [eras[0], eras.at(-1)]);
  const steps = () => page.locator("#era-steps h3").allTextContents();
  assert.deepEqual(
    await steps(),
    eras.slice(1).map((era, i) => `From ${eras[i]} to ${era}`),
  );

  await from.selectOption("5.10");
  await to.selectOption("5.15");
  assert.deepEqual(await steps(), ["From 5.10 to 5.15"]);
  const rows = readFileSync(join(root, "core/desc/era_rows.hpp"), "utf8");
  const list = rows.match(/EraChange v5_10\[\] = \{([\s\S]*?)\n\};/)[1];
  const fields = [...list.matchAll(/EraField::(\w+)/g)].map(([, name]) => name);
  assert.deepEqual(await page.locator("#era-steps dt").allTextContents(), fields);
  assert.match(await page.locator("#era-counted").textContent(), new RegExp(`^${fields.length} difference`));
  const values = () => page.locator("#era-steps .values code").allTextContents();
  const before = await values();
  await page.getByRole("button", { name: "The other way round" }).click();
  assert.deepEqual(await steps(), ["From 5.15 to 5.10"]);
  const swapped = (await values()).flatMap((_, i, all) => (i % 2 === 0 ? [all[i + 1], all[i]] : []));
  assert.deepEqual(swapped, before);
  await from.selectOption("5.10");
  assert.match(await page.locator("#era-counted").textContent(), /nothing changed/);
  await close(page);
});

for (const theme of ["dark", "light", "contrast"])
  for (const width of [1280, 390])
    test(`in ${theme} at ${width}: axe finds nothing, nothing lies outside`, async () => {
      const page = await go(PAIR, { bypassCSP: true, viewport: { width, height: 844 } });
      await page.getByRole("combobox", { name: "Theme" }).selectOption(theme);
      await page.getByText("Choose the machines").click();
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      assert.deepEqual(
        violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} — ${n.failureSummary}`)),
        [],
      );
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
      await page.screenshot({ path: join(screenshots, `compare-${theme}-${width}.png`) });
      await close(page);
    });
