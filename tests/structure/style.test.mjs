// What the tools of each language have to say. `./lab fmt` cures the first.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { files, root } from "../support/tree.mjs";

function clean(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 });
  assert.equal(status, 0, `${command} ${args.join(" ")}\n${stdout}${stderr}`.slice(0, 6000));
}
const tool = (name, ...args) => clean(process.execPath, [`node_modules/.bin/${name}`, ...args]);

test("everything is formatted (./lab fmt)", () => clean("./lab", ["fmt", "--check"]));

test("lab is sound bash", () => clean("bash", ["-n", "lab"]));

test("the page's TypeScript has no type error", { skip: !files.some((path) => /^web\/page\/.*\.ts$/.test(path)) }, () =>
  tool("tsc", "--pretty", "false", "--project", "tsconfig.json"),
);

const html = files.filter((path) => /^web\/page\/[^/]*\.html$/.test(path));
test("the page's HTML is valid", { skip: html.length === 0 }, () => tool("html-validate", ...html));
