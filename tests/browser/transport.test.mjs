// The transport beside back, step and play: strides, speed, jumps, phases, bookmarks; the keys; layouts; cancel.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, open, sentence, settled, start, where } from "./lab.mjs";

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
const button = (page, name) => page.getByRole("button", { name, exact: true });
const eventOf = async (page) => Number(/event (\d+)$/.exec(await where(page))?.[1] ?? 0);

for (const [name, place, options] of [
  ["1280x800", () => site, {}],
  ["390x844", () => site, phone],
  ["1024x768", () => site, { viewport: { width: 1024, height: 768 } }],
  ["without WebGL", () => plain, {}],
])
  test(`${name}: in, over and out go both ways`, async () => {
    const page = await open(place(), options);
    await page.getByRole("slider", { name: "Timeline", exact: true }).fill("34");
    const begin = await where(page);
    const open_ = button(page, "Go to …");
    await open_.click();
    await button(page, "Into the next function").click();
    assert.match(await where(page), /^call 35 of 93, event 1$/);
    await button(page, "Into the next function").click();
    assert.equal(await eventOf(page), 2);
    await button(page, "Into the function before").click();
    await button(page, "Into the function before").click();
    assert.equal(await where(page), begin);
    await button(page, "Over the next function").click();
    assert.match(await where(page), /^call 35 of 93$/);
    await button(page, "Over the function before").click();
    assert.equal(await where(page), begin);
    await button(page, "Into the next function").click();
    await button(page, "Into the next function").click();
    await button(page, "Out of this function").click();
    assert.ok((await eventOf(page)) !== 2);
    await button(page, "Out to before this function").click();
    await button(page, "Out to before this function").click();
    assert.notEqual(await where(page), "call 35 of 93, event 2");
    page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
    await close(page);
  });

test("jumps to a call, an event, a phase; says what there is when there is none", async () => {
  const page = await open(site);
  await page.keyboard.press("g");
  const call = page.getByRole("textbox", { name: "Call" });
  assert.ok(await call.evaluate((e) => e === document.activeElement));
  await call.fill("41");
  await call.press("Enter");
  assert.equal(await where(page), "call 41 of 93");
  await call.fill("41.7");
  await call.press("Enter");
  assert.equal(await where(page), "call 41 of 93, event 7");
  await call.fill("94");
  await call.press("Enter");
  const panel = page.getByRole("group", { name: "Go to …" });
  assert.equal(await panel.getByRole("alert").textContent(), "This boot has 93 calls.");
  await call.fill("sparse");
  await call.press("Enter");
  assert.match(await panel.getByRole("alert").textContent(), /41 or 41\.7/);
  assert.equal(await where(page), "call 41 of 93, event 7");
  const handoff = panel.getByRole("button", { name: /^handoff calls \d+ to \d+$/ });
  const first = Number(/calls (\d+)/.exec(await handoff.textContent())[1]);
  await handoff.click();
  assert.equal(await where(page), `call ${first - 1} of 93`);
  await page.keyboard.press("Escape");
  assert.ok(await panel.isHidden());
  assert.ok(await button(page, "Go to …").evaluate((e) => e === document.activeElement));
  await close(page);
});

for (const [name, options] of [
  ["1280x800", {}],
  ["390x844", phone],
])
  test(`${name}: bookmarks are kept for their machine, drawn on the timeline, and jumped to`, async () => {
    const page = await open(site, options);
    await page.getByRole("slider", { name: "Timeline", exact: true }).fill("34");
    await button(page, "Go to …").click();
    await page.getByRole("textbox", { name: "Note" }).fill("paid for");
    await button(page, "Add bookmark").click();
    await page.getByRole("status").filter({ hasText: "Bookmark at call 34." }).waitFor();
    if (options !== phone) {
      await settled(page);
      await page.getByRole("button", { name: /^bookmark 1, call 34$/ }).waitFor({ state: "attached" });
    }
    await page.reload();
    await page.locator("#story[data-ready=all]").waitFor();
    await button(page, "Go to …").click();
    await page.getByRole("button", { name: "paid for call 34" }).click();
    assert.match(await where(page), /^call 34 of /);
    await page.getByRole("combobox", { name: "Machine" }).selectOption("qemu-1g");
    await page.waitForFunction(() => !/^call 34 /.test(document.querySelector("#where").textContent));
    assert.equal(await page.getByRole("button", { name: "paid for call 34" }).count(), 0);
    await page.getByRole("combobox", { name: "Machine" }).selectOption("x64-6.1-1G");
    await button(page, "Remove bookmark paid for").click();
    assert.equal(await page.getByRole("button", { name: "paid for call 34" }).count(), 0);
    await close(page);
  });

test("the keys: step, back, into, out, bookmark, play; not while typing, not from the canvas' own arrows", async () => {
  const page = await open(site);
  const begin = await where(page);
  await page.keyboard.press("ArrowRight");
  assert.equal(await where(page), "call 18 of 93");
  await page.keyboard.press(",");
  assert.equal(await where(page), begin);
  await page.keyboard.press("Shift+ArrowRight");
  assert.equal(await where(page), "call 18 of 93, event 1");
  await page.keyboard.press("O");
  assert.equal(await where(page), begin);
  await page.keyboard.press("b");
  await page.getByRole("status").filter({ hasText: "Bookmark at call 17." }).waitFor();
  await page.keyboard.press("Space");
  await page.waitForFunction((text) => document.querySelector("#where").textContent !== text, begin);
  await page.keyboard.press("Space");
  await button(page, "Play").waitFor();

  // With the browser's modifier, in a field, or on the canvas they belong to somebody else.
  await page.getByRole("slider", { name: "Timeline", exact: true }).fill("17");
  await page.getByRole("tab", { name: "Script" }).click();
  await page.getByRole("combobox", { name: "Kernel call" }).pressSequentially("bgfo.,");
  assert.equal(await where(page), begin);
  assert.ok(await page.getByRole("group", { name: "Go to …" }).isHidden());
  const strip = page.getByRole("slider", { name: "address strip, part in view" });
  await strip.focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await where(page), begin);
  // A button takes the space for itself.
  await button(page, "Back").focus();
  await page.keyboard.press("Space");
  assert.equal(await where(page), "call 16 of 93");
  await button(page, "Play").waitFor();
  await close(page);
});

test("play goes as fast as it is told", async () => {
  const page = await open(site);
  const slider = page.getByRole("slider", { name: "Timeline", exact: true });
  const steps = async (speed) => {
    await button(page, "Go to …").click();
    await page.getByRole("combobox", { name: "Speed of play" }).selectOption(speed);
    await page.keyboard.press("Escape");
    await slider.fill("10");
    await button(page, "Play").click();
    await page.waitForTimeout(1200);
    await button(page, "Pause").click();
    return Number(await slider.inputValue()) - 10;
  };
  const slow = await steps("0.25×");
  const fast = await steps("4×");
  assert.ok(slow >= 1 && slow <= 4, `${slow} steps at 0.25×`);
  assert.ok(fast > 3 * slow, `${fast} steps at 4×, ${slow} at 0.25×`);
  await close(page);
});

test("one panel alone, and projector mode: nothing overflows at 1280×800", async () => {
  const page = await open(site, { reducedMotion: "reduce" });
  await button(page, "To the handoff").click();
  const panels = () => page.locator(".mm-mirror > [role=group]").evaluateAll((all) => all.map((e) => e.ariaLabel));
  await settled(page);
  const all = await panels();
  assert.ok(all.length >= 4, all.join());
  await button(page, "View").click();
  const alone = async (name, expected) => {
    await page.getByRole("group", { name: "Picture", exact: true }).getByRole("radio", { name, exact: true }).check();
    await settled(page);
    const now = await panels();
    assert.equal(now.length, expected, `${name}: ${now}`);
  };
  await alone("buddy", 2);
  await alone("timeline", 2);
  await alone("address strip alone", 1);
  await alone("everything", all.length);
  await page.getByRole("checkbox", { name: "Projector: large type" }).check();
  await settled(page);
  const out = await page.evaluate(() =>
    [...document.querySelectorAll("body, .bar, .story, .transport, .buttons, .strides, .side, .now, button, select")]
      .filter((e) => e.checkVisibility() && e.closest(".mm-canvas, .twin, .tools") === null)
      .filter((e) => e.scrollWidth > e.clientWidth + 1 || e.getBoundingClientRect().right > innerWidth + 1)
      .map((e) => `${e.tagName} ${e.id} ${e.className} ${e.scrollWidth} > ${e.clientWidth}`),
  );
  assert.deepEqual(out, []);
  const overlapping = await page.evaluate(() => {
    const row = [...document.querySelectorAll(".transport .buttons > *")].map((e) => e.getBoundingClientRect());
    return row.some((a, i) =>
      row.some((b, j) => i < j && a.right > b.left + 1 && b.right > a.left + 1 && a.bottom > b.top && b.bottom > a.top),
    );
  });
  assert.equal(overlapping, false);
  const main = await page.locator("main").evaluate((e) => e.getBoundingClientRect().bottom);
  assert.ok(Math.abs(main - 800) <= 1, `main ends at ${main}`);
  await page.keyboard.press("Escape");
  await page.keyboard.press("p");
  assert.equal(await page.evaluate(() => document.documentElement.hasAttribute("data-projector")), false);
  await close(page);
});

test("on a phone the transport stays in view, and every target of the menu is large enough", async () => {
  const page = await open(site, phone);
  await page.locator("#canvas-place").evaluate((e) => e.scrollIntoView({ block: "end" }));
  await settled(page);
  assert.ok((await page.evaluate(() => scrollY)) > 100);
  const top = await page.locator(".transport").evaluate((e) => e.getBoundingClientRect().top);
  assert.ok(top >= -1 && top < 1, `the transport is at ${top}`);
  await page.evaluate(() => scrollTo(0, 0));
  await page.getByRole("button", { name: "Menu" }).click();
  for (const target of await page.locator("#tools").locator("button, select").all()) {
    if (!(await target.isVisible())) continue;
    const { width, height } = await target.boundingBox();
    assert.ok(width >= 44 && height >= 44, `${await target.textContent()}: ${width} × ${height}`);
  }
  await page.keyboard.press("Escape");
  assert.ok(await page.locator("#tools").isHidden());
  await close(page);
});

test("zoomed to 400 %, the transport lets go, and nothing is wider than the screen", async () => {
  const page = await open(site, { viewport: { width: 320, height: 256 } });
  await page.locator("#canvas-place").evaluate((e) => e.scrollIntoView());
  assert.ok((await page.locator(".transport").evaluate((e) => e.getBoundingClientRect().bottom)) <= 1);
  await page.evaluate(() => scrollTo(0, 0));
  await button(page, "Menu").click();
  await button(page, "View").click();
  const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(width[0] <= width[1], `${width[0]} > ${width[1]}`);
  await close(page);
});

test("a machine that takes long shows how far it is, and can be cancelled; the one before stays", async () => {
  const page = await open(site);
  const before = [await where(page), await sentence(page)];
  // A slow computer: each slice of work takes long, and much time goes by between two of them.
  await page.evaluate(() => {
    const now = performance.now.bind(performance);
    performance.now = () => now() * 1000;
    const post = MessagePort.prototype.postMessage;
    MessagePort.prototype.postMessage = function (...message) {
      setTimeout(() => post.apply(this, message), 1000);
    };
  });
  await page.getByRole("combobox", { name: "Machine" }).selectOption("server-1t");
  const bar = page.getByRole("progressbar", { name: "Playing the boot once" });
  await bar.waitFor();
  await page.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await bar.waitFor({ state: "hidden" });
  await page.getByRole("status").filter({ hasText: "Cancelled" }).waitFor();
  const machine = page.getByRole("combobox", { name: "Machine" });
  assert.ok(await machine.evaluate((e) => e === document.activeElement));
  await page.waitForFunction(() => document.querySelector("#machine").value === "x64-6.1-1G");
  assert.deepEqual([await where(page), await sentence(page)], before);
  await close(page);
});
