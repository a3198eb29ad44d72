// Two hundred seeded walks over the lessons: whatever a learner presses, in whatever order, nothing breaks, there is always a
// way on and a way out, and what was answered is still there after a reload.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, ready, start } from "./lab.mjs";
import { answerKey, lessons, take } from "./learner.mjs";

const WALKS = 200;
const ACTIONS = 14;
const RELOADS = 20; // of the walks end with one

let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

/** mulberry32: the same numbers in every run. */
function dice(seed) {
  let a = seed;
  return (n) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** What a learner may type: right and wrong answers of this lesson, calls, nonsense. */
function sayings(id) {
  const key = answerKey(id, 1);
  const { solution, wrong_ways } = key.exercise;
  return {
    answers: [...key.steps.flatMap(({ tries }) => tries.map(({ says }) => says)), "", "?", "-1", "0x", "9".repeat(60)],
    calls: [
      ...solution,
      ...wrong_ways.flatMap(({ calls }) => calls),
      "memblock_reserve",
      "boom 1 2",
      "memblock_free_all",
    ],
  };
}

/** One walk in the page; what it did, for whoever must find out why. */
const walk = (page, numbers, say) =>
  page.evaluate(
    async ({ numbers, say }) => {
      const did = [];
      let i = 0;
      const roll = (n) => numbers[i++ % numbers.length] % n;
      const seen = (e) => e.getClientRects().length > 0 && !e.disabled;
      for (let n = 0; n < numbers.length / 3; ++n) {
        const side = document.querySelector("#side-lesson");
        if (!side) break;
        const text = [...side.querySelectorAll("input[type=text]")].filter(seen)[0];
        const radios = [...side.querySelectorAll("input[type=radio]")].filter(seen);
        if (text && roll(2)) {
          const list = text.id === "lesson-call" ? say.calls : say.answers;
          text.value = list[roll(list.length)];
          text.dispatchEvent(new Event("input", { bubbles: true }));
        }
        if (radios.length > 0) radios[roll(radios.length)].checked = true;
        const back = document.querySelector("#back-to-lesson");
        // Leaving is for the end, and "again" would begin another one.
        const words = /^(Leave|Begin again|Take it again|Save)/;
        const buttons = [...side.querySelectorAll("button"), ...(back ? [back] : [])].filter(
          (e) => (seen(e) || e === back) && !words.test(e.textContent),
        );
        const button = buttons[roll(buttons.length)];
        if (!button) break;
        did.push(button.getAttribute("aria-label") ?? button.textContent);
        button.click();
        await new Promise((go) => requestAnimationFrame(() => setTimeout(go)));
      }
      document.querySelector("#back-to-lesson")?.click();
      return did;
    },
    { numbers, say },
  );

const state = (page) =>
  page.evaluate(() => ({
    dots: [...document.querySelectorAll(".dot")].map((dot) => dot.className),
    here: document.querySelector(".lesson-steps [aria-current]")?.textContent ?? "",
    kept: Object.values(JSON.parse(localStorage.getItem("mmscope.progress")).lessons)
      .sort((a, b) => (a.at < b.at ? 1 : -1))
      .map(({ step, inputs }) => `${step} ${inputs.length}`)[0],
  }));

test(`${WALKS} random walks leave no error, no dead end, no lost progress`, async () => {
  const said = new Map(lessons.map(({ id }) => [id, sayings(id)]));
  let page = null;
  for (let n = 0; n < WALKS; ++n) {
    const roll = dice(n + 1);
    const { id } = lessons[roll(lessons.length)];
    const mode = roll(4) === 0 ? "exam" : "practice";
    if (page) {
      // From the list, as one who has left a lesson.
      await page.getByRole("button", { name: "Lessons" }).click();
      const title = lessons.find((one) => one.id === id).number - 1;
      const row = page.getByRole("dialog", { name: "Lessons" }).getByRole("listitem").nth(title);
      await row
        .getByRole("button")
        .nth(mode === "exam" ? 1 : 0)
        .click();
      const begin = page.getByRole("button", { name: "Begin the exam" });
      await page.locator("#side-lesson .prose p, dialog[open]").first().waitFor();
      if (await begin.isVisible()) await begin.click();
      await page.locator("#side-lesson .prose p").first().waitFor();
    } else page = await take(site, id, { mode });
    const numbers = Array.from({ length: ACTIONS * 3 }, () => roll(1 << 20));
    const did = await walk(page, numbers, said.get(id));
    const told = `walk ${n}, ${id}, ${mode}: ${did.join(" | ")}`;
    assert.deepEqual(page.problems, [], told);
    assert.ok(await page.locator("#message").isHidden(), `${told}: ${await page.locator("#message").textContent()}`);
    const side = page.getByRole("tabpanel", { name: "Lesson" });
    const results = await side.getByRole("heading", { name: "What you answered" }).count();
    if (n % (WALKS / RELOADS) === 0 && !results) {
      const before = await state(page);
      await page.reload();
      await ready(page);
      assert.deepEqual(await state(page), before, told);
    }
    // A way out, whatever happened.
    await side.getByRole("button", { name: /^Leave/ }).click();
    assert.equal(await side.count(), 0, told);
    assert.ok(await page.getByRole("group", { name: "Playback" }).isVisible(), told);
  }
  await close(page);
});
