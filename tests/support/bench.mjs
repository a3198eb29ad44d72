// `./lab bench [--json FILE]`: runs mmscope_bench natively and in WebAssembly, shows both side by side.
// The program prints its figures as a JSON array on standard output: [{"name","value","unit"}…]; progress goes to
// standard error. This script adds "env". Before them all, ten million random calls a machine are held against the naive
// model (tests/fidelity/page_alloc_naive_test.cpp; PAGE_ALLOC_CALLS=N for another number): a figure of an allocator that
// loses pages is worth nothing.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { json: { type: "string" } } });
const programs = {
  native: ["build/release/mmscope_bench"],
  wasm: [process.execPath, "build/web/node/mmscope_bench.js"],
};
const rows = [];
{
  const calls = process.env.PAGE_ALLOC_CALLS ?? "10000000";
  console.log(`the page allocator against the naive model, ${calls} calls a machine …`);
  const begun = Date.now();
  const { status } = spawnSync("build/release/mmscope_fidelity", ["--test-case=page allocator: random calls*"], {
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PAGE_ALLOC_CALLS: calls },
  });
  if (status !== 0) {
    console.error("bench: the page allocator and the naive model disagree");
    process.exit(1);
  }
  rows.push({ name: "pages/naive", env: "native", value: (Date.now() - begun) / 1000, unit: "s" });
}
for (const [env, [command, ...args]] of Object.entries(programs)) {
  const file = args[0] ?? command;
  if (!existsSync(file)) {
    console.error(`bench: ${file} was not built`);
    process.exit(1);
  }
  console.log(`${env} …`);
  const { status, stdout } = spawnSync(command, args, {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (status !== 0) {
    console.error(`bench: ${file} ended with status ${status}`);
    process.exit(1);
  }
  for (const row of JSON.parse(stdout)) rows.push({ name: row.name, env, value: row.value, unit: row.unit });
}
// The page, where there is a browser to measure it in.
if (existsSync("dist/lab.html")) {
  console.log("page …");
  const { status, stdout } = spawnSync(process.execPath, ["tests/bench/page.mjs"], {
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status === 0)
    for (const row of JSON.parse(stdout)) rows.push({ name: row.name, env: "wasm", value: row.value, unit: row.unit });
}

const names = [...new Set(rows.map((row) => row.name))];
const cell = (name, env) => rows.find((row) => row.name === name && row.env === env);
const width = Math.max(...names.map((name) => name.length));
const figure = (row) =>
  row ? (typeof row.value === "number" ? String(Math.round(row.value * 1000) / 1000) : row.value) : "-";
console.log(`\n${"".padEnd(width)} ${"native".padStart(20)} ${"wasm".padStart(20)}  unit`);
for (const name of names) {
  const both = ["native", "wasm"].map((env) => cell(name, env));
  console.log(
    `${name.padEnd(width)} ${figure(both[0]).padStart(20)} ${figure(both[1]).padStart(20)}  ${(both[0] ?? both[1]).unit}`,
  );
}
const cpu = cpus()[0]?.model ?? "unknown processor";
const memory = existsSync("/proc/meminfo")
  ? readFileSync("/proc/meminfo", "utf8").match(/MemTotal: +(\d+)/)?.[1]
  : undefined;
console.log(
  `\n${cpus().length} × ${cpu}${memory ? `, ${(memory / 1048576).toFixed(0)} GiB` : ""}, Node ${process.version}`,
);
if (values.json) writeFileSync(values.json, `${JSON.stringify(rows, null, 1)}\n`);
