// story.ts: the left column. Where we are, what happened, what was asked, what came out and what the kernel's log says,
// and who holds every byte.
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import { headline, sentence } from "./sentences";
import type { AccountPart, Argument, Story } from "./state";
import { bytes, hex } from "./units";

const SHOWN_OWNERS = 4;

export function showStory(story: Story): void {
  crumbs(story);
  setText(byId("headline"), headline(story));
  setText(byId("sentence"), sentence(story));
  request(story);
  answer(story);
  owners(story);
}

function crumbs(story: Story): void {
  const path = story.path ?? [];
  // Deep inside a call the way in and the last two functions tell where we are.
  const shown = path.length > 4 ? [...path.slice(0, 1), "…", ...path.slice(-2)] : path;
  const names = [story.phase || t("phase."), ...shown];
  byId("crumbs").replaceChildren(
    ...names.map((name, i) =>
      h(
        "li",
        i === names.length - 1 ? { "aria-current": "step", class: "mono" } : { class: i > 0 ? "mono" : "" },
        name,
      ),
    ),
  );
}

type Fact = [name: string, value: string, kind?: "equal" | "differs"];

function facts(part: string, list: string, rows: Fact[]): void {
  byId(part).hidden = rows.length === 0;
  byId(list).replaceChildren(
    ...rows.map(([name, value, kind]) =>
      h("div", {}, h("dt", {}, name), h("dd", { class: kind ? `mono ${kind}` : "mono" }, value)),
    ),
  );
}

function value(arg: Argument): string {
  if (arg.value === null) return t("fact.any");
  if (typeof arg.value === "string") return arg.value;
  if (arg.kind === "node") return arg.value < 0 ? t("fact.any") : String(arg.value);
  if (arg.kind === "bytes") return bytes(arg.value);
  if (arg.kind === "pfn") return hex(arg.value);
  // A limit of 0 is memblock's way to say "wherever it is mapped".
  if (arg.kind === "addr") return arg.name === "max_addr" && arg.value === 0 ? t("fact.any") : hex(arg.value);
  return String(arg.value);
}

function request(story: Story): void {
  const { call } = story;
  const rows: Fact[] = [];
  if (call) {
    if (call.caller) rows.push([t("fact.caller"), call.caller]);
    for (const arg of call.args) rows.push([t(`fact.${arg.name}`).replace(/^fact\./, ""), value(arg)]);
    if (call.owner) rows.push([t("fact.owner"), call.owner]);
  }
  facts("request-part", "request", rows);
}

function answer(story: Story): void {
  const { call, answer: made, score } = story;
  const rows: Fact[] = [];
  if (call && made) {
    if (story.inside) rows.push([t("fact.events"), t("fact.events-of", { seen: call.seen, events: call.events })]);
    else if (made.made === 1 && made.addr !== undefined) {
      rows.push([t("fact.lab"), hex(made.addr)]);
      if (typeof made.loggedAddr === "number") {
        rows.push([t("fact.log-line", { line: made.line ?? 0 }), hex(made.loggedAddr)]);
        const difference = Math.abs(made.addr - made.loggedAddr);
        if (difference === 0)
          rows.push([t("fact.equal"), t("fact.equal-yes", { equal: score.equal, logged: score.logged }), "equal"]);
        else rows.push([t("fact.equal"), t("fact.equal-no", { difference: bytes(difference) }), "differs"]);
      } else if (score.logged > 0) rows.push([t("fact.log"), t("fact.unlogged")]);
    } else if (made.made > 1) {
      rows.push([t("fact.made"), String(made.made)]);
      if (made.logged > 0) {
        const equal = made.equal === made.logged;
        rows.push([
          t("fact.equal"),
          `${equal ? "✓" : "✗"} ${t("fact.score-value", { equal: made.equal, logged: made.logged })}`,
          equal ? "equal" : "differs",
        ]);
      }
    }
    if (made.made === 0 && !story.inside && score.soFar > 0)
      rows.push([
        t("fact.score"),
        `${score.equal === score.soFar ? "✓" : "✗"} ${t("fact.score-value", { equal: score.equal, logged: score.soFar })}`,
        score.equal === score.soFar ? "equal" : "differs",
      ]);
  }
  facts("answer-part", "answer", rows);
}

function colour(part: AccountPart): string {
  if (part.part === "owner") return part.kind ?? "reserved";
  if (part.part === "free_memblock") return "memory";
  if (part.part === "free_buddy") return "free";
  if (part.part === "waiting") return "hole";
  return "misc";
}

function owners(story: Story): void {
  const { ram, sum, parts } = story.accounting;
  byId("owners-part").hidden = ram === 0;
  const named = parts.filter((part) => part.part === "owner");
  const rest = parts.filter((part) => part.part !== "owner");
  const others = named.slice(SHOWN_OWNERS);
  const lines: { name: string; bytes: number; colour: string; part?: string }[] = named
    .slice(0, SHOWN_OWNERS)
    .map((part) => ({ name: part.label ?? "", bytes: part.bytes, colour: colour(part), part: part.part }));
  if (others.length > 0)
    lines.push({
      name: t("owner.others", { n: others.length }),
      bytes: others.reduce((all, part) => all + part.bytes, 0),
      colour: "misc",
    });
  for (const part of rest)
    lines.push({ name: t(`owner.${part.part}`), bytes: part.bytes, colour: colour(part), part: part.part });

  byId("shares").replaceChildren(
    ...lines.map((line) => {
      const share = h("i", { class: `fill-${line.colour}` });
      share.style.width = `${ram > 0 ? (line.bytes / ram) * 100 : 0}%`;
      return share;
    }),
  );
  const row = (name: string, amount: string, swatch?: string, kind = "", part?: string) =>
    h(
      "div",
      { "data-part": part }, // for owners.ts
      h("dt", {}, swatch ? h("i", { class: `swatch fill-${swatch}` }) : "", name),
      h("dd", { class: `mono ${kind}` }, amount),
    );
  const balanced = sum === ram;
  const verdict = balanced ? t("owner.balances") : t("owner.off", { difference: bytes(Math.abs(sum - ram)) });
  byId("owners").replaceChildren(
    // First, so that it is in view however many lines there are.
    row(t("owner.sum"), `${bytes(sum)} ${verdict}`, undefined, balanced ? "equal" : "differs"),
    ...lines.map((line) => row(line.name, bytes(line.bytes), line.colour, "", line.part)),
  );
}
