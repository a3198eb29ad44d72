// The schema that an author's editor reads: every lesson keeps to it, it explains every field, and it knows every call.
// That it says what the core says is tested where the core is (tests/fidelity/lesson_schema.test.mjs).
import assert from "node:assert/strict";
import { test } from "node:test";
import { schema, schemaProblems } from "../../web/hosting/lesson_schema.mjs";
import { files, read } from "../support/tree.mjs";

const lessons = files.filter((path) => /^web\/lessons\/[^/]+\/lesson\.json$/.test(path));

test("there are lessons", () => assert.ok(lessons.length > 0));

for (const path of [...lessons, "web/hosting/lesson_template/lesson.json"])
  test(`${path} keeps to the schema`, () => {
    const text = read(path).replace('"id": "ID"', '"id": "id"'); // the template's
    assert.deepEqual(
      schemaProblems(text).map(({ line, column, path: at, reason }) => `${path}:${line}:${column}: ${at}: ${reason}`),
      [],
    );
  });

test("the schema explains every field", () => {
  const silent = [];
  const walk = (node, path) => {
    if (node === null || typeof node !== "object") return;
    for (const [name, field] of Object.entries(node.properties ?? {}))
      if (!/\/(if|then|else|contains)$/.test(path) && typeof field === "object" && !field.description) {
        const named = field.$ref?.split("/").at(-1);
        if (!schema.$defs[named]?.description) silent.push(`${path}/${name}`);
      }
    for (const [name, child] of Object.entries(node)) walk(child, `${path}/${name}`);
  };
  walk(schema, "");
  assert.deepEqual(silent, []);
});

test("the schema has every call of a boot and no other", () => {
  const calls = [...read("core/lab/commands.def").matchAll(/^COMMAND\((\w+)/gm)].map(([, name]) => name);
  assert.ok(calls.length > 0);
  assert.deepEqual(schema.$defs.call_name.enum, calls);
});
