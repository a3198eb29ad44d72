// Makes docs/events.md, docs/commands.md and docs/query.md from the tables in core/. `--check` only says whether they are up to date.
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

// THING(of, name, index, child, unit, "meaning", …) and FIELD(of, name, index, unit, words, "meaning", …)
const fields = [
  ...readFileSync(path("core/query/fields.def"), "utf8").matchAll(
    /^(THING|FIELD)\((\w+), (\w+), (\w+), (\w+), (\w+), "([^"]*)"/gm,
  ),
].map(([, row, of, name, index, first, second, meaning]) => ({
  of,
  name: index === "none" ? name : index === "maybe" ? `${name}[number]` : `${name}[${index}]`,
  what: row === "THING" ? `→ ${first}` : first === "none" ? "" : first,
  meaning,
}));
const functions = [
  ...readFileSync(path("core/query/functions.cpp"), "utf8").matchAll(/^ {4}\{"(\w+)", (\w+|\{\}), QueryUnit::(\w+), "([^"]*)"\}/gm),
].map(([, name, subjects, unit, meaning]) => ({
  name,
  subjects: { of_block: "node, zone, order, type", of_page: "state, node, zone, type", of_handed: "order, node, zone" }[subjects] ?? '"owner"',
  unit,
  meaning,
}));
const queryPage = `# Asking a boot
Made from \`core/query/fields.def\` and \`core/query/functions.cpp\` by \`docs/generate.mjs\`; do not edit.

The query box, the inspector and the goals of lessons speak one language, and so does the command line:

    mmscope query qemu-1g 'node[0].zone[DMA32].managed_pages' 'free(order>=3) >= 1'
    mmscope query boot.txt --at 33:7 'call.name' 'page[0x1234].state == reserved'
    mmscope inspect qemu-1g 'section[3]'

## Expressions
- numbers: \`4096\`, \`0x1000\`, \`4K 2M 1G 1T\` (bytes); texts: \`"mem_map"\`, or a bare word where a text is compared;
  \`true\`, \`false\`, \`nothing\`; \`$name\` is a value that the asker supplies
- \`|| or\`, \`&& and\`, \`not\`, \`== != < <= > >=\`, \`+ -\`, \`* / %\`, \`! -\`, brackets: from loose to tight; \`not\` takes a whole
  comparison, comparisons do not chain
- a sum has the unit of its left side, any other result has none; division goes towards zero
- **nothing**: what does not exist at this moment (a page of an absent section, a call's result before it returns), what
  does not fit into 64 bits, a division by zero. It equals only \`nothing\`, and what is computed with it is nothing
- an index is an expression; zones, migratetypes and watermarks also go by name: \`zone[DMA32]\` is \`zone[1]\`
- at most ${/max_query_bytes = (\d+)/.exec(readFileSync(path("core/query/query.hpp"), "utf8"))[1]} bytes, nested at most 64 deep; what cannot be read is refused with its column

## Functions
Each condition compares with \`= != < <= > >=\`, and any may be left out.

| function | conditions | unit | what it counts |
|---|---|---|---|
${functions.map((f) => `| \`${f.name}\` | ${f.subjects} | ${f.unit} | ${f.meaning} |`).join("\n")}

## Things and fields
→ says which thing a path goes on with; *root* is where a path begins. What is not the kernel's name is marked (ours).
The fields of an event are those of its kind in [events.md](events.md).

| of | name | unit | meaning |
|---|---|---|---|
${fields.map((f) => `| ${f.of} | \`${f.name}\` | ${f.what} | ${f.meaning} |`).join("\n")}

## What is assumed
\`section_mem_map\` is the word of Linux 6.1 with SPARSEMEM_VMEMMAP and ZONE_DEVICE: the flags in bits 0 to 4, the node from bit 5
on until the section gets its map, the encoded pointer afterwards. Virtual addresses are those of a boot with \`nokaslr\` and
four-level page tables. \`page.flags\` names what follows from the state alone: PG_reserved, and the page type PG_buddy of a
free block's first page. The lines for a machine of one's own are for root on Debian with kernel 6.1; \`drgn\` and \`crash\` need
the kernel's debug symbols, \`page-types\` is built from the kernel's \`tools/vm\`, memblock's lines need a boot with \`memblock=debug\`.
`;

let stale = 0;
for (const [name, text] of [
  ["docs/events.md", eventsPage],
  ["docs/commands.md", commandsPage],
  ["docs/query.md", queryPage],
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
