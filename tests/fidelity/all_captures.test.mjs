// Every recorded boot that lies beside the checkout (../shared/captures), of every kernel and architecture. What is known
// to differ is named here, and in docs/fidelity.md with its reason: a fact that joins the list, or leaves it, is news.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { program } from "../../web/hosting/lesson_check.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = join(root, "../shared/captures");
const captures = existsSync(folder)
  ? readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  : [];

/** Facts that differ, by capture. "refused": no log that can be played. */
const known = {};
const unmodelled = /^mips/;

const text = (name) =>
  spawnSync(program(), ["verify", join(folder, name)], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }).stdout;

for (const name of captures)
  test(name, () => {
    const report = text(name);
    if (unmodelled.test(name)) assert.match(report, /error: .*: this version models /);
    else if (report.includes("  error: ")) assert.equal("refused", known[name], report);
    else {
      const rows = [...report.matchAll(/^ {2}(F\d+) (equal|differs|unknown)/gm)];
      assert.equal(rows.length, 9, report);
      const differ = rows.filter(([, , status]) => status === "differs").map(([, fact]) => fact);
      assert.equal(differ.join(" "), known[name] ?? "", report);
    }
  });

test("what is known to differ is a capture that is there", { skip: captures.length === 0 }, () => {
  assert.deepEqual(
    Object.keys(known).filter((name) => !captures.includes(name)),
    [],
  );
});
