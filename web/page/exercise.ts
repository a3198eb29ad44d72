// exercise.ts: what a learner does alone at the end of a lesson: kernel calls, typed or completed, until the goals hold. The
// calls are made on the boot that is shown too, in a branch of its own.
import { callWays } from "./call_ways";
import { Combobox } from "./combobox";
import { h } from "./dom";
import type { Exercise, Goal, Outcome, Place } from "./lesson_facts";
import { t } from "./locale";
import type { Page } from "./page";

interface Desk {
  ask: HTMLFormElement;
  goals: HTMLElement;
  verdict: HTMLElement;
  nodes(key: string): Node[];
  hint(): HTMLElement[];
  go(to: Place | null, said: Node[]): void;
  changed(): void;
}

export class ExerciseDesk {
  private readonly input = h("input", {
    type: "text",
    id: "lesson-call",
    class: "mono",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 500,
  });
  private readonly hint = h("p", { class: "hint mono" });
  private readonly combo: Combobox;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly desk: Desk,
  ) {
    this.combo = new Combobox(this.input, t("script.candidates"), callWays(later, this.hint));
    this.input.addEventListener("input", () => this.combo.look());
    this.input.addEventListener("keydown", (event) => {
      if (this.combo.open) this.combo.key(event);
    });
  }

  show(): void {
    const { ask } = this.desk;
    ask.hidden = false;
    this.hint.replaceChildren();
    ask.replaceChildren(
      h("label", { for: "lesson-call" }, t("lesson.call")),
      this.combo.view,
      this.hint,
      h("div", { class: "buttons" }, h("button", { class: "primary" }, t("lesson.make")), ...this.desk.hint()),
    );
    this.showGoals();
  }

  /** Makes the call that was typed. */
  call(): void {
    this.combo.close();
    if (this.input.value.trim() === "") return;
    const { desk } = this;
    let answer = "";
    this.page.move(() => {
      answer = this.later.lessonCall(this.input.value);
    });
    const outcome = JSON.parse(answer) as Outcome;
    const nodes: Node[] = [];
    if (outcome.made) {
      this.input.value = "";
      this.hint.replaceChildren();
      if (outcome.result) nodes.push(h("p", { class: "mono" }, t("lesson.result", { result: outcome.result })));
    } else {
      const { column, error } = outcome;
      const reason = column ? t("lesson.refused", { column, reason: error ?? "" }) : (error ?? "");
      nodes.push(h("p", { class: "sign wrong" }, `✗ ${reason}`));
    }
    const { solved } = this.showGoals();
    if (solved) nodes.push(h("p", { class: "sign right" }, `✓ ${t("lesson.solved-all")}`));
    else if (outcome.why) {
      nodes.push(h("p", { class: "sign wrong" }, `✗ ${t("lesson.wrong")}`), ...desk.nodes(outcome.why));
      if (outcome.rule) nodes.push(h("div", { class: "rule" }, ...desk.nodes(outcome.rule)));
    }
    desk.verdict.replaceChildren(h("div", { class: solved ? "right" : outcome.why ? "wrong" : "" }, ...nodes));
    desk.go(outcome.goto, nodes);
    desk.changed();
    this.input.focus();
    desk.verdict.scrollIntoView({ block: "nearest" });
  }

  private showGoals(): Exercise {
    const { desk } = this;
    const exercise = JSON.parse(this.later.lessonExercise()) as Exercise;
    desk.goals.replaceChildren(
      h("h3", {}, t("lesson.goals")),
      h("ul", { class: "goal-list" }, ...exercise.goals.map((goal) => goalRow(goal, desk.nodes))),
    );
    if (exercise.calls.length > 0) {
      const undo = h("button", { type: "button", class: "quiet-button" }, t("lesson.undo"));
      undo.addEventListener("click", () => {
        this.page.move(() => this.later.lessonUndo());
        this.desk.verdict.replaceChildren();
        this.showGoals();
        this.desk.changed();
      });
      this.desk.goals.append(
        h("h3", {}, t("lesson.calls")),
        h("ol", { class: "typed mono" }, ...exercise.calls.map((call) => h("li", {}, call))),
        undo,
      );
    }
    return exercise;
  }
}

/** A goal and whether it holds, if that is told. */
export function goalRow({ text, met }: Goal, nodes: (key: string) => Node[]): HTMLElement {
  if (met === undefined) return h("li", {}, h("span", { "aria-hidden": "true" }, "·"), h("div", {}, ...nodes(text)));
  return h(
    "li",
    { class: met ? "met" : "" },
    h("span", { "aria-hidden": "true" }, met ? "✓" : "·"),
    h("div", {}, ...nodes(text), h("span", { class: "quiet" }, ` ${t(met ? "lesson.met" : "lesson.unmet")}`)),
  );
}
