// The schema says what the core says: a lesson that both take is changed in one place at a time, and both must refuse it
// (or both take it). The lesson is the template of `./lab lesson new`, with every kind of prediction added.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { program } from "../../web/hosting/lesson_check.mjs";
import { schemaProblems } from "../../web/hosting/lesson_schema.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const template = join(root, "web/hosting/lesson_template");
const scratch = mkdtempSync(join(tmpdir(), "mmscope-schema-"));
after(() => rmSync(scratch, { recursive: true }));

const read = (name) => readFileSync(join(template, name), "utf8");
const plain = JSON.parse(read("lesson.json").replace('"ID"', '"l"').replace("MACHINE", "tiny-128m"));
plain.number = 1;

/** A step with a prediction of this kind; it takes the place of the template's. */
function withKind(kind, parts) {
  const lesson = structuredClone(plain);
  const { unit, tolerance, variants, answer, wrong, ...rest } = lesson.steps[0].prediction;
  const given = { base: "0", end: "4096", size: "4096" };
  const hints = rest.hints.map(({ level, text }) => ({ level, text, tries: 1 }));
  lesson.steps[0].prediction = { ...rest, kind, given, hints, otherwise: { why: "lists.why" }, ...parts };
  return lesson;
}
const before = { before: "memblock_free_all" };
const events = ["e820__memblock_setup", "memblock_free_all", "page_alloc_init_late"];
const kinds = {
  number: withKind("number", {
    unit: "count",
    answer: "memblock.reserved.cnt",
    try: [
      { says: "38", right: true },
      { says: "1", why: "lists.why" },
    ],
  }),
  choice: withKind("choice", {
    answer: { at: before },
    choices: [
      { id: "a", text: "lists.hint", right: "true" },
      { id: "b", text: "lists.hint", right: "false" },
    ],
    try: [
      { says: "a", right: true },
      { says: "b", why: "lists.why" },
    ],
  }),
  region: withKind("region", {
    of: "memblock.reserved",
    answer: "memblock.reserved.regions[1].base",
    try: [
      { says: "reserved[1]", right: true },
      { says: "reserved[0]", why: "lists.why" },
    ],
  }),
  page: withKind("page", {
    answer: "4096",
    try: [
      { says: "0x1000", right: true },
      { says: "0x1001", why: "lists.why" },
    ],
  }),
  zone: withKind("zone", {
    answer: "4096",
    try: [
      { says: "DMA32", right: true },
      { says: "DMA", why: "lists.why" },
    ],
  }),
  sequence: withKind("sequence", {
    items: events.map((call, i) => ({ id: `e${i}`, text: "lists.hint", at: { after: call } })),
    try: [
      { says: "e0 e1 e2", right: true },
      { says: "e1 e0 e2", why: "lists.why" },
    ],
  }),
};

/** What is done to which lesson: [name, lesson, change]. */
const changes = [];
const change = (name, how, lesson = plain) => {
  const changed = structuredClone(lesson);
  how(changed);
  changes.push([name, changed]);
};
const at = (lesson, path) => path.reduce((node, part) => node[part], lesson);
const set = (path, value) => (lesson) => {
  at(lesson, path.slice(0, -1))[path.at(-1)] = value;
};
const drop = (path) => (lesson) => {
  delete at(lesson, path.slice(0, -1))[path.at(-1)];
};
const p = ["steps", 0, "prediction"];

// Every field that must be there is left out once; every object gets a field that nobody knows; every field gets a value of
// another type.
const mayBeLeftOut = new RegExp(
  [
    /^\$schema$|^(number|minutes|needs|exercise)$/,
    /^steps\.0\.(at|look|values|truth|prediction)(\.\w+)?$/,
    /(variants(\.\d+\.\w+)?|given(\.\w+)?|tolerance|\.wrong|answer\.at)$/,
    /\.(rule|goto|unit|tries|after|variant|right|why)$/,
  ]
    .map(({ source }) => source)
    .join("|"),
);
function walk(node, path) {
  const name = path.join(".");
  if (Array.isArray(node)) {
    change(`${name}: a text for a list`, set(path, "x"));
    if (!/\.(truth|wrong|needs)$|^needs$|variants$/.test(name)) change(`${name}: empty`, set(path, []));
    for (const i of [0, 1]) if (i in node) walk(node[i], [...path, i]);
  } else if (typeof node === "object") {
    if (path.length > 0) change(`${name}: a number for an object`, set(path, 7));
    if (!/\.(values|given|variants\.\d+)$/.test(name)) change(`${name}: an unknown field`, set([...path, "foo"], "x"));
    for (const [field, child] of Object.entries(node)) {
      const inner = [...path, field].join(".");
      if (!mayBeLeftOut.test(inner)) change(`${inner}: left out`, drop([...path, field]));
      walk(child, [...path, field]);
    }
  } else {
    change(`${name}: true for a ${typeof node}`, set(path, node !== true));
    if (typeof node === "string") {
      change(`${name}: empty`, set(path, ""));
      change(`${name}: too long`, set(path, "x".repeat(2000)));
    } else if (typeof node === "number") change(`${name}: below nothing`, set(path, -1));
  }
}
walk(plain, []);

change("another format", set(["format"], 2));
change("a place in the course and no minutes", drop(["minutes"]));
change("an id with blanks", set(["id"], "My lesson"));
change("two machines in one", set(["machine"], { preset: "tiny-128m", script: "memblock_add 0 1M" }));
change("no machine in a list", set(["machine"], []));
change("a capture that leads out", set(["machine"], { capture: "../../x" }));
change("a call that there is none of", set(["start"], { before: "memblock_freeall" }));
change("two moments in one", set(["start"], { before: "memblock_free_all", after: "memblock_free_all" }));
change("an event without its call", set(["start"], { event_where: "true" }));
change("a call without its event", set(["start"], { in: "memblock_free_all" }));
change("an event and more", set(["start"], { in: "memblock_free_all", event_where: "true", before: "memblock_add" }));
change("an unknown panel", set(["steps", 0, "look", "panel"], "map"));
change("from without to", set(["steps", 0, "look", "from"], "0"));
change("to without from", set(["steps", 0, "look", "to"], "0"));
change("an unknown kind", set([...p, "kind"], "guess"));
change("an unknown unit", set([...p, "unit"], "furlongs"));
change("a value called answer", set([...p, "given", "answer"], "1"));
change("a value called first_wrong", set([...p, "given", "first_wrong"], "1"));
change("a value with a capital", set([...p, "given", "Base"], "1"));
change("an otherwise with a condition", set([...p, "otherwise", "when"], "true"));
change("a hint of another level", set([...p, "hints", 0, "level"], "answer"));
change("a hint after too many tries", set([...p, "hints", 0, "tries"], 65));
change("no hint of level rule", (l) => l.steps[0].prediction.hints.pop());
change("no hint of level nudge", (l) => l.steps[0].prediction.hints.shift());
change("a try right and wrong", set([...p, "try", 0, "why"], "lists.why"));
change("a try neither right nor wrong", drop([...p, "try", 0, "right"]));
change("one try", (l) => l.steps[0].prediction.try.splice(1));
change("one alternative", (l) => l.exercise.alternatives.pop());
change("two wrong ways", (l) => l.exercise.wrong_ways.pop());
change("65 truths", set(["steps", 0, "truth"], Array(65).fill("true")));
change("choices of a number", set([...p, "choices"], kinds.choice.steps[0].prediction.choices));
change("items of a number", set([...p, "items"], kinds.sequence.steps[0].prediction.items));
change("a list of a number", set([...p, "of"], "e820"));
change("a number without unit", drop([...p, "unit"]));
change("a page with a unit", set([...p, "unit"], "pfn"), kinds.page);
change("a page with a tolerance", set([...p, "tolerance"], 1), kinds.page);
change("a page without answer", drop([...p, "answer"]), kinds.page);
change("a choice without choices", drop([...p, "choices"]), kinds.choice);
change("one choice", (l) => l.steps[0].prediction.choices.pop(), kinds.choice);
change("a choice with an answer", set([...p, "answer"], "1"), kinds.choice);
change("a choice with a value", set([...p, "answer", "value"], "1"), kinds.choice);
change("a choice with items", set([...p, "items"], kinds.sequence.steps[0].prediction.items), kinds.choice);
change("a region of nothing", drop([...p, "of"]), kinds.region);
change("a region of another list", set([...p, "of"], "memblock.physmem"), kinds.region);
change("a sequence without items", drop([...p, "items"]), kinds.sequence);
change("a sequence of two", (l) => l.steps[0].prediction.items.pop(), kinds.sequence);
change(
  "a sequence of seven",
  (l) => {
    for (const id of ["f", "g", "h", "i"]) l.steps[0].prediction.items.push({ id, text: "lists.hint", at: before });
  },
  kinds.sequence,
);
change("a sequence with an answer", set([...p, "answer"], "1"), kinds.sequence);
change("an item without its moment", drop([...p, "items", 1, "at"]), kinds.sequence);
change("an unknown field of an item", set([...p, "items", 1, "when"], "x"), kinds.sequence);

// What may be said in more than one way.
const taken = [];
const take = (name, how, lesson = plain) => {
  const changed = structuredClone(lesson);
  how(changed);
  taken.push([name, changed]);
};
for (const [kind, lesson] of Object.entries(kinds)) take(`a prediction of kind ${kind}`, () => {}, lesson);
take("the template", () => {});
take("no place in the course", (l) => [delete l.number, delete l.minutes, delete l.needs]);
take("no schema", (l) => delete l.$schema);
take("no exercise", (l) => delete l.exercise);
take("two machines", set(["machine"], [{ preset: "tiny-128m" }, { preset: "qemu-1g" }]));
take("a try for one machine", (l) => {
  l.machine = [{ preset: "tiny-128m" }, { preset: "qemu-1g" }];
  l.steps[0].prediction.try.push({ says: "{$answer}", right: true, machine: 1 });
});
take("a step with the bytes to show", (l) =>
  Object.assign(l.steps[0].look, { from: "0", to: { at: before, value: "16M" } }),
);

/** The lessons as folders, played by the core: what it says of each, by its folder's name. */
function played(lessons) {
  const prose = read("en.md");
  const folders = lessons.map(([, lesson], i) => {
    const folder = join(scratch, `${lessons === taken ? "taken" : "refused"}-${i}`);
    mkdirSync(folder);
    writeFileSync(join(folder, "lesson.json"), JSON.stringify(lesson, null, 2));
    // Prose that a changed lesson no longer uses is no news here.
    const used = JSON.stringify(lesson);
    const pieces = prose.split(/^(?=## )/m).filter((piece) => {
      const key = piece.match(/^## (.*)/)?.[1];
      return !key || used.includes(`"${key}"`);
    });
    writeFileSync(join(folder, "en.md"), pieces.join(""));
    return folder;
  });
  const { stderr, status } = spawnSync(program(), ["lessons", "check", ...folders], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  assert.notEqual(status, null, "the core came to an end");
  return folders.map((folder) =>
    stderr
      .split("\n")
      .filter((line) => line.startsWith(`${folder}/`))
      .join("\n"),
  );
}

test("the core and the schema take the same lessons", () => {
  const said = played(taken);
  taken.forEach(([name, lesson], i) => {
    assert.equal(said[i], "", name);
    assert.deepEqual(schemaProblems(JSON.stringify(lesson)), [], name);
  });
});

test(`the core and the schema refuse the same ${changes.length} lessons`, () => {
  const said = played(changes);
  assert.ok(changes.length > 300);
  const wrong = [];
  changes.forEach(([name, lesson], i) => {
    if (said[i] === "") wrong.push(`the core takes ${name}`);
    if (schemaProblems(JSON.stringify(lesson)).length === 0) wrong.push(`the schema takes ${name}`);
  });
  assert.deepEqual(wrong, []);
});
