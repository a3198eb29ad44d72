// The lesson "The handoff", taken as a learner takes it: with right answers to its end, with wrong ones told why, by
// keyboard alone, without WebGL, on a phone.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, open, start, where } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const prose = (page) => page.getByRole("tabpanel", { name: "Lesson" });
const verdict = (page) => page.locator(".verdict");
const press = (page, name) => prose(page).getByRole("button", { name, exact: true }).click();

async function begin(page) {
  const menu = page.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole("button", { name: "Lessons" }).click();
  await page.getByRole("button", { name: "Start: The handoff" }).click();
  await prose(page).getByText("two lists of address ranges").waitFor();
}

async function type(page, answer) {
  await prose(page).getByRole("textbox", { name: "Your answer" }).fill(answer);
  await press(page, "Check");
}

/** Right answers, read off the machine as a learner would; returns what the lesson said to each. */
async function answerAll(page, right = true) {
  const said = [];
  const note = async () => said.push(await verdict(page).textContent());
  const next = () => press(page, "Next");
  await next();
  await prose(page)
    .getByRole("radio", { name: right ? "No" : "Yes" })
    .check();
  await press(page, "Check");
  await note();
  await next();
  const frame = Number((await prose(page).locator(".asked .value").first().textContent()).trim());
  let size = 1024;
  while (frame % size !== 0) size /= 2;
  await type(page, right ? `${size} pages` : String(size * 2));
  await note();
  await next();
  const zone = await prose(page).locator(".asked .value").first().textContent();
  await type(page, right ? (zone === "DMA" ? "0x400" : "0x4800") : "0x4411");
  await note();
  await next();
  await type(page, right ? "46" : "232");
  await note();
  await next();
  await type(page, right ? "15 MiB" : "3 998");
  await note();
  await next();
  await prose(page)
    .getByRole("radio", { name: right ? "The same as now." : "None: everybody gives back what they have." })
    .check();
  await press(page, "Check");
  await note();
  await next();
  return said;
}

async function exercise(page, calls) {
  await press(page, "Next");
  const base = await prose(page).locator(".prose .value").first().textContent();
  for (const call of calls) {
    await prose(page).getByRole("textbox", { name: "Kernel call" }).fill(call.replace("BASE", base));
    await press(page, "Make the call");
  }
}

for (const [name, size] of [
  ["a laptop", { width: 1280, height: 800 }],
  ["a phone", { width: 390, height: 844 }],
  ["a tablet", { width: 1024, height: 768 }],
])
  test(`on ${name}: right answers lead through the lesson and its exercise`, async () => {
    const page = await open(site, { viewport: size });
    await begin(page);
    for (const said of await answerAll(page)) assert.match(said, /✓ Right/);
    await prose(page).getByText("And memblock? It is not forgotten yet.").waitFor();
    await exercise(page, ["memblock_reserve BASE 2M", "memblock_free_all"]);
    assert.match(await verdict(page).textContent(), /Done\. The kernel would do the same\./);
    assert.equal(await prose(page).locator(".goal-list .met").count(), 5);
    assert.match(await verdict(page).textContent(), /You have been through the whole lesson/);
    await close(page);
  });

test("wrong answers are told why, and the timeline moves to where reality parted from them", async () => {
  const page = await open(site);
  await begin(page);
  const said = await answerAll(page, false);
  for (const one of said) assert.match(one, /✗ Not quite/);
  assert.match(said[1], /may begin only on a multiple of its size|No block is that large/);
  assert.match(said[3], /so far you are right.*The timeline now stands where it parts/s);
  assert.match(said[4], /All 3.998 pages have RAM behind them|All .* have RAM behind them/);
  await exercise(page, ["memblock_remove BASE 2M", "memblock_free_all"]);
  assert.match(await verdict(page).textContent(), /there is no RAM here/);
  await press(page, "Take the last call back");
  await press(page, "Take the last call back");
  await exerciseAgain(page);
  await close(page);
});

async function exerciseAgain(page) {
  const base = await prose(page).locator(".prose .value").first().textContent();
  for (const call of [`memblock_reserve ${base} 1M`, "memblock_free_all"]) {
    await prose(page).getByRole("textbox", { name: "Kernel call" }).fill(call);
    await press(page, "Make the call");
  }
  assert.match(await verdict(page).textContent(), /One end of the range is reserved/);
  await prose(page).getByRole("textbox", { name: "Kernel call" }).fill("memblock_reserv 1 2");
  await press(page, "Make the call");
  assert.match(await verdict(page).textContent(), /did you mean 'memblock_reserve'/);
}

test("a question for a block is answered by pressing it in the picture", async () => {
  const page = await open(site);
  await begin(page);
  for (let i = 0; i < 3; ++i) await press(page, "Next");
  const answer = prose(page).getByRole("textbox", { name: "Your answer" });
  await answer.waitFor();
  const things = page.getByRole("button", { name: /^pages: / });
  await things.first().evaluate((thing) => thing.click());
  await page.waitForFunction(() => /^(page|block)\[/.test(document.querySelector("#lesson-answer").value));
  await press(page, "Check");
  assert.match(await verdict(page).textContent(), /Right|Not quite/);
  await close(page);
});

test("hints come when asked for, an answer can be shown, and leaving ends the lesson", async () => {
  const page = await open(site);
  await begin(page);
  await press(page, "Next");
  await press(page, "Hint");
  await prose(page).getByText("Can half a page be free?").waitFor();
  await press(page, "Show me");
  assert.match(await verdict(page).textContent(), /You asked to be shown/);
  await press(page, "Leave the lesson");
  assert.equal(await page.getByRole("tab", { name: "Lesson" }).count(), 0);
  await close(page);
});

test("by keyboard alone: the whole lesson and its exercise", async () => {
  const page = await open(site);
  const value = (css) => prose(page).locator(css).first().textContent();
  await page.getByRole("button", { name: "Lessons" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Start: The handoff" }).waitFor();
  await tabTo(page, "Start: The handoff");
  await page.keyboard.press("Enter");
  await prose(page).getByText("two lists of address ranges").waitFor();
  await tabTo(page, "Next");
  const check = async () => {
    await tabTo(page, "Check");
    await page.keyboard.press("Enter");
    assert.match(await verdict(page).textContent(), /✓ Right/);
    await tabTo(page, "Next");
  };
  const choose = async (last, ups) => {
    await page.keyboard.press("Enter"); // Next
    await tabTo(page, last, "Shift+Tab"); // backwards, a group of radio buttons is entered at its end
    await page.keyboard.press("Space");
    for (let i = 0; i < ups; ++i) await page.keyboard.press("ArrowUp");
    await check();
  };
  const write = async (answer) => {
    await page.keyboard.press("Enter"); // Next
    await tabTo(page, "Your answer", "Shift+Tab");
    await page.keyboard.type(typeof answer === "string" ? answer : await answer());
    await check();
  };
  await choose("No", 0);
  await write(async () => {
    const frame = Number((await value(".asked .value")).trim());
    let size = 1024;
    while (frame % size !== 0) size /= 2;
    return String(size);
  });
  await write(async () => ((await value(".asked .value")) === "DMA" ? "0x400" : "0x4800"));
  await write("46");
  await write("3840");
  await choose("All of memory: what was handed over is reserved for the buddy allocator.", 1);
  await page.keyboard.press("Enter"); // what comes after the handoff
  await page.keyboard.press("Enter"); // the exercise
  const base = await value(".prose .value");
  await tabTo(page, "Kernel call", "Shift+Tab");
  for (const call of [`memblock_reserve ${base} 2M`, "memblock_free_all"]) {
    await page.keyboard.type(call);
    await page.keyboard.press("Enter");
  }
  assert.match(await verdict(page).textContent(), /Done\. The kernel would do the same\./);
  await close(page);
});

/** Tab until the control of that name has focus. */
async function tabTo(page, name, key = "Tab") {
  for (let i = 0; i < 120; ++i) {
    const found = await page.evaluate(() => {
      const e = document.activeElement;
      return (
        e?.getAttribute("aria-label") ??
        (e instanceof HTMLInputElement ? e.labels?.[0]?.textContent : e?.textContent) ??
        ""
      );
    });
    if (found.trim() === name) return;
    await page.keyboard.press(key);
  }
  assert.fail(`Tab does not reach "${name}"`);
}

test("without WebGL the lesson is as it is with it", async () => {
  const bare = await start({ args: ["--disable-3d-apis"] });
  try {
    const page = await open(bare);
    await begin(page);
    for (const said of await answerAll(page)) assert.match(said, /✓ Right/);
    await close(page);
  } finally {
    await bare.stop();
  }
});
