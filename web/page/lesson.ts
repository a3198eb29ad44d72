// lesson.ts: plays a lesson. The core moves the playhead, asks, judges and explains (core/lesson); this shows what it
// says, in the words of the lesson's own prose. JSON shapes: core/lesson/lesson_json.hpp.
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import type { Machines } from "./machines";
import { message, type Page } from "./page";
import { type Prose, type ProseNode, proseNodes } from "./prose";
import type { Sides } from "./sides";

interface Entry {
  folder: string;
  id: string;
  title: Record<string, string>;
}
interface LessonFacts {
  error?: string;
  id: string;
  title: string;
  machine: { capture?: string; preset?: string; script?: string };
  steps: { id: string; function: string; file: string; asks: boolean }[];
  exercise: boolean;
}
interface Place {
  call: number;
  event: number;
}
type Kind = "number" | "pfn" | "address" | "truth" | "choice" | "block";
interface StepFacts {
  error?: string;
  step: number;
  id: string;
  prose: string;
  function: string;
  file: string;
  panel: string | null;
  select: string | null;
  look: { from: number; to: number } | null;
  values: Record<string, string>;
  question: null | { kind: Kind; unit: string | null; ask: string; choices: { id: string; text: string }[] };
  hints: string[];
  hints_left: number;
  hints_due: number;
  tries: number;
  progress: ("open" | "solved" | "skipped")[];
  done: boolean;
}
interface Verdict {
  understood: boolean;
  right: boolean;
  reading: string | null;
  why: string | null;
  rule: string | null;
  goto: Place | null;
  values: Record<string, string>;
  error: string | null;
}
interface Outcome {
  made: boolean;
  error: string | null;
  column: number;
  result: string | null;
  why: string | null;
  rule: string | null;
  goto: Place | null;
}
interface Exercise {
  calls: string[];
  goals: { id: string; text: string; met: boolean }[];
  solved: boolean;
}

const LESSONS = "./lessons/";

async function fetched(path: string): Promise<Response> {
  const response = await fetch(new URL(LESSONS + path, document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

export function startLessons(page: Page, later: MmscopeLater, sides: Sides, machines: Machines): Lessons {
  const lessons = new Lessons(page, later, sides, machines);
  const open = byId<HTMLButtonElement>("lessons");
  open.hidden = false;
  open.addEventListener("click", () => void lessons.list());
  return lessons;
}

export class Lessons {
  private playing: Playing | null = null;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly sides: Sides,
    private readonly machines: Machines,
  ) {
    page.onMachine(() => this.end(t("lesson.gone")));
    let seen = later.selections();
    page.onFrame(() => {
      const now = later.selections();
      if (now !== seen) this.playing?.picked(later.selection());
      seen = now;
    });
  }

  /** The dialog with all lessons. */
  async list(): Promise<void> {
    const dialog = byId<HTMLDialogElement>("lessons-dialog");
    try {
      const entries = (await (await fetched("index.json")).json()) as Entry[];
      byId("lesson-list").replaceChildren(
        ...entries.map((entry) => {
          const start = h("button", { type: "button", class: "primary" }, t("lessons.start"));
          const title = entry.title.en ?? entry.id;
          start.setAttribute("aria-label", `${t("lessons.start")}: ${title}`);
          start.addEventListener("click", () => {
            dialog.close();
            void this.start(entry.folder);
          });
          return h("li", {}, h("span", {}, title), start);
        }),
      );
      dialog.showModal();
    } catch (error) {
      message(t("lessons.failed", { reason: String(error instanceof Error ? error.message : error) }));
    }
  }

  async start(folder: string, step = 0, seed = 1): Promise<void> {
    try {
      const [text, prose] = await Promise.all([
        fetched(`${folder}/lesson.json`).then((r) => r.text()),
        fetched(`${folder}/en.json`).then((r) => r.json() as Promise<Prose>),
      ]);
      const failed = await this.machineOf(text);
      if (failed !== null) return message(failed);
      const facts = JSON.parse(this.later.lessonBegin(text, seed)) as LessonFacts;
      if (facts.error) return message(t("lessons.failed", { reason: facts.error }));
      this.playing = new Playing(this.page, this.later, this.sides, facts, prose, () => this.end(null));
      this.playing.enter(step);
      this.sides.open("lesson");
    } catch (error) {
      message(t("lessons.failed", { reason: String(error instanceof Error ? error.message : error) }));
    }
  }

  /** Puts the machine on the desk that the lesson is about, if it is not there. */
  private async machineOf(text: string): Promise<string | null> {
    const { machine } = JSON.parse(text) as { machine: { capture?: string; preset?: string } };
    const name = machine.capture ?? machine.preset ?? this.machines.current;
    return name === this.machines.current && this.page.story ? null : this.machines.choose(name);
  }

  private end(why: string | null): void {
    if (!this.playing) return;
    this.playing = null;
    this.later.lessonEnd();
    this.sides.remove("lesson");
    if (why) message(why);
  }
}

/** One lesson being taken: its side of the left column. */
class Playing {
  private readonly head = h("p", { class: "lesson-head" });
  private readonly steps = h("ol", { class: "lesson-steps", "aria-label": t("lesson.steps") });
  private readonly text = h("div", { class: "prose" });
  private readonly ask = h("form", { class: "lesson-ask" });
  private readonly verdict = h("div", { class: "verdict", role: "status" });
  private readonly hints = h("div", { class: "hints", role: "status" });
  private readonly goals = h("div", { class: "goals" });
  private readonly where = h("p", { class: "source mono" });
  private readonly back = h("button", { type: "button" }, t("lesson.previous"));
  private readonly next = h("button", { type: "button", class: "primary" }, t("lesson.next"));
  private facts: StepFacts | null = null;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    sides: Sides,
    private readonly lesson: LessonFacts,
    private readonly prose: Prose,
    leave: () => void,
  ) {
    const side = sides.add("lesson");
    const here = h("button", { type: "button", class: "quiet-button" }, t("lesson.here"));
    const out = h("button", { type: "button", class: "quiet-button" }, t("lesson.leave"));
    this.back.addEventListener("click", () => this.enter((this.facts?.step ?? 1) - 1));
    this.next.addEventListener("click", () => this.enter((this.facts?.step ?? 0) + 1));
    here.addEventListener("click", () => this.enter(this.facts?.step ?? 0));
    out.addEventListener("click", leave);
    this.ask.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    side.append(
      this.head,
      this.steps,
      this.text,
      this.goals,
      this.ask,
      this.verdict,
      this.hints,
      h("div", { class: "buttons" }, this.back, this.next),
      this.where,
      h("div", { class: "buttons" }, here, out),
    );
  }

  enter(step: number): void {
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
    this.show();
    byId("side-lesson").scrollTop = 0;
  }

  private get exercise(): boolean {
    return this.facts?.id === "exercise" && this.lesson.exercise;
  }

  private look({ panel, select, look }: StepFacts): void {
    if (panel === "sections" || panel === "zones" || panel === "memblock" || panel === "buddy")
      this.page.lab.showPanel(panel);
    this.later.lessonLook(select ?? "", look?.from ?? 0, look?.to ?? 0);
    this.page.changed();
  }

  private nodes(key: string | null, values: Record<string, string> = {}): Node[] {
    const known: ProseNode[] | undefined = key ? this.prose[key] : undefined;
    return proseNodes(known, {
      values: { ...this.facts?.values, ...values },
      goTo: (id) => this.enter(this.lesson.steps.findIndex((step) => step.id === id)),
    });
  }

  /** Everything but the verdict. */
  private show(): void {
    const { facts } = this;
    if (!facts) return;
    const last = this.lesson.steps.length - 1;
    setText(
      this.head,
      this.exercise
        ? t("lesson.exercise")
        : t("lesson.step", { step: facts.step + 1, steps: this.lesson.steps.length - (this.lesson.exercise ? 1 : 0) }),
    );
    this.steps.replaceChildren(
      ...facts.progress.map((state, i) => {
        const name = t(`lesson.${state}`, { step: i + 1 });
        const dot = h("button", { type: "button", class: `dot ${state}`, "aria-label": name, title: name });
        if (i === facts.step) dot.setAttribute("aria-current", "step");
        dot.append(state === "solved" ? "✓" : String(i + 1));
        dot.addEventListener("click", () => this.enter(i));
        return h("li", {}, dot);
      }),
    );
    this.text.replaceChildren(...this.nodes(facts.prose));
    setText(this.where, t("lesson.where", { function: facts.function, file: facts.file }));
    this.back.disabled = facts.step === 0;
    this.next.disabled = facts.step >= last;
    this.showHints(facts);
    if (this.exercise) this.showExercise();
    else {
      this.goals.replaceChildren();
      this.showQuestion(facts);
    }
  }

  private showHints(facts: StepFacts): void {
    this.hints.replaceChildren(...facts.hints.map((key) => h("div", { class: "hint" }, ...this.nodes(key))));
  }

  private hintButton(facts: StepFacts): HTMLElement[] {
    if (facts.hints_left === 0) return [];
    const hint = h("button", { type: "button", class: "quiet-button" }, t("lesson.hint"));
    hint.addEventListener("click", () => this.hint());
    return [hint];
  }

  private hint(): void {
    this.facts = JSON.parse(this.later.lessonHint()) as StepFacts;
    this.showHints(this.facts);
    if (this.facts.hints_left === 0)
      for (const button of this.ask.querySelectorAll<HTMLButtonElement>("[data-hint]")) button.disabled = true;
  }

  private showQuestion(facts: StepFacts): void {
    const { question } = facts;
    this.ask.hidden = !question;
    this.ask.replaceChildren();
    if (!question) return;
    const id = "lesson-answer";
    const asked = h("div", { class: "asked", id: "lesson-asked" }, ...this.nodes(question.ask));
    const field: HTMLElement[] = [];
    const choices =
      question.kind === "truth"
        ? [
            { id: "yes", nodes: [document.createTextNode(t("lesson.yes"))] as Node[] },
            { id: "no", nodes: [document.createTextNode(t("lesson.no"))] as Node[] },
          ]
        : question.choices.map((choice) => ({ id: choice.id, nodes: this.nodes(choice.text) }));
    if (choices.length > 0) {
      const group = h("div", { class: "choices", role: "radiogroup", "aria-labelledby": "lesson-asked" });
      for (const choice of choices)
        group.append(
          h("label", {}, h("input", { type: "radio", name: id, value: choice.id }), h("span", {}, ...choice.nodes)),
        );
      field.push(group);
    } else {
      const unit = question.kind === "block" ? t("lesson.block") : t(`lesson.unit.${question.unit ?? "count"}`);
      field.push(
        h("label", { for: id }, t("lesson.answer")),
        h("input", {
          type: "text",
          id,
          class: "mono",
          autocomplete: "off",
          spellcheck: "false",
          "aria-describedby": "lesson-asked lesson-unit",
          maxlength: 200,
        }),
        h("span", { class: "quiet", id: "lesson-unit" }, unit),
      );
    }
    const skip = h("button", { type: "button", class: "quiet-button" }, t("lesson.show"));
    skip.addEventListener("click", () => this.judge(JSON.parse(this.later.lessonSkip()) as Verdict, true));
    const hint = this.hintButton(facts);
    for (const button of hint) button.dataset.hint = "";
    this.ask.append(
      asked,
      ...field,
      h("div", { class: "buttons" }, h("button", { class: "primary" }, t("lesson.check")), ...hint, skip),
    );
  }

  /** What was picked in the picture answers a question for a block. */
  picked(path: string): void {
    const input = document.querySelector<HTMLInputElement>("#lesson-answer");
    if (input && this.facts?.question?.kind === "block" && /^(page|block)\[/.test(path)) input.value = path;
  }

  private submit(): void {
    if (this.exercise) {
      this.call();
      return;
    }
    const chosen = this.ask.querySelector<HTMLInputElement>("input[type=radio]:checked");
    const typed = chosen?.value ?? this.ask.querySelector<HTMLInputElement>("input[type=text]")?.value ?? "";
    this.judge(JSON.parse(this.later.lessonAnswer(typed)) as Verdict, false);
  }

  private judge(verdict: Verdict, shown: boolean): void {
    const sign = verdict.right ? "right" : "wrong";
    const word = shown ? t("lesson.is-given") : t(`lesson.${sign}`);
    const nodes: Node[] = [];
    if (verdict.error) nodes.push(h("p", {}, verdict.error));
    else if (!verdict.understood && !shown) nodes.push(h("p", {}, t("lesson.not-understood")));
    else {
      nodes.push(h("p", { class: `sign ${sign}` }, `${verdict.right ? "✓" : "✗"} ${word} `));
      if (verdict.reading && !shown)
        nodes.push(h("p", { class: "quiet" }, t("lesson.reading", { reading: verdict.reading })));
      nodes.push(...this.nodes(verdict.why, verdict.values));
      if (verdict.rule) nodes.push(h("div", { class: "rule" }, ...this.nodes(verdict.rule, verdict.values)));
    }
    this.verdict.replaceChildren(h("div", { class: sign }, ...nodes));
    this.go(verdict.goto, nodes);
    this.again();
    this.verdict.scrollIntoView({ block: "nearest" });
  }

  /** Moves the timeline to where reality parted from the answer. */
  private go(to: Place | null, said: Node[]): void {
    if (!to) return;
    this.page.move(() => this.later.lessonShow(to.call, to.event));
    const note = h("p", { class: "quiet" }, t("lesson.moved"));
    (said[said.length - 1]?.parentNode ?? this.verdict).appendChild(note);
  }

  /** Progress and hints after an answer; hints that are due come by themselves. */
  private again(): void {
    this.facts = JSON.parse(this.later.lessonStep()) as StepFacts;
    for (let due = this.facts.hints_due; due > 0; --due) this.facts = JSON.parse(this.later.lessonHint()) as StepFacts;
    const { facts } = this;
    this.showHints(facts);
    for (const [i, dot] of [...this.steps.querySelectorAll(".dot")].entries()) {
      const state = facts.progress[i] ?? "open";
      dot.className = `dot ${state}`;
      dot.textContent = state === "solved" ? "✓" : String(i + 1);
      dot.setAttribute("aria-label", t(`lesson.${state}`, { step: i + 1 }));
    }
    if (facts.done) this.verdict.append(h("p", { class: "sign right" }, `✓ ${t("lesson.done")}`));
  }

  // ---- the exercise ----------------------------------------------------------------------------------------------

  private showExercise(): void {
    const { facts } = this;
    if (!facts) return;
    const id = "lesson-call";
    this.ask.hidden = false;
    this.ask.replaceChildren(
      h("label", { for: id }, t("lesson.call")),
      h("input", { type: "text", id, class: "mono", autocomplete: "off", spellcheck: "false", maxlength: 500 }),
      h("div", { class: "buttons" }, h("button", { class: "primary" }, t("lesson.make")), ...this.hintButton(facts)),
    );
    this.showGoals();
  }

  private showGoals(): Exercise {
    const exercise = JSON.parse(this.later.lessonExercise()) as Exercise;
    const undo = h("button", { type: "button", class: "quiet-button" }, t("lesson.undo"));
    undo.addEventListener("click", () => {
      this.page.move(() => this.later.lessonUndo());
      this.verdict.replaceChildren();
      this.showGoals();
    });
    this.goals.replaceChildren(
      h("h3", {}, t("lesson.goals")),
      h(
        "ul",
        { class: "goal-list" },
        ...exercise.goals.map((goal) =>
          h(
            "li",
            { class: goal.met ? "met" : "" },
            h("span", { "aria-hidden": "true" }, goal.met ? "✓" : "·"),
            h(
              "div",
              {},
              ...this.nodes(goal.text),
              h("span", { class: "quiet" }, ` ${t(goal.met ? "lesson.met" : "lesson.unmet")}`),
            ),
          ),
        ),
      ),
      ...(exercise.calls.length > 0
        ? [
            h("h3", {}, t("lesson.calls")),
            h("ol", { class: "typed mono" }, ...exercise.calls.map((call) => h("li", {}, call))),
            undo,
          ]
        : []),
    );
    return exercise;
  }

  private call(): void {
    const input = this.ask.querySelector<HTMLInputElement>("#lesson-call");
    if (!input || input.value.trim() === "") return;
    let answer = "";
    this.page.move(() => {
      answer = this.later.lessonCall(input.value);
    });
    const outcome = JSON.parse(answer) as Outcome;
    const nodes: Node[] = [];
    if (!outcome.made)
      nodes.push(
        h(
          "p",
          { class: "sign wrong" },
          `✗ ${outcome.column ? t("lesson.refused", { column: outcome.column, reason: outcome.error ?? "" }) : (outcome.error ?? "")}`,
        ),
      );
    else {
      input.value = "";
      if (outcome.result) nodes.push(h("p", { class: "mono" }, t("lesson.result", { result: outcome.result })));
    }
    const exercise = this.showGoals();
    if (exercise.solved) nodes.push(h("p", { class: "sign right" }, `✓ ${t("lesson.solved-all")}`));
    else if (outcome.why) {
      nodes.push(h("p", { class: "sign wrong" }, `✗ ${t("lesson.wrong")}`), ...this.nodes(outcome.why));
      if (outcome.rule) nodes.push(h("div", { class: "rule" }, ...this.nodes(outcome.rule)));
    }
    this.verdict.replaceChildren(h("div", { class: exercise.solved ? "right" : outcome.why ? "wrong" : "" }, ...nodes));
    this.go(outcome.goto, nodes);
    this.again();
    input.focus();
    this.verdict.scrollIntoView({ block: "nearest" });
  }
}
