// Two hundred seeded walks over the lessons: whatever a learner presses, in whatever order, nothing breaks, there is always a
// way on and a way out, and what was answered is still there after a reload.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { close, open, ready, start } from "./lab.mjs";
import { answerKey, lessons } from "./learner.mjs";

const WALKS = 200;
const ACTIONS = 12;
const RELOADS = 20; // of the walks end with one

let site;
before(async () => {
  site = await start({ args: ["--disable-3d-apis"] }); // the picture is for other tests, and takes most of the time
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

/** One walk in the page, from the list of lessons; what it did, for whoever must find out why. */
const walk = (page, path) =>
  page.evaluate(async ({ number, mode, numbers, say }) => {
    const breathe = () => new Promise((go) => setTimeout(go));
    const there = async (css) => {
      for (let i = 0; i < 3000; ++i) {
        const found = [...document.querySelectorAll(css)].filter((e) => e.getClientRects().length > 0);
        if (found.length > 0) return found;
        await new Promise((go) => setTimeout(go, 10));
      }
      throw new Error(`no ${css}`);
    };
    document.querySelector("#lessons").click();
    const rows = await there("#lesson-list li");
    rows[number - 1].querySelectorAll("button")[mode === "exam" ? 1 : 0].click();
    // An exam that was left goes on at once.
    const [first] = await there("#side-lesson .prose p, dialog[open] button.primary");
    if (first instanceof HTMLButtonElement) first.click();
    await there("#side-lesson .prose p");

    const did = [];
    let i = 0;
    const roll = (n) => numbers[i++ % numbers.length] % n;
    const seen = (e) => e.getClientRects().length > 0 && !e.disabled;
    for (let n = 0; n < numbers.length / 3; ++n) {
      const side = document.querySelector("#side-lesson");
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
      const buttons = [...side.querySelectorAll("button, [role=button]"), ...(back ? [back] : [])].filter(
        (e) => (seen(e) || e === back) && !words.test(e.textContent),
      );
      const button = buttons[roll(buttons.length)];
      if (!button) throw new Error(`a dead end after ${did.join(" | ")}`);
      did.push(button.getAttribute("aria-label") ?? button.textContent);
      button.click();
      await breathe();
    }
    document.querySelector("#back-to-lesson")?.click();
    return did;
  }, path);

/** The way out, as one who leaves presses it; whether the page is whole again. */
const leave = (page) =>
  page.evaluate(() => {
    const side = document.querySelector("#side-lesson");
    [...side.querySelectorAll("button")].find((button) => /^Leave/.test(button.textContent))?.click();
    const playback = document.querySelector(".transport").getClientRects().length > 0;
    return {
      left: !document.querySelector("#side-lesson"),
      playback,
      message: document.querySelector("#message").innerText,
    };
  });

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
  const page = await open(site);
  const problems = () => page.problems.filter((text) => !/WebGL/i.test(text)); // its absence is said by the browser
  for (let n = 0; n < WALKS; ++n) {
    const roll = dice(n + 1);
    const { id, number } = lessons[roll(lessons.length)];
    const mode = roll(4) === 0 ? "exam" : "practice";
    const numbers = Array.from({ length: ACTIONS * 3 }, () => roll(1 << 20));
    const did = await walk(page, { number, mode, numbers, say: said.get(id) });
    const told = `walk ${n}, ${id}, ${mode}: ${did.join(" | ")}`;
    assert.deepEqual(problems(), [], told);
    const before = await state(page);
    if (n % (WALKS / RELOADS) === 0 && before.dots.length > 0) {
      await page.reload();
      await ready(page);
      assert.deepEqual(await state(page), before, told);
    }
    assert.deepEqual(await leave(page), { left: true, playback: true, message: "" }, told);
  }
  page.problems = problems();
  await close(page);
});
