// learner.mjs: takes a lesson on the page as a person does: reads the question, answers by mouse, by touch or by keyboard,
// goes on. What to answer stands in the lesson's answer key, which the core writes (mmscope lessons key).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ready, root, visit } from "./lab.mjs";

const program = process.env.MMSCOPE ?? join(root, "build/release/mmscope");
const folder = join(root, "web/lessons");

/** All lessons of the course: { folder, id, number, lesson }, in their order. */
export const lessons = readdirSync(folder, { withFileTypes: true })
  .filter((found) => found.isDirectory())
  .map(({ name }) => ({ folder: name, lesson: JSON.parse(readFileSync(join(folder, name, "lesson.json"), "utf8")) }))
  .map((one) => ({ ...one, id: one.lesson.id, number: one.lesson.number }))
  .sort((a, b) => a.number - b.number);

/** core/lesson/answer_key.hpp */
export const answerKey = (id, seed) =>
  JSON.parse(
    execFileSync(
      program,
      ["lessons", "key", join("web/lessons", lessons.find((one) => one.id === id).folder), "--seed", seed],
      {
        cwd: root,
        encoding: "utf8",
      },
    ),
  );

/** The words that a piece of prose begins with, as far as no value comes between. */
export function firstWords(id, key) {
  const prose = JSON.parse(
    readFileSync(join(root, "dist/lessons", lessons.find((one) => one.id === id).folder, "en.json"), "utf8"),
  )[key];
  let text = "";
  const read = (nodes) =>
    nodes.every((node) => {
      if (typeof node !== "string" && node.t === "value") return false;
      if (typeof node !== "string") return read(node.c);
      text += node;
      return true;
    });
  read(prose);
  return text.trim();
}

/** The lab with a lesson begun. */
export async function take(site, id, { seed = 1, mode = "practice", ...options } = {}) {
  const url = `${site.url}?lesson=${id}&seed=${seed}${mode === "exam" ? "&mode=exam" : ""}`;
  const page = await visit({ browser: site.browser, url }, options);
  if (mode === "exam") await page.getByRole("button", { name: "Begin the exam" }).click();
  await ready(page);
  await side(page).locator(".prose").getByText(/./).first().waitFor();
  return page;
}

export const side = (page) => page.getByRole("tabpanel", { name: "Lesson" });
export const verdict = (page) => page.locator(".verdict");
const button = (page, name) => side(page).getByRole("button", { name, exact: true });
export const press = (page, name) => button(page, name).click();

/** The hands of a learner: how something is pressed, chosen, written. */
export const mouse = {
  press: (control) => control.click(),
  check: (control) => control.check(),
  fill: (control, text) => control.fill(text),
};
export const touch = { ...mouse, press: (control) => control.tap(), check: (control) => control.tap() };
export const keyboard = {
  async press(control) {
    await tabTo(control);
    await control.page().keyboard.press("Enter");
  },
  async check(control) {
    // A group of radio buttons is one stop of Tab; the arrows choose in it.
    const group = control.page().locator(".choices input");
    await tabTo(group);
    await control.page().keyboard.press("Space");
    for (let i = 0; i < 10 && !(await control.isChecked()); ++i) await control.page().keyboard.press("ArrowDown");
    assert.ok(await control.isChecked());
  },
  async fill(control, text) {
    await tabTo(control);
    await control.page().keyboard.press("Control+A");
    await control.page().keyboard.type(text);
  },
};

/** Tab until one of these has the keyboard. */
async function tabTo(controls) {
  const page = controls.page();
  for (const key of ["Tab", "Shift+Tab"])
    for (let i = 0; i < 150; ++i) {
      if (await controls.evaluateAll((all) => all.includes(document.activeElement))) return;
      await page.keyboard.press(key);
    }
  assert.fail(`Tab does not reach ${controls}`);
}

/** Answers the question of this step; what the page says to it. */
export async function answer(page, { kind }, says, hands = mouse) {
  const panel = side(page);
  if (kind === "truth" || kind === "choice") {
    const radios = panel.locator(".choices input");
    const yes = /^(y|t)/i.test(says) ? "yes" : "no";
    const value = kind === "truth" ? yes : says;
    await hands.check(radios.and(page.locator(`[value="${value}"]`)));
  } else if (kind === "sequence") {
    const order = says.split(/[ ,]+/);
    for (const [place, id] of order.entries())
      for (let i = 0; i < 10; ++i) {
        const ids = await panel.locator(".sequence li").evaluateAll((all) => all.map((one) => one.dataset.id));
        if (ids.indexOf(id) <= place) break;
        await hands.press(panel.locator(`.sequence li[data-id="${id}"]`).getByRole("button", { name: /^Earlier/ }));
      }
  } else {
    await hands.fill(
      panel.getByRole(kind === "region" || kind === "zone" ? "combobox" : "textbox", { name: "Your answer" }),
      says,
    );
  }
  await verdict(page).evaluate((box) => box.replaceChildren());
  await hands.press(panel.getByRole("button", { name: /^(Check|Answer)$/ }));
  await verdict(page).getByText(/./).first().waitFor();
  return verdict(page).innerText();
}

/** Makes the exercise's calls; what the page says to the last. */
export async function make(page, calls, hands = mouse) {
  for (const call of calls) {
    await verdict(page).evaluate((box) => box.replaceChildren());
    await hands.fill(side(page).getByRole("combobox", { name: "Kernel call" }), call);
    await hands.press(button(page, "Make the call"));
    await verdict(page).getByText(/./).first().waitFor();
  }
  return verdict(page).innerText();
}

export async function takeBack(page, hands = mouse) {
  const back = button(page, "Take the last call back");
  while (await back.count()) await hands.press(back);
}

/** Through all steps; `each(step, ask)` where there is a question, `ask` of the answer key. */
export async function walk(page, key, each, hands = mouse) {
  const { steps } = lessons.find(({ id }) => id === key.lesson).lesson;
  for (const [i, step] of steps.entries()) {
    const ask = key.steps.find(({ id }) => id === step.id);
    if (ask) await each(step, ask);
    if (i + 1 < steps.length || key.exercise) {
      await hands.press(button(page, "Next"));
      await page.locator(`.lesson-steps li:nth-child(${i + 2}) [aria-current=step]`).waitFor();
    }
  }
}
