// An exam says nothing until its end: not on the screen, not in the DOM. Then it says everything, and the receipt is graded to
// the same score by the command line.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { close, ready, root, start } from "./lab.mjs";
import { answer, answerKey, firstWords, lessons, make, press, side, take } from "./learner.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const scratch = mkdtempSync(join(tmpdir(), "mmscope-exam-"));
let site;
before(async () => {
  site = await start();
});
after(async () => {
  await site?.stop();
  rmSync(scratch, { recursive: true });
});

const grade = (file) =>
  spawnSync(join(root, "build/release/mmscope"), ["grade", file], { cwd: root, encoding: "utf8" });

/** All text of the document, shown or not, and what controls are called. */
const everything = (page) =>
  page.evaluate(() => {
    const names = [...document.querySelectorAll("[aria-label], [title], [value]")].flatMap((e) =>
      ["aria-label", "title", "value"].map((name) => e.getAttribute(name) ?? ""),
    );
    return [document.body.textContent, ...names].join("\n").replace(/\s+/g, " ");
  });

async function silent(page, id, step, lesson) {
  const text = await everything(page);
  const asked = lesson.steps.find((one) => one.id === step.id).prediction;
  const keys = [
    asked.right,
    asked.otherwise.why,
    ...asked.wrong.map(({ why }) => why),
    ...asked.hints.map((h) => h.text),
  ];
  for (const key of keys) {
    const words = firstWords(id, key).replace(/\s+/g, " ");
    assert.ok(words.length < 8 || !text.includes(words), `${step.id} tells ${key}: ${words}`);
  }
  assert.doesNotMatch(text, /✓ Right|✗ Not quite|\bsolved\b|Step \d+, done/);
  assert.equal(await page.locator(".dot.solved").count(), 0);
  assert.ok(await page.getByRole("group", { name: "Playback" }).isHidden());
  assert.equal(await page.getByRole("slider", { name: "timeline of calls" }).count(), 0);
  assert.ok(
    await page
      .getByRole("tab", { name: /^Step|^Ask|^Thing|^Script/ })
      .first()
      .isHidden(),
  );
  assert.equal(await page.locator("#answer, #request").getByText(/./).count(), 0);
}

for (const [id, wrongAt] of [
  ["sections", "roots"],
  ["nodes-and-zones", null],
])
  test(`${id}: silent until it is handed in, then told and graded`, async () => {
    const seed = 6;
    const page = await take(site, id, { seed, mode: "exam" });
    const key = answerKey(id, seed);
    const { lesson } = lessons.find((one) => one.id === id);
    for (const [i, step] of lesson.steps.entries()) {
      const ask = key.steps.find((one) => one.id === step.id);
      if (ask) {
        const wrong = ask.tries.find(({ right }) => !right).says;
        assert.match(await answer(page, ask, wrong), /^Your answer: .*\n*You can change it until you go on\./s);
        await silent(page, id, step, lesson);
        if (step.id !== wrongAt) await answer(page, ask, ask.answer);
        await silent(page, id, step, lesson);
      }
      await page.evaluate(() => document.activeElement.blur());
      const stands = await page.evaluate(() => document.querySelector("#where").textContent);
      for (const pressed of ["ArrowRight", " ", "/", "b"]) await page.keyboard.press(pressed);
      assert.equal(await page.evaluate(() => document.querySelector("#where").textContent), stands);
      assert.equal(await side(page).getByRole("button", { name: "Previous" }).count(), 0);
      if (i === 2) {
        await page.reload(); // goes on where it was
        await ready(page);
        assert.equal(await side(page).locator("[aria-current=step]").textContent(), "3");
        assert.ok(await page.getByRole("group", { name: "Playback" }).isHidden());
      }
      await press(page, "Next");
      assert.ok(await side(page).locator(".dot").first().isDisabled());
    }
    assert.doesNotMatch(await make(page, key.exercise.solution), /Done|✓|✗/);
    assert.equal(await side(page).locator(".goal-list .met").count(), 0);
    await press(page, "Hand in");

    await side(page).getByRole("heading", { name: "What you answered" }).waitFor();
    const of = key.steps.length + 1;
    const points = wrongAt ? of - 1 : of;
    await side(page).getByText(`${points} of ${of}`, { exact: true }).waitFor();
    assert.equal(await side(page).locator(".results .sign.wrong").count(), of - points);
    if (wrongAt) {
      const told = await side(page).locator(".results > li").filter({ hasText: "✗" }).textContent();
      assert.match(told, /You said: .*It is: /s);
    }
    assert.ok(await page.getByRole("group", { name: "Playback" }).isVisible());
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run());
    assert.deepEqual(
      violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`),
      [],
    );

    await side(page)
      .getByRole("textbox", { name: /^Your name/ })
      .fill("=Kim, A.");
    const [download] = await Promise.all([page.waitForEvent("download"), press(page, "Save the receipt")]);
    const file = join(scratch, download.suggestedFilename());
    await download.saveAs(file);
    const { stdout, stderr, status } = grade(file);
    assert.equal(status, 0, stderr);
    const [head, row] = stdout.trim().split("\n");
    assert.equal(head, "receipt,name,lesson,seed,mode,points,of,percent,status,reason");
    assert.ok(row.includes(`,"'=Kim, A.",${id},${seed},exam,${points},${of},`), row);

    // One point more, or another answer, and it is refused.
    const receipt = readFileSync(file, "utf8");
    writeFileSync(file, receipt.replace(`"points":${points}`, `"points":${points - 1}`));
    assert.equal(grade(file).status, 1);
    assert.match(grade(file).stdout, /refused/);
    await close(page);
  });
