// question.ts: where the answer to a lesson's question is given. Every kind of answer can be typed; what names a place can
// be pressed in the picture too, and what there are few of is offered in a list.
//
//     const field = answerField(question, { nodes, rows, ask });
//     form.append(...field.view);
//     field.pick("page[0x4800]");      something was pressed in the picture
//     field.value                      as the core reads it (core/lesson/notation.hpp)
import { Combobox } from "./combobox";
import { h, setText } from "./dom";
import type { Question } from "./lesson_facts";
import { t } from "./locale";
import { say } from "./say";
import type { Cell } from "./state";
import { hex } from "./units";

export interface AnswerField {
  view: HTMLElement[];
  readonly value: string;
  /** True when it is an answer to this question. */
  pick(path: string): boolean;
}

export interface Surroundings {
  /** The prose of a key. */
  nodes(key: string): Node[];
  /** The rows of one of the tables, as the boot stands. */
  rows(table: string): Cell[][];
  /** The number that an expression has now, or null. */
  ask(expression: string): number | null;
}

const ID = "lesson-answer";
/** What may be pressed for an answer of this kind. */
const PICKED: Record<string, RegExp> = {
  pfn: /^(page|block)\[/,
  page: /^(page|block)\[/,
  block: /^(page|block)\[/,
  zone: /^node\[\d+\]\.zone\[/,
};
const LIST_OF: Record<string, string> = {
  "memblock.memory": "memory",
  "memblock.reserved": "reserved",
  e820: "firmware",
};
const MOST_OFFERED = 200;

export function answerField(question: Question, around: Surroundings): AnswerField {
  if (question.kind === "sequence") return sequence(question, around);
  if (question.kind === "choice" || question.kind === "truth") return choices(question, around);
  return typed(question, around);
}

// ---- one of a few ------------------------------------------------------------------------------------------------------

function choices({ kind, choices }: Question, { nodes }: Surroundings): AnswerField {
  const all =
    kind === "truth"
      ? ["yes", "no"].map((id) => ({ id, words: [document.createTextNode(t(`lesson.${id}`))] as Node[] }))
      : choices.map(({ id, text }) => ({ id, words: nodes(text) }));
  const group = h("div", { class: "choices", role: "radiogroup", "aria-labelledby": "lesson-asked" });
  for (const { id, words } of all)
    group.append(h("label", {}, h("input", { type: "radio", name: ID, value: id }), h("span", {}, ...words)));
  return {
    view: [group],
    get value() {
      return group.querySelector<HTMLInputElement>("input:checked")?.value ?? "";
    },
    pick: () => false,
  };
}

// ---- typed, or pressed in the picture ------------------------------------------------------------------------------------

function typed(question: Question, around: Surroundings): AnswerField {
  const { kind, unit } = question;
  const input = h("input", {
    type: "text",
    id: ID,
    class: "mono",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": "lesson-asked lesson-unit",
    maxlength: 200,
  });
  const how = t(kind === "number" ? `lesson.unit.${unit ?? "count"}` : `lesson.how.${kind}`);
  const offered = offers(question, around);
  let field: HTMLElement = input;
  if (offered) {
    const combo = new Combobox(input, t("lesson.offered"), (before) => ({
      from: 0,
      list: offered().filter(({ text, about }) => `${text} ${about}`.toLowerCase().includes(before.toLowerCase())),
    }));
    input.addEventListener("input", () => combo.look());
    input.addEventListener("keydown", (event) => {
      if (combo.open) combo.key(event);
      else if (event.key === "ArrowDown") {
        event.preventDefault();
        combo.look();
      }
    });
    field = combo.view;
  }
  return {
    view: [h("label", { for: ID }, t("lesson.answer")), field, h("span", { class: "quiet", id: "lesson-unit" }, how)],
    get value() {
      return input.value;
    },
    pick(path) {
      const answer = kind === "address" ? addressOf(path, around) : isPicked(question, path) ? path : null;
      if (answer !== null) input.value = answer;
      return answer !== null;
    },
  };
}

function isPicked({ kind, of }: Question, path: string): boolean {
  if (kind === "region" && of) return path.startsWith(`${of}.`);
  return PICKED[kind]?.test(path) ?? false;
}

/** Where the thing that was pressed begins. */
function addressOf(path: string, { ask }: Surroundings): string | null {
  const at = ask(/^(page|block)\[/.test(path) ? `${path.replace(/^block/, "page")}.phys` : `${path}.base`);
  return at === null ? null : hex(at);
}

/** All that the answer can be, where that is a short list. */
function offers({ kind, of }: Question, { rows }: Surroundings): (() => { text: string; about: string }[]) | null {
  if (kind === "zone")
    return () => rows("zones").map(([node, zone]) => ({ text: `node[${node}].zone[${zone}]`, about: "" }));
  const table = kind === "region" && of ? LIST_OF[of] : undefined;
  if (!table) return null;
  const name = of === "e820" ? "e820" : table;
  return () =>
    rows(table)
      .slice(0, MOST_OFFERED)
      .map((row, i) => {
        const [base, end] = of === "e820" ? row : row.slice(1);
        return { text: `${name}[${i}]`, about: `${hex(Number(base))}–${hex(Number(end))}` };
      });
}

// ---- an order ------------------------------------------------------------------------------------------------------------

function sequence({ items }: Question, { nodes }: Surroundings): AnswerField {
  const list = h("ol", { class: "sequence", "aria-labelledby": "lesson-asked" });
  const move = (item: HTMLElement, by: number) => {
    const all = [...list.children];
    const to = all.indexOf(item) + by;
    if (to < 0 || to >= all.length) return;
    if (by < 0) all[to]?.before(item);
    else all[to]?.after(item);
    for (const one of list.children) limits(one, list);
    say(t("lesson.moved-to", { what: item.dataset.text ?? "", place: to + 1 }));
  };
  for (const { id, text } of items) {
    const words = h("span", {}, ...nodes(text));
    const item = h("li", { "data-id": id }, words);
    item.dataset.text = words.textContent?.trim() ?? id;
    const buttons = [-1, 1].map((by) => {
      const button = h("button", { type: "button", class: by < 0 ? "earlier" : "later" });
      const name = t(by < 0 ? "lesson.earlier" : "lesson.later", { what: item.dataset.text ?? "" });
      button.setAttribute("aria-label", name);
      setText(button, by < 0 ? "↑" : "↓");
      button.addEventListener("click", () => {
        move(item, by);
        button.focus();
      });
      return button;
    });
    item.append(...buttons);
    list.append(item);
  }
  for (const one of list.children) limits(one, list);
  return {
    view: [h("p", { class: "quiet" }, t("lesson.how.sequence")), list],
    get value() {
      return [...list.children].map((one) => (one as HTMLElement).dataset.id).join(" ");
    },
    pick: () => false,
  };
}

/** The first cannot come earlier, the last not later; their buttons stay focusable. */
function limits(item: Element, list: Element): void {
  for (const [kind, edge] of [
    [".earlier", list.firstElementChild],
    [".later", list.lastElementChild],
  ] as const) {
    const button = item.querySelector(kind);
    if (item === edge) button?.setAttribute("aria-disabled", "true");
    else button?.removeAttribute("aria-disabled");
  }
}
