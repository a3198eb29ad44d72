// results.ts: how it went, question by question, at the end of a lesson; and the receipt, a small file that a teacher can have
// graded again (mmscope grade).
import { h } from "./dom";
import { goalRow } from "./exercise";
import type { LessonFacts, Place, Results } from "./lesson_facts";
import { t } from "./locale";

interface Around {
  lesson: LessonFacts;
  nodes(key: string | null, values?: Record<string, string>): Node[];
  reading(step: string, reading: string | null, values: Record<string, string>): Node[];
  go(to: Place): void;
  leave(): void;
  again(): void;
}

export function showResults(side: HTMLElement, later: MmscopeLater, around: Around): void {
  const results = JSON.parse(later.lessonResults()) as Results;
  const title = h("h2", { tabindex: -1 }, t("results"));
  const name = h("input", { type: "text", id: "receipt-name", maxlength: 80, autocomplete: "name" });
  const save = h("button", { type: "submit", class: "primary" }, t("results.receipt"));
  const form = h(
    "form",
    { class: "receipt" },
    h("label", { for: "receipt-name" }, t("results.name")),
    name,
    h("div", { class: "buttons" }, save),
    h("p", { class: "quiet" }, t("results.proves")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    download(later.lessonReceipt(name.value.trim()), `${around.lesson.id}.receipt.json`);
  });
  const press = (word: string, then: () => void) => {
    const button = h("button", { type: "button" }, t(word));
    button.addEventListener("click", then);
    return button;
  };
  side.replaceChildren(
    title,
    h("p", { class: "points" }, t("results.points", { points: results.points, of: results.of })),
    h(
      "ol",
      { class: "results" },
      ...results.questions.map((one) => row(one, around)),
      ...(results.exercise ? [exercise(results.exercise, around)] : []),
    ),
    form,
    h("div", { class: "buttons rest" }, press("results.again", around.again), press("lesson.leave", around.leave)),
  );
  side.scrollTop = 0;
  title.focus();
}

function row(one: Results["questions"][number], { nodes, reading, go }: Around): HTMLElement {
  const item = h("li", {}, sign(one.right, t("results.question", { step: one.step + 1 })));
  item.append(h("div", { class: "asked" }, ...nodes(one.ask, one.values)));
  item.append(
    h(
      "p",
      {},
      ...(one.given === null
        ? [t("results.none")]
        : [t("results.given"), " ", ...reading(one.id, one.given, one.values)]),
    ),
  );
  if (!one.right) item.append(h("p", {}, t("results.answer"), " ", ...reading(one.id, one.answer, one.values)));
  item.append(...nodes(one.why, one.values));
  if (one.rule) item.append(h("div", { class: "rule" }, ...nodes(one.rule, one.values)));
  const { goto } = one;
  if (goto) {
    const button = h("button", { type: "button", class: "quiet-button" }, t("results.go"));
    button.addEventListener("click", () => go(goto));
    item.append(button);
  }
  return item;
}

function sign(right: boolean, text: string): HTMLElement {
  return h("p", { class: `sign ${right ? "right" : "wrong"}` }, `${right ? "✓" : "✗"} ${text}`);
}

function exercise(one: NonNullable<Results["exercise"]>, { nodes }: Around): HTMLElement {
  return h(
    "li",
    {},
    sign(one.right, t("lesson.exercise")),
    h("ul", { class: "goal-list" }, ...one.goals.map((goal) => goalRow(goal, nodes))),
    ...(one.calls.length > 0
      ? [h("ol", { class: "typed mono" }, ...one.calls.map((call) => h("li", {}, call)))]
      : [h("p", {}, t("results.none"))]),
  );
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  h("a", { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}
