// Makes docs/events.md and docs/commands.md from the tables in core/. `--check` only says whether they are up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const rows = (file, kind) =>
  [...readFileSync(path(file), "utf8").matchAll(new RegExp(`^${kind}\\((\\w+), (?:(\\w+), )?"([^"]*)",\\s*(.*)\\)$`, "gm"))].map(
    ([, name, role, text, rest]) => ({
      name,
      role,
      text,
      fields: [...rest.matchAll(/[FA]\((\w+), (\w+)(?:, (\w+))?\)/g)].map(([, field, unit, need]) => ({ field, unit, need })),
    }),
  );

const events = rows("core/trace/events.def", "EVENT");
const eventsPage = `# Events
Made from \`core/trace/events.def\` by \`docs/generate.mjs\`; do not edit.

A kernel call records what happened inside it as a list of events. A **state** event changes the machine: folding a
call's state events over the machine before the call gives the machine after it (\`core/mm/system.hpp\`, \`fold\`). An
**info** event says why. Names with \`lab_\` are ours; a name without it is the kernel's own tracepoint.

| event | role | meaning | fields (unit) |
|---|---|---|---|
${events.map((e) => `| \`${e.name}\` | ${e.role} | ${e.text} | ${e.fields.map((f) => `${f.field} (${f.unit})`).join(", ")} |`).join("\n")}
`;

const commands = rows("core/lab/commands.def", "COMMAND");
const usage = (c) =>
  [c.name, ...c.fields.map((f) => (f.need === "must" ? f.field.toUpperCase() : `[${f.field}=…]`))].join(" ");
const commandsPage = `# Script commands
Made from \`core/lab/commands.def\` by \`docs/generate.mjs\`; do not edit.

One command a line; numbers decimal or 0x, with K, M, G suffixes; \`#\` begins a comment; \`-> name\` keeps the result, and
\`name\` or \`name+0x1000\` stands for it later. An optional first line \`machine era=6.1 arch=x86_64\` chooses the machine.

| command | what it does |
|---|---|
${commands.map((c) => `| \`${usage(c)}\` | ${c.text} |`).join("\n")}
`;

let stale = 0;
for (const [name, text] of [
  ["docs/events.md", eventsPage],
  ["docs/commands.md", commandsPage],
]) {
  if (process.argv.includes("--check")) {
    let old = "";
    try {
      old = readFileSync(path(name), "utf8");
    } catch {}
    if (old !== text) {
      stale += 1;
      console.error(`${name} is not up to date: run node docs/generate.mjs`);
    }
  } else {
    writeFileSync(path(name), text);
  }
}
process.exitCode = stale ? 1 : 0;
