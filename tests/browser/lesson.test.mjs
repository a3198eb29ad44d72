// Every lesson of the course, taken to its end: with right answers, with wrong ones, by mouse, by touch, by keyboard alone,
// without WebGL. What is asked and answered is the core's (learner.mjs); here is what the page makes of it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { close, ready, start } from "./lab.mjs";
import {
  answer,
  answerKey,
  firstWords,
  keyboard,
  lessons,
  make,
  mouse,
  press,
  side,
  take,
  takeBack,
  touch,
  verdict,
  walk,
} from "./learner.mjs";

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

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

async function takeRight(page, key, hands) {
  await walk(
    page,
    key,
    async (step, ask) => {
      const said = await answer(page, ask, ask.answer, hands);
      assert.match(said, /^✓ Right/, `${step.id}: ${ask.answer}: ${said}`);
    },
    hands,
  );
  const said = await make(page, key.exercise.solution, hands);
  assert.match(said, /Done\. The kernel would do the same\./, said);
  assert.match(said, /You have been through the whole lesson/);
  const goals = lessons.find(({ id }) => id === key.lesson).lesson.exercise.goals.length;
  assert.equal(await side(page).locator(".goal-list .met").count(), goals);
}

for (const { id, number } of lessons)
  test(`${id}: right answers lead to its end`, async () => {
    const page = await take(site, id, { seed: number });
    await takeRight(page, answerKey(id, number), mouse);
    await close(page);
  });

for (const { id, number } of lessons)
  test(`${id}: wrong answers are told why, and it can be taken to its end all the same`, async () => {
    const seed = number + 20;
    const page = await take(site, id, { seed });
    const key = answerKey(id, seed);
    await walk(page, key, async (step, ask) => {
      const wrong = ask.tries.filter(({ right }) => !right);
      const { says, why } = wrong[number % wrong.length];
      const said = await answer(page, ask, says);
      assert.match(said, /^✗ Not quite/, `${step.id}: ${says}: ${said}`);
      const told = firstWords(id, why);
      assert.ok(said.replace(/\s+/g, " ").includes(told.replace(/\s+/g, " ")), `${says}: ${said}\nnot: ${told}`);
      assert.match(said, /The timeline now stands where it parts/);
      // What was said is told in the lesson's words, not in its ids.
      const words = [...(step.prediction.choices ?? []), ...(step.prediction.items ?? [])];
      if (words.length > 0) {
        assert.doesNotMatch(said, new RegExp(`Taken as (${words.map((one) => one.id).join("|")})\\b`));
        assert.ok(
          words.some(({ text }) => said.includes(`Taken as ${firstWords(id, text).slice(0, 20)}`)),
          said,
        );
      }
    });
    const ways = key.exercise.wrong_ways;
    const { calls, why } = ways[number % ways.length];
    const said = await make(page, calls);
    const words = firstWords(id, why);
    assert.ok(said.replace(/\s+/g, " ").includes(words.replace(/\s+/g, " ")), `${calls}: ${said}\nnot: ${words}`);
    await takeBack(page);
    const others = key.exercise.alternatives;
    assert.match(await make(page, others[number % others.length]), /Done\. The kernel would do the same\./);
    await close(page);
  });

for (const id of ["what-the-firmware-says", "sections"])
  test(`${id}: by keyboard alone`, async () => {
    const page = await take(site, id, { seed: 2 });
    await takeRight(page, answerKey(id, 2), keyboard);
    await close(page);
  });

for (const id of ["add-merge-reserve", "nodes-and-zones"])
  test(`${id}: by touch on a phone`, async () => {
    const page = await take(site, id, { seed: 3, ...phone });
    await takeRight(page, answerKey(id, 3), touch);
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width[0] <= width[1], `${width}`);
    await close(page);
  });

test("before-the-allocator: without WebGL", async () => {
  const page = await take(plain, "before-the-allocator", { seed: 4 });
  await takeRight(page, answerKey("before-the-allocator", 4), mouse);
  page.problems.splice(0, page.problems.length, ...page.problems.filter((text) => !/WebGL/i.test(text)));
  await close(page);
});

// ---- what lies around the path ------------------------------------------------------------------------------------------

test("a place is answered by pressing it in the picture", async () => {
  const page = await take(site, "the-handoff");
  for (let i = 0; i < 3; ++i) await press(page, "Next");
  await side(page).getByRole("textbox", { name: "Your answer" }).waitFor();
  const things = page.getByRole("button", { name: /^pages: / });
  await things.first().evaluate((thing) => thing.click());
  await page.waitForFunction(() => /^(page|block)\[/.test(document.querySelector("#lesson-answer").value));
  await press(page, "Check");
  assert.match(await verdict(page).textContent(), /Right|Not quite/);
  await close(page);
});

test("a region is offered in a list, or pressed; an order is sorted by buttons that say where things are", async () => {
  const page = await take(site, "what-the-firmware-says");
  await press(page, "Next");
  const box = side(page).getByRole("combobox", { name: "Your answer" });
  await box.press("ArrowDown");
  const option = side(page).getByRole("option", { name: /^e820\[1\] 0x/ });
  await option.click();
  assert.equal(await box.inputValue(), "e820[1]");
  await page.goto(`${site.url}?lesson=sections&step=order&seed=1`);
  await ready(page);
  const first = side(page).locator(".sequence li").first();
  const words = (await first.locator("span").textContent()).trim();
  await first.getByRole("button", { name: `Later: ${words}` }).click();
  assert.equal((await side(page).locator(".sequence li").nth(1).locator("span").textContent()).trim(), words);
  await page
    .getByRole("status")
    .filter({ hasText: `${words}: now at place 2` })
    .waitFor();
  await close(page);
});

test("hints come as nudge, rule and answer; leaving ends the lesson", async () => {
  const page = await take(site, "the-handoff");
  await press(page, "Next");
  await press(page, "Hint");
  await side(page).getByText("Can half a page be free?").waitFor();
  await press(page, "Hint");
  assert.equal(await side(page).locator(".hint").last().locator("p").first().textContent(), "The rule");
  assert.ok(await side(page).getByRole("button", { name: "Hint", exact: true }).isDisabled());
  await press(page, "Show me");
  assert.match(await verdict(page).textContent(), /You asked to be shown/);
  await press(page, "Leave the lesson");
  assert.equal(await page.getByRole("tab", { name: "Lesson" }).count(), 0);
  assert.equal(new URL(page.url()).search, "");
  await close(page);
});

test("the sandbox opens at a step and closes back to it", async () => {
  const page = await take(site, "the-handoff");
  const stands = await page.locator("#where").textContent();
  await press(page, "Try calls from here");
  const script = page.getByRole("tabpanel", { name: "Script" });
  await script.getByRole("combobox", { name: "Kernel call" }).fill("memblock_reserve 96M 1M");
  await script.getByRole("button", { name: "Make" }).click();
  await script
    .getByRole("status")
    .filter({ hasText: /^Call / })
    .waitFor();
  assert.notEqual(await page.locator("#where").textContent(), stands);
  await script.getByRole("button", { name: "Back to the lesson" }).click();
  assert.equal(await page.locator("#where").textContent(), stands);
  assert.equal(await page.getByRole("tab", { name: "Lesson" }).getAttribute("aria-selected"), "true");
  await close(page);
});

test("a reload, a lesson left and another seed lose nothing", async () => {
  const page = await take(site, "add-merge-reserve", { seed: 5 });
  const key = answerKey("add-merge-reserve", 5);
  const { steps } = lessons[1].lesson;
  for (const step of steps.slice(0, 3)) {
    const ask = key.steps.find(({ id }) => id === step.id);
    if (ask) await answer(page, ask, ask.answer);
    await press(page, "Next");
  }
  const dots = () =>
    side(page)
      .locator(".dot")
      .evaluateAll((all) => all.map((one) => one.className));
  const before = await dots();
  assert.ok(before.includes("dot solved"));
  await page.reload();
  await ready(page);
  assert.deepEqual(await dots(), before);
  assert.equal(await side(page).locator("[aria-current=step]").textContent(), "4");
  await press(page, "Leave the lesson");
  await page.getByRole("button", { name: "Lessons" }).click();
  const dialog = page.getByRole("dialog", { name: "Lessons" });
  await dialog.getByText(/of \d+ answered/).waitFor();
  await dialog.getByRole("button", { name: /^Go on: / }).click();
  await side(page).waitFor();
  assert.deepEqual(await dots(), before);
  // A teacher's link with other questions asks first, and may be declined.
  await page.goto(`${site.url}?lesson=add-merge-reserve&seed=9`);
  await page.getByRole("button", { name: "Go on with mine" }).click();
  await ready(page);
  assert.deepEqual(await dots(), before);
  await close(page);
});

test("what an address asks for and is not there is named", async () => {
  for (const [query, said] of [
    ["lesson=the-handof", /lesson=the-handof/],
    ["lesson=the-handoff&step=chip", /step=chip/],
    ["lesson=the-handoff&seed=-1", /seed=-1/],
    ["lesson=the-handoff&mode=hard", /mode=hard/],
  ]) {
    const page = await take({ ...site, url: site.url }, "the-handoff");
    await page.goto(`${site.url}?${query}`);
    await ready(page);
    assert.match(await page.getByRole("alert").first().textContent(), said);
    await close(page);
  }
});

for (const [theme, options] of [
  ["light", {}],
  ["dark", {}],
  ["contrast", phone],
])
  test(`axe finds nothing in a lesson, in the theme ${theme}`, async () => {
    const page = await take(site, "sections", { colorScheme: theme === "dark" ? "dark" : "light", ...options });
    if (theme === "contrast") await page.evaluate(() => localStorage.setItem("mmscope.theme", "contrast"));
    for (const step of ["order", "usage", "exercise"]) {
      await page.goto(`${site.url}?lesson=sections&seed=1&step=${step}`);
      await ready(page);
      if (step !== "exercise") {
        await press(page, "Hint");
        await press(page, "Show me");
      }
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      assert.deepEqual(
        violations.map((v) => `${step}: ${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`),
        [],
      );
    }
    await close(page);
  });
