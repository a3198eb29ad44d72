// Every recorded boot that lies beside the checkout (../shared/captures), of every kernel and architecture. What is known
// to differ is named here, and in docs/fidelity.md with its reason: a fact that joins the list, or leaves it, is news.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
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

// A log without memblock=debug: the requests are the boot model's. All lines about memblock are taken out.
const scratch = mkdtempSync(join(tmpdir(), "mmscope-captures-"));
after(() => rmSync(scratch, { recursive: true }));
const knownWithout = {
  "x64-6.1-4G-numafake4": "F1", // NODE_DATA lines are compared in order, and the request before them has no line
  "x64-7.2-4G-numafake4": "F1",
};
const modelled = captures.filter((name) => /^(x64|i386)-/.test(name) && existsSync(join(folder, name, "dmesg.gz")));
for (const name of modelled.filter((name) => !name.includes("hotplug") || name.startsWith("x64-6.1-")))
  test(`${name} without memblock=debug`, () => {
    const stripped = join(scratch, name);
    spawnSync("mkdir", [stripped]);
    for (const file of readdirSync(join(folder, name)))
      if (file !== "dmesg.gz") symlinkSync(join(folder, name, file), join(stripped, file));
    const log = gunzipSync(readFileSync(join(folder, name, "dmesg.gz"))).toString("latin1");
    const about = /memblock_|MEMBLOCK configuration|(memory size|memory\.cnt|reserved\.cnt) +=|(memory|reserved)\[0x/;
    const rest = log.split("\n").filter((line) => !about.test(line));
    writeFileSync(join(stripped, "dmesg"), rest.join("\n"), "latin1");
    const { stdout } = spawnSync(program(), ["verify", stripped], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
    assert.match(stdout, /assumed: the log was written without memblock=debug/);
    const rows = [...stdout.matchAll(/^ {2}(F\d+) (equal|differs|unknown)/gm)];
    const differ = rows.filter(([, , status]) => status === "differs").map(([, fact]) => fact);
    assert.equal(differ.join(" "), knownWithout[name] ?? "", stdout);
  });

test("what is known to differ is a capture that is there", { skip: captures.length === 0 }, () => {
  assert.deepEqual(
    Object.keys(known).filter((name) => !captures.includes(name)),
    [],
  );
});
