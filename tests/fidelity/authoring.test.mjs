// The tutorial of docs/authoring.md, followed word by word in a copy of the checkout: its commands are run, its files are
// written, and what it says is printed is printed.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { program } from "../../web/hosting/lesson_check.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const doc = readFileSync(join(root, "docs/authoring.md"), "utf8");
const [, tutorial] = doc.match(/^## Your first lesson$([\s\S]*?)^# Reference$/m);

/** A checkout that has been built: `./lab` is told where, so that it builds nothing. */
const copy = mkdtempSync(join(tmpdir(), "mmscope-authoring-"));
for (const path of ["lab", "package.json", "package-lock.json", "web"])
  cpSync(join(root, path), join(copy, path), { recursive: true });
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
mkdirSync(join(copy, "build/release"), { recursive: true });
symlinkSync(program(), join(copy, "build/release/mmscope"));
const options = {
  cwd: copy,
  encoding: "utf8",
  env: { ...process.env, MMSCOPE: program(), DIST: process.env.DIST ?? join(root, "dist") },
};

const servers = [];
let address;
after(() => {
  for (const { pid } of servers) process.kill(-pid);
  rmSync(copy, { recursive: true });
});

/** A command that goes on: its output so far whenever something came, until `enough(output)`. */
function serving(command, enough) {
  const server = spawn("bash", ["-c", command], { ...options, detached: true });
  servers.push(server);
  return new Promise((done, failed) => {
    let output = "";
    const more = (chunk) => {
      output += chunk;
      if (enough(output)) done(output);
    };
    server.stdout.setEncoding("utf8").on("data", more);
    server.stderr.setEncoding("utf8").on("data", more);
    server.on("close", () => failed(new Error(`${command} ended:\n${output}`)));
  });
}

/** What the page says is printed, as a pattern: a line "…" stands for any lines, and the port may be taken. */
const printed = (text) =>
  new RegExp(
    `^${text
      .split("\n")
      .map((line) =>
        line === "…" ? "(?:.*\n)*?" : `${line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/:8080\//, ":\\d+/")}\n`,
      )
      .join("")}$`,
  );
const told = (output) => output.replace(/^lab: .*\n/gm, "");

const blocks = [...tutorial.matchAll(/^```(\w+)(?: (\S+)( \(added at its end\))?)?\n([\s\S]*?)^```$/gm)];

test("the checkout's npm packages are those of package-lock.json", () => {
  const there = readFileSync(join(root, "node_modules/.mmscope-lock"), "utf8");
  assert.equal(readFileSync(join(root, "package-lock.json"), "utf8"), there, "else the tutorial would install them");
});

test("the tutorial can be followed word by word", async () => {
  assert.equal((tutorial.match(/^```/gm) ?? []).length, 2 * blocks.length, "every block is understood");
  let commands = 0;
  for (const [i, [, language, file, added, text]] of blocks.entries()) {
    if (file) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      (added ? appendFileSync : writeFileSync)(join(copy, file), text);
    } else if (language === "sh") {
      const next = blocks[i + 1];
      assert.equal(next?.[1], "text", `what does ${text} print?`);
      const wanted = printed(next[4].trimEnd());
      const command = text.trim();
      let output;
      if (command.includes(" serve ")) {
        output = await serving(command, (said) => said.includes("Ctrl-C"));
        [address] = output.match(/http:\S+/);
      } else {
        const { stdout, stderr } = spawnSync("bash", ["-c", command], options);
        output = stderr + stdout;
      }
      assert.match(told(output), wanted, command);
      commands++;
    } else {
      assert.equal(language, "text");
    }
  }
  assert.ok(commands >= 6);
});

test("the server that the tutorial leaves running has the finished lesson", async () => {
  const finished = { folder: "01-the-hole", steps: ["two", "exercise"], problems: [] };
  let shown;
  for (const until = Date.now() + 5000; Date.now() < until && shown !== JSON.stringify(finished); ) {
    const { folder, steps, problems } = await (await fetch(new URL("preview.json", address))).json();
    shown = JSON.stringify({ folder, steps, problems });
  }
  assert.equal(shown, JSON.stringify(finished));
});

test("the reference has every field of the schema", () => {
  const schema = JSON.parse(readFileSync(join(root, "web/lessons/lesson.schema.json"), "utf8"));
  const names = new Set();
  const walk = (node) => {
    if (node === null || typeof node !== "object") return;
    for (const name of Object.keys(node.properties ?? {})) names.add(name);
    for (const child of Object.values(node)) walk(child);
  };
  walk(schema);
  for (const kind of schema.$defs.prediction.properties.kind.enum) names.add(kind);
  const reference = doc.slice(doc.indexOf("\n# Reference"));
  const missing = [...names].filter((name) => !new RegExp(`[\`"]${name.replace("$", "\\$")}[\`"]`).test(reference));
  assert.deepEqual(missing, []);
});
