// Files that are made from others are up to date.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { files, read, root } from "../support/tree.mjs";

const has = (path) => files.includes(path);
const missing = (...paths) => paths.filter((path) => !has(path)).map((path) => `no ${path} yet`)[0] ?? false;

test("docs/events.md has every event of events.def and no other", {
  skip: missing("core/trace/events.def", "docs/events.md"),
}, () => {
  const events = [...read("core/trace/events.def").matchAll(/^EVENT\((\w+),\s*\w+,\s*"((?:\\.|[^"\\])*)"/gm)];
  const doc = read("docs/events.md");
  assert.ok(events.length > 0);
  for (const [, name, meaning] of events) {
    assert.ok(doc.includes(name), `docs/events.md does not have ${name}`);
    assert.ok(doc.includes(meaning.replaceAll('\\"', '"')), `docs/events.md says something else about ${name}`);
  }
  const names = new Set(events.map(([, name]) => name));
  assert.deepEqual(
    [...new Set(doc.match(/\blab_\w+/g) ?? [])].filter((name) => !names.has(name)),
    [],
  );
});

test("colours of canvas and page come from one table", { skip: missing("web/hosting/tokens.mjs") }, () => {
  execFileSync(process.execPath, ["web/hosting/tokens.mjs", "--check"], { cwd: root, encoding: "utf8" });
});

test("docs/events.md and docs/commands.md are what docs/generate.mjs makes", {
  skip: missing("docs/generate.mjs"),
}, () => {
  execFileSync(process.execPath, ["docs/generate.mjs", "--check"], { cwd: root, encoding: "utf8" });
});
