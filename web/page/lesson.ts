// lesson.ts: a lesson being taken. The core moves the playhead, asks, judges and explains (core/lesson); this shows what it
// says, in the words of the lesson's own prose, and keeps what was answered (progress.ts).
import { byId, h, setText } from "./dom";
import { ExerciseDesk } from "./exercise";
import type { LessonFacts, Mode, Place, StepFacts, StepState, Verdict } from "./lesson_facts";
import { language, t } from "./locale";
import { message, type Page } from "./page";
import { after, keyOf, type LessonProgress, load, save } from "./progress";
import { noticeTrouble } from "./progress_notice";
import { type Prose, proseNodes } from "./prose";
import { type AnswerField, answerField } from "./question";
import { showResults } from "./results";
import { say } from "./say";
import type { Sides } from "./sides";
import type { Cell, Window } from "./state";

export interface Start {
  mode: Mode;
  seed: number;
  /** Id of the step to stand at; "" = the first. */
  step: string;
  /** What was answered on an earlier visit. */
  before: LessonProgress | null;
  /** It is only being looked at. */
  unkept?: boolean;
}

interface Taken {
  facts: LessonFacts;
  /** Of each step whose answers are words of the lesson, their keys by id. */
  words: Record<string, Record<string, string>>;
  prose: Prose;
  start: Start;
}

/** One lesson being taken: its side of the left column. */
export class Playing {
  private readonly head = h("p", { class: "lesson-head", tabindex: -1 });
  private readonly steps = h("ol", { class: "lesson-steps", "aria-label": t("lesson.steps") });
  private readonly text = h("div", { class: "prose" });
  private readonly home = h("details", { class: "at-home" }, h("summary", {}, t("lesson.home")));
  private readonly ask = h("form", { class: "lesson-ask" });
  private readonly verdict = h("div", { class: "verdict", role: "status" });
  private readonly hints = h("div", { class: "hints", role: "status" });
  private readonly goals = h("div", { class: "goals" });
  private readonly where = h("p", { class: "source mono" });
  private readonly back = h("button", { type: "button" }, t("lesson.previous"));
  private readonly next = h("button", { type: "button", class: "primary" }, t("lesson.next"));
  private readonly finish = h("button", { type: "button", class: "primary" }, t("exam.finish"));
  private readonly exercise: ExerciseDesk;
  private readonly lesson: LessonFacts;
  private readonly exam: boolean;
  private facts: StepFacts | null = null;
  private field: AnswerField | null = null;
  private selections = 0;
  /** What was kept of this lesson when this run was begun. */
  private readonly earlier: LessonProgress | undefined;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly sides: Sides,
    private readonly taken: Taken,
    private readonly close: (why: "leave" | "again") => void,
  ) {
    this.lesson = taken.facts;
    this.exam = taken.start.mode === "exam";
    this.earlier = load().lessons[keyOf(taken.facts.id, taken.start.mode)];
    const quiet = (word: string, then: () => void) => {
      const button = h("button", { type: "button", class: "quiet-button" }, t(word));
      button.addEventListener("click", then);
      return button;
    };
    this.back.addEventListener("click", () => this.enter((this.facts?.step ?? 1) - 1));
    this.next.addEventListener("click", () => this.enter((this.facts?.step ?? 0) + 1));
    this.finish.addEventListener("click", () => this.end());
    this.ask.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.inExercise) this.exercise.call();
      else this.submit();
    });
    this.exercise = new ExerciseDesk(page, later, {
      ask: this.ask,
      goals: this.goals,
      verdict: this.verdict,
      nodes: (key) => this.nodes(key),
      hint: () => this.hintButton(),
      go: (to, said) => this.go(to, said),
      changed: () => this.again(),
    });
    const rest = this.exam
      ? [quiet("exam.leave", () => this.close("leave"))]
      : [
          quiet("lesson.here", () => this.enter(this.facts?.step ?? 0)),
          quiet("lesson.try", () => this.sandbox()),
          quiet("lesson.again", () => this.close("again")),
          quiet("lesson.leave", () => this.close("leave")),
        ];
    sides
      .add("lesson")
      .append(
        this.head,
        this.steps,
        this.text,
        this.goals,
        this.ask,
        this.verdict,
        this.hints,
        h("div", { class: "buttons" }, ...(this.exam ? [] : [this.back]), this.next, this.finish),
        this.home,
        this.where,
        h("div", { class: "buttons rest" }, ...rest),
      );
  }

  /** At its first step, or where it was left. */
  begin(): void {
    const { before, step } = this.taken.start;
    if (before) {
      const { taken, of } = JSON.parse(this.later.lessonReplay(JSON.stringify(before.inputs))) as Record<
        string,
        number
      >;
      if (taken !== of) message(t("lesson.changed", { taken: taken ?? 0, of: of ?? 0 }));
    }
    this.page.lock(this.exam);
    const at = step === "" ? 0 : this.lesson.steps.findIndex(({ id }) => id === step);
    if (at < 0) message(t("lesson.address", { name: "step", value: step }));
    this.enter(Math.max(at, 0));
    this.sides.show("lesson");
    this.head.focus();
  }

  /** Its last picture stays; the clock is free again. */
  leave(): void {
    this.page.lock(false);
    document.querySelector("#back-to-lesson")?.remove();
  }

  private enter(step: number): void {
    let facts: StepFacts | null = null;
    this.page.move(() => {
      facts = JSON.parse(this.later.lessonEnter(step)) as StepFacts | null;
    });
    const entered = facts as StepFacts | null;
    if (!entered || entered.error) {
      message(t("lessons.failed", { reason: entered?.error ?? "" }));
      return;
    }
    this.facts = entered;
    this.verdict.replaceChildren();
    this.look(entered);
    const onward = document.activeElement === this.next;
    this.show();
    if (onward && (this.next.hidden || this.next.disabled)) this.head.focus(); // nothing leads further
    this.keep();
    byId("side-lesson").scrollTop = 0;
  }

  private get inExercise(): boolean {
    return this.facts?.id === "exercise" && this.lesson.exercise;
  }

  private look({ panel, select, look }: StepFacts): void {
    if (panel === "sections" || panel === "zones" || panel === "memblock" || panel === "buddy")
      this.page.lab.showPanel(panel);
    this.later.lessonLook(select ?? "", look?.from ?? 0, look?.to ?? 0);
    this.selections = this.later.selections(); // what the step points at is no answer
    this.page.changed();
  }

  private nodes(key: string | null | undefined, values: Record<string, string> = {}): Node[] {
    return proseNodes(key ? this.taken.prose[key] : undefined, {
      values: { ...this.facts?.values, ...values },
      ...(!this.exam && { goTo: (id: string) => this.enter(this.lesson.steps.findIndex((step) => step.id === id)) }),
    });
  }

  // ---- what is shown ---------------------------------------------------------------------------------------------------

  /** Everything but the verdict. */
  private show(): void {
    const { facts } = this;
    if (!facts) return;
    const last = facts.step >= this.lesson.steps.length - 1;
    const steps = this.lesson.steps.length - (this.lesson.exercise ? 1 : 0);
    const at = this.inExercise ? t("lesson.exercise") : t("lesson.step", { step: facts.step + 1, steps });
    this.head.replaceChildren(
      h("b", {}, language.text(this.taken.prose.title)),
      this.exam ? `${t("exam")} · ${at}` : at,
    );
    this.steps.replaceChildren(
      ...facts.progress.map((state, i) => {
        const dot = h("button", { type: "button" });
        if (i === facts.step) dot.setAttribute("aria-current", "step");
        this.mark(dot, state, i);
        dot.disabled = this.exam && i !== facts.step && i !== facts.step + 1;
        dot.addEventListener("click", () => this.enter(i));
        return h("li", {}, dot);
      }),
    );
    this.text.replaceChildren(...this.nodes(facts.prose));
    this.home.hidden = facts.home === null;
    this.home.replaceChildren(this.home.children[0] ?? "", ...this.nodes(facts.home));
    setText(this.where, t("lesson.where", { function: facts.function, file: facts.file }));
    this.back.disabled = facts.step === 0;
    this.next.hidden = last && this.exam;
    this.next.disabled = last;
    this.finish.hidden = !(last && this.exam);
    this.showHints(facts);
    if (this.inExercise) this.exercise.show();
    else {
      this.goals.replaceChildren();
      this.showQuestion(facts);
    }
  }

  private mark(dot: HTMLElement, state: StepState, step: number): void {
    const name = t(`lesson.${state}`, { step: step + 1 });
    dot.className = `dot ${state}`;
    dot.setAttribute("aria-label", name);
    dot.title = name;
    setText(dot, state === "solved" ? "✓" : String(step + 1));
  }

  private showHints(facts: StepFacts): void {
    this.hints.replaceChildren(
      ...facts.hints.map((key, i) =>
        h(
          "div",
          { class: "hint" },
          h("p", { class: "quiet" }, t(`lesson.${facts.hint_levels[i] ?? "nudge"}`)),
          ...this.nodes(key),
        ),
      ),
    );
  }

  private hintButton(): HTMLElement[] {
    if (this.exam || !this.facts || this.facts.hints_left === 0) return [];
    const hint = h("button", { type: "button", class: "quiet-button", "data-hint": "" }, t("lesson.hint"));
    hint.addEventListener("click", () => {
      this.facts = JSON.parse(this.later.lessonHint()) as StepFacts;
      this.hinted(this.facts);
      this.keep();
    });
    return [hint];
  }

  private hinted(facts: StepFacts): void {
    this.showHints(facts);
    for (const button of this.ask.querySelectorAll<HTMLButtonElement>("[data-hint]"))
      button.disabled = facts.hints_left === 0;
  }

  private showQuestion({ question }: StepFacts): void {
    this.ask.hidden = !question;
    this.ask.replaceChildren();
    this.field = null;
    if (!question) return;
    this.field = answerField(question, {
      nodes: (key) => this.nodes(key),
      rows: (table) =>
        ((JSON.parse(this.later.table(table, 0, 200)) as Window | null)?.rows ?? []).map(
          ([, ...cells]) => cells as Cell[],
        ),
      ask: (expression) => {
        const answer = JSON.parse(this.later.ask(expression)) as { ok: boolean; number?: number } | null;
        return answer?.ok && typeof answer.number === "number" ? answer.number : null;
      },
    });
    const show = h("button", { type: "button", class: "quiet-button" }, t("lesson.show"));
    show.addEventListener("click", () => this.judge(JSON.parse(this.later.lessonSkip()) as Verdict, true));
    this.ask.append(
      h("div", { class: "asked", id: "lesson-asked" }, ...this.nodes(question.ask)),
      ...this.field.view,
      h(
        "div",
        { class: "buttons" },
        h("button", { class: "primary" }, t(this.exam ? "exam.answer" : "lesson.check")),
        ...this.hintButton(),
        ...(this.exam ? [] : [show]),
      ),
    );
  }

  /** Whether something has been pressed in the picture. */
  watch(): void {
    const now = this.later.selections();
    if (now !== this.selections) this.field?.pick(this.later.selection());
    this.selections = now;
  }

  // ---- answers ---------------------------------------------------------------------------------------------------------

  private submit(): void {
    this.judge(JSON.parse(this.later.lessonAnswer(this.field?.value ?? "")) as Verdict, false);
  }

  private judge(verdict: Verdict, shown: boolean): void {
    const nodes: Node[] = [];
    const reading = this.reading(this.facts?.id ?? "", verdict.reading);
    let sign = "";
    if (verdict.error) nodes.push(h("p", {}, verdict.error));
    else if (!verdict.understood && !shown) nodes.push(h("p", {}, t("lesson.not-understood")));
    else if (this.exam)
      nodes.push(h("p", {}, t("exam.taken"), " ", ...reading), h("p", { class: "quiet" }, t("exam.until")));
    else {
      sign = verdict.right ? "right" : "wrong";
      const word = shown ? t("lesson.is-given") : t(`lesson.${sign}`);
      nodes.push(h("p", { class: `sign ${sign}` }, `${verdict.right || shown ? "✓" : "✗"} ${word} `));
      if (verdict.reading && !shown) nodes.push(h("p", { class: "quiet" }, t("lesson.reading"), " ", ...reading));
      nodes.push(...this.nodes(verdict.why, verdict.values));
      if (verdict.rule) nodes.push(h("div", { class: "rule" }, ...this.nodes(verdict.rule, verdict.values)));
    }
    this.verdict.replaceChildren(h("div", { class: sign }, ...nodes));
    this.go(verdict.goto, nodes);
    this.again();
    this.verdict.scrollIntoView({ block: "nearest" });
  }

  /** What an answer was taken for: what has words in the lesson is told in these. */
  private reading(step: string, reading: string | null, values: Record<string, string> = {}): Node[] {
    if (reading === null) return [];
    const words = this.taken.words[step];
    const ids = reading.split(" ");
    if (!words || !ids.every((id) => id in words)) return [h("span", { class: "mono" }, reading)];
    const inLine = (node: Node) => (node instanceof HTMLParagraphElement ? [...node.childNodes] : [node]);
    return ids.map((id) => h("span", { class: "said-choice" }, ...this.nodes(words[id], values).flatMap(inLine)));
  }

  /** Moves the timeline to where reality parted from the answer. */
  private go(to: Place | null | undefined, said: Node[]): void {
    if (!to || this.exam) return;
    this.page.move(() => this.later.lessonShow(to.call, to.event));
    const note = h("p", { class: "quiet" }, t("lesson.moved"));
    (said[said.length - 1]?.parentNode ?? this.verdict).appendChild(note);
  }

  /** Progress and hints after an answer; hints that are due come by themselves. */
  private again(): void {
    this.facts = JSON.parse(this.later.lessonStep()) as StepFacts;
    for (let due = this.facts.hints_due; due > 0; --due) this.facts = JSON.parse(this.later.lessonHint()) as StepFacts;
    const { facts } = this;
    this.hinted(facts);
    for (const [i, dot] of [...this.steps.querySelectorAll<HTMLElement>(".dot")].entries())
      this.mark(dot, facts.progress[i] ?? "open", i);
    this.keep();
    if (!this.exam && facts.done) {
      const results = h("button", { type: "button" }, t("results.show"));
      results.addEventListener("click", () => this.results());
      this.verdict.append(h("p", { class: "sign right" }, `✓ ${t("lesson.done")}`), results);
    }
  }

  // ---- its end -----------------------------------------------------------------------------------------------------------

  /** The exam is over: from now on everything is told. */
  private end(): void {
    this.later.lessonFinish();
    this.page.lock(false);
    this.keep();
    this.results();
  }

  private results(): void {
    showResults(byId("side-lesson"), this.later, {
      lesson: this.lesson,
      nodes: (key, values) => this.nodes(key, values),
      reading: (step, reading, values) => this.reading(step, reading, values),
      go: (to) => this.page.move(() => this.later.lessonShow(to.call, to.event)),
      leave: () => this.close("leave"),
      again: () => this.close("again"),
    });
  }

  // ---- beside the path -----------------------------------------------------------------------------------------------------

  /** Kernel calls of one's own from where the step stands, and a way back to it. */
  private sandbox(): void {
    this.page.move(() => this.later.lessonEnter(this.facts?.step ?? 0));
    this.sides.open("script");
    if (document.querySelector("#back-to-lesson")) return;
    const back = h("button", { type: "button", class: "primary", id: "back-to-lesson" }, t("lesson.back-to"));
    back.addEventListener("click", () => {
      back.remove();
      this.enter(this.facts?.step ?? 0);
      this.sides.open("lesson");
    });
    byId("side-script").prepend(back);
    say(t("lesson.trying"));
  }

  /** What was answered outlives the visit, and the address leads back here. */
  private keep(): void {
    const { facts, lesson } = this;
    if (!facts || this.taken.start.unkept) return;
    const { mode, seed } = this.taken.start;
    const asks = lesson.steps.map((step, i) => step.asks || (lesson.exercise && i === lesson.steps.length - 1));
    const count = (...states: StepState[]) =>
      facts.progress.filter((state, i) => asks[i] && states.includes(state)).length;
    const run: LessonProgress = {
      seed,
      mode,
      step: facts.id,
      inputs: JSON.parse(this.later.lessonInputs()) as string[],
      solved: this.exam && !facts.done ? count("answered", "solved") : count("solved"),
      asked: asks.filter(Boolean).length,
      done: facts.done,
      digest: lesson.digest,
      at: new Date().toISOString(),
    };
    noticeTrouble(save(keyOf(lesson.id, mode), after(run, this.earlier)));
    const address = new URLSearchParams({ lesson: lesson.id, step: facts.id, seed: String(seed) });
    if (this.exam) address.set("mode", "exam");
    history.replaceState(null, "", `${location.pathname}?${address}`);
  }
}
