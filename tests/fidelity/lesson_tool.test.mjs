// `lesson new` makes a lesson that works, whatever the machine; `lesson check` says where one does not.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { program } from "../../web/hosting/lesson_check.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "mmscope-tool-"));
after(() => rmSync(scratch, { recursive: true }));

const tool = (...args) =>
  spawnSync(process.execPath, ["web/hosting/lesson_tool.mjs", ...args], { cwd: root, encoding: "utf8" });
const change = (file, from, to) => {
  const text = readFileSync(file, "utf8");
  assert.ok(text.includes(from), from);
  writeFileSync(file, text.replace(from, to));
};

const presets = spawnSync(program(), ["machines"], { cwd: root, encoding: "utf8" }).stdout.match(/^\S+/gm);
const captures = readdirSync(join(root, "web/page/assets/captures")).map((name) => name.replace(/\.gz$/, ""));

// The template is about a PC whose kernel keeps its first MiB and has a call memblock_free_all.
const others = /^(arm|x64-(5|6\.12|7)|pc-256m-(2|4|5\.10|6\.12|7))/;
for (const [i, machine] of [...presets, ...captures].entries())
  test(`a new lesson about ${machine} ${others.test(machine) ? "says what does not hold there" : "works"}`, () => {
    const folder = join(scratch, `all-${i}`);
    const { status, stdout, stderr } = tool("new", `lesson-${i}`, "--machine", machine, "--in", folder);
    const made = join(folder, `01-lesson-${i}`);
    if (others.test(machine)) {
      assert.equal(status, 1);
      assert.ok(!existsSync(made));
      for (const line of stderr.trim().split("\n"))
        assert.match(line, /lesson\.json:\d+:\d+: (start|steps|exercise)\b/);
      return;
    }
    assert.equal(stderr, "");
    assert.equal(status, 0);
    const lesson = JSON.parse(readFileSync(join(made, "lesson.json"), "utf8"));
    assert.equal(lesson.number, 1);
    assert.ok(existsSync(join(made, lesson.$schema)), "the schema is where the lesson says");
    assert.match(stdout, new RegExp(`^ok {5}lesson-${i}: 1 steps, 1 predictions`));
    assert.match(stdout, new RegExp(`serve --lesson \\S*01-lesson-${i}`));
  });

test("what cannot be made is refused, and nothing is left lying about", () => {
  const folder = join(scratch, "refused");
  assert.match(tool("new", "a", "--machine", "no-such", "--in", folder).stderr, /there is no preset 'no-such'/);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(tool("new", "My lesson", "--in", folder).status, 2);
  assert.equal(tool("new", "a", "--in", folder).status, 0);
  assert.match(tool("new", "a", "--in", folder).stderr, /has a lesson 'a' already/);
  assert.equal(tool("new").status, 2);
  assert.equal(tool("check", "--far").status, 2);
});

test("the check points at whatever is wrong, of every kind, at once", () => {
  tool("new", "broken", "--in", scratch);
  const folder = join(scratch, "01-broken");
  const file = join(folder, "lesson.json");
  change(file, '"panel": "memblock"', '"panel": "map"'); // the core stops here
  change(file, '"home": "exercise.home",', ""); // the schema goes on
  appendFileSync(join(folder, "en.md"), "\n![x](y.png)\n"); // and the prose's compiler
  const { status, stdout, stderr } = tool("check", folder);
  const lines = stderr.trim().split("\n");
  assert.equal(status, 1);
  assert.equal(stdout, "");
  assert.equal(lines.length, 3, stderr);
  const text = readFileSync(file, "utf8").split("\n");
  const [, line, column] = lines[0].match(/lesson\.json:(\d+):(\d+): steps\[0\]\.look\.panel: the panel is one of/);
  assert.ok(text[line - 1].slice(column - 1).startsWith('"map"'));
  assert.match(lines[1], /lesson\.json:\d+:\d+: exercise: "home" is missing$/);
  const last = readFileSync(join(folder, "en.md"), "utf8").trimEnd().split("\n").length;
  assert.ok(lines[2].endsWith(`en.md:${last}:1: image is no part of a lesson's prose`), lines[2]);
});

test("what the core finds when it plays is told with its place too", () => {
  tool("new", "untrue", "--in", scratch);
  const folder = join(scratch, "02-untrue");
  change(join(folder, "lesson.json"), '"truth": ["!handed_over"', '"truth": ["handed_over"');
  change(join(folder, "en.md"), "{ranges}", "{rnges}");
  const { status, stdout, stderr } = tool("check", folder);
  assert.equal(status, 1);
  assert.match(stdout, /^FAILED untrue: .*, 2 wrong$/m);
  assert.match(stderr, /en\.md:4:1: lists: there is no value \{rnges\}/);
  assert.match(stderr, /lesson\.json:21:17: steps\[0\]\.truth\[0\]: this does not hold where the step stands/);
});
