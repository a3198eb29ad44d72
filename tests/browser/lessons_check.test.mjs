// The page's module checks lessons as `mmscope lessons check` does, and a receipt is worth the same natively and there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { root } from "./lab.mjs";

globalThis.document ??= {}; // the module is built for pages and asks for both
globalThis.window ??= globalThis;
const { default: create } = await import(join(root, "build/web/mmscope.js"));
const module = await create({ wasmBinary: readFileSync(join(root, "build/web/mmscope.wasm")) });
module._mmscope_later();

const folder = join(root, "web/lessons");
const folders = readdirSync(folder, { withFileTypes: true }).filter((found) => found.isDirectory());
const lessons = folders.map(({ name }) => ({
  name,
  text: readFileSync(join(folder, name, "lesson.json"), "utf8"),
  prose: readFileSync(join(folder, name, "en.md"), "utf8"),
}));

/** Puts that machine on the desk. */
function put(lab, later, { capture, preset, script }) {
  if (capture) {
    lab.logBegin();
    lab.logFeed(gunzipSync(readFileSync(join(root, "web/page/assets/captures", `${capture}.gz`))));
    assert.ok(JSON.parse(lab.logFinish()).ok, capture);
  } else if (preset) {
    assert.ok(later.loadPreset(preset), preset);
  } else {
    assert.ok(JSON.parse(later.loadScript(script, "")).ok);
  }
  while (lab.prepare(1000) < 1);
}

/** A lab with that machine on the desk. */
function labOf(machine) {
  const lab = new module.Lab();
  const later = new module.Later(lab);
  put(lab, later, machine);
  const free = () => {
    later.delete();
    lab.delete();
  };
  return { lab, later, free };
}

const grade = (...args) => {
  try {
    return execFileSync(join(root, "build/release/mmscope"), ["grade", "--lessons", folder, ...args], {
      encoding: "utf8",
    });
  } catch (error) {
    if (error.status !== 1) throw error;
    return error.stdout;
  }
};

for (const { name, text, prose } of lessons) {
  const lesson = JSON.parse(text);
  const machines = [lesson.machine].flat();

  test(`${name} passes its check in WebAssembly`, () => {
    let report;
    const { lab, later, free } = labOf(machines[0]);
    for (const [i, machine] of machines.entries()) {
      if (i > 0) put(lab, later, machine);
      lab.seek(7, 0);
      const digest = later.digest();
      report = JSON.parse(later.lessonCheck(text, i, prose));
      assert.equal(later.digest(), digest, "the playhead stays");
    }
    free();
    assert.ok(report.done);
    assert.deepEqual([report.errors, report.prose], [[], []]);
    assert.ok(report.ok);
    const native = execFileSync(join(root, "build/release/mmscope"), ["lessons", "check", join(folder, name)], {
      encoding: "utf8",
    });
    assert.match(native, new RegExp(` ${report.answers} answers, ${report.ways} ways`));
  });

  test(`${name}: what is wrong is found in WebAssembly too`, () => {
    const { later, free } = labOf(machines[0]);
    const report = JSON.parse(later.lessonCheck(text, 0, prose.replace(/^## /m, "## x")));
    assert.equal(report.ok, false);
    assert.ok(report.prose.length > 0 && report.prose[0].line > 0 && report.prose[0].reason);
    assert.match(JSON.parse(later.lessonCheck("{", 0, prose)).error, /^lesson\.json:1:2: /);
    assert.match(JSON.parse(later.lessonCheck(text, 64, prose)).error, /no such machine/);
    free();
  });

  test(`${name}: an exam's receipt is graded the same natively and in WebAssembly`, () => {
    const seed = 7;
    const { lab, later, free } = labOf(JSON.parse(new module.Later(new module.Lab()).lessonMachine(text, seed)));
    const asks = (step) => step.asks && step.id !== "exercise";
    const begin = (mode) => JSON.parse(later.lessonBegin(text, seed, mode)).steps;
    const right = begin("practice").map((step, i) => {
      later.lessonEnter(i);
      return asks(step) && JSON.parse(later.lessonSkip()).reading;
    });
    const steps = begin("exam");
    let answered = 0;
    let worth = 0;
    for (const [i, step] of steps.entries()) {
      assert.equal(JSON.parse(later.lessonEnter(i)).mode, "exam");
      if (!asks(step)) continue;
      if (i > 0) assert.match(JSON.parse(later.lessonEnter(i - 1)).error, /forwards only/);
      assert.equal(JSON.parse(later.lessonSkip()).understood, false);
      const verdict = JSON.parse(later.lessonAnswer(right[i]));
      assert.ok(verdict.understood);
      assert.ok(!("right" in verdict) && !("why" in verdict) && !("goto" in verdict));
      if (answered++ > 0) worth += 1;
      else later.lessonAnswer("no such thing"); // not understood: the answer before it stands
    }
    if (answered > 0) worth += 1;
    if (lesson.exercise) {
      const exercise = JSON.parse(later.lessonExercise());
      assert.ok(exercise.goals.every((goal) => !("met" in goal)) && !("solved" in exercise));
    }
    assert.equal(later.lessonResults(), "null");
    assert.equal(later.lessonReceipt("early"), "null");
    const inputs = JSON.parse(later.lessonInputs());

    // A reload in the middle of it.
    begin("exam");
    assert.deepEqual(JSON.parse(later.lessonReplay(JSON.stringify(inputs))), {
      taken: inputs.length,
      of: inputs.length,
    });
    assert.deepEqual(JSON.parse(later.lessonInputs()), inputs);
    later.lessonEnter(steps.length - 1);
    const results = JSON.parse(later.lessonFinish());
    assert.equal(results.points, worth);
    assert.equal(results.questions.length, answered);
    assert.deepEqual(JSON.parse(later.lessonResults()), results);
    assert.ok(JSON.parse(later.lessonStep()).done);

    const receipt = later.lessonReceipt("=1+1, Ünï");
    assert.equal(JSON.parse(receipt).points, worth);
    const scratch = mkdtempSync(join(tmpdir(), "receipts-"));
    try {
      lab.seek(7, 0);
      const digest = later.digest();
      const here = JSON.parse(later.lessonGrade(receipt, text));
      assert.deepEqual([here.ok, here.points, here.of, here.seed], [true, results.points, results.of, seed]);
      assert.equal(later.digest(), digest, "the playhead stays");
      const forged = receipt.replace(/"points":\d+/, '"points":0');
      const refused = JSON.parse(later.lessonGrade(forged, text));
      assert.equal(refused.ok, false);
      writeFileSync(join(scratch, "good.json"), receipt);
      writeFileSync(join(scratch, "bad.json"), forged);
      const [, good, bad] = grade(join(scratch, "good.json"), join(scratch, "bad.json")).split("\n");
      const percent = Math.round((100 * results.points) / results.of);
      assert.ok(
        good.endsWith(`,"'=1+1, Ünï",${lesson.id},${seed},exam,${results.points},${results.of},${percent},accepted,`),
        good,
      );
      assert.ok(bad.includes(",refused,") && bad.includes(refused.reason), bad);
    } finally {
      rmSync(scratch, { recursive: true });
    }
    free();
  });
}
