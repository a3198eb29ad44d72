// lessons.ts: which lesson is taken, and how: the list, the page's address (?lesson=…&step=…&seed=…&mode=…), what has been
// answered before. lesson.ts plays it.
import { byId, h } from "./dom";
import { Playing, type Start } from "./lesson";
import type { LessonFacts, Mode } from "./lesson_facts";
import { fetchLesson, fetchLessons, type LessonEntry, titleOf } from "./lesson_index";
import { language, t } from "./locale";
import type { Machines } from "./machines";
import { message, type Page } from "./page";
import { keyOf, type LessonProgress, load } from "./progress";
import { noticeTrouble } from "./progress_notice";
import type { Prose } from "./prose";
import type { Sides } from "./sides";

const MOST_SEED = 2 ** 32 - 1;

export class Lessons {
  private playing: Playing | null = null;
  private starting = false;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly sides: Sides,
    private readonly machines: Machines,
  ) {
    page.onMachine(() => {
      if (!this.starting) this.end(t("lesson.gone"));
    });
    page.onFrame(() => this.playing?.watch());
    const open = byId<HTMLButtonElement>("lessons");
    open.hidden = false;
    open.addEventListener("click", () => void this.list());
  }

  /** The lesson that the page's address names, if it names one. */
  async follow(): Promise<void> {
    const wanted = new URLSearchParams(location.search);
    const id = wanted.get("lesson");
    if (id === null) return;
    const mode = wanted.get("mode") ?? "practice";
    const seed = wanted.has("seed") ? Number(wanted.get("seed")) : undefined;
    const wrong = (name: string) => message(t("lesson.address", { name, value: wanted.get(name) ?? "" }));
    if (mode !== "practice" && mode !== "exam") return wrong("mode");
    if (seed !== undefined && !(Number.isInteger(seed) && seed >= 0 && seed <= MOST_SEED)) return wrong("seed");
    const entry = (await this.entries())?.find((one) => one.id === id || one.folder === id);
    if (!entry) return wrong("lesson");
    await this.open(entry, mode, seed, wanted.get("step") ?? undefined);
  }

  // ---- which ----------------------------------------------------------------------------------------------------------

  private async entries(): Promise<LessonEntry[] | null> {
    try {
      return await fetchLessons();
    } catch (error) {
      failed(error);
      return null;
    }
  }

  /** The dialog with all lessons. */
  private async list(): Promise<void> {
    const entries = await this.entries();
    if (!entries) return;
    const dialog = byId<HTMLDialogElement>("lessons-dialog");
    const { lessons, trouble } = load();
    noticeTrouble(trouble);
    byId("lesson-list").replaceChildren(
      ...entries.map((entry) => {
        const title = titleOf(entry);
        const before = lessons[keyOf(entry.id, "practice")];
        const choose = (word: string, mode: Mode, style: string) => {
          const button = h("button", { type: "button", class: style, "aria-label": `${t(word)}: ${title}` }, t(word));
          button.addEventListener("click", () => {
            dialog.close();
            void this.open(entry, mode);
          });
          return button;
        };
        return h(
          "li",
          {},
          h("span", {}, title, before ? h("span", { class: "quiet" }, ` ${progressText(before)}`) : ""),
          choose(before && !before.done ? "lessons.go-on" : "lessons.start", "practice", "primary"),
          choose("lessons.exam", "exam", ""),
        );
      }),
    );
    dialog.showModal();
  }

  /** Begins a lesson, or goes on with it; asks first where something would be lost or cannot be taken back. */
  private async open(entry: LessonEntry, mode: Mode, seed?: number, step?: string): Promise<void> {
    const before = load().lessons[keyOf(entry.id, mode)];
    const usable = before && !before.done && before.inputs.length > 0 ? before : null;
    const start: Start = { mode, seed: seed ?? usable?.seed ?? 1, step: step ?? usable?.step ?? "", before: usable };
    if (usable && seed !== undefined && seed !== usable.seed) {
      const answer = await this.choose(t("lessons.other", { seed, before: usable.seed, how: progressText(usable) }), [
        t("lessons.keep"),
        t("lessons.anew", { seed }),
      ]);
      if (answer === null) return;
      if (answer === 0) start.seed = usable.seed;
      else start.before = null;
    }
    if (mode === "exam" && !start.before) {
      const done = before?.done ? `${t("exam.done", { solved: before.solved, asked: before.asked })} ` : "";
      if ((await this.choose(done + t("exam.how"), [t("exam.begin")])) === null) return;
    }
    await this.start(entry.folder, start);
  }

  /** The number of the way that was chosen, or null. */
  private choose(what: string, ways: string[]): Promise<number | null> {
    return new Promise((resolve) => {
      const form = h("form", { method: "dialog" }, h("p", { id: "choose-what" }, what));
      const dialog = h("dialog", { class: "sheet", "aria-labelledby": "choose-what" }, form);
      form.append(
        h(
          "div",
          { class: "buttons end" },
          h("button", { value: "" }, t("cancel")),
          ...ways.map((way, i) => h("button", { value: i, class: i === ways.length - 1 ? "primary" : "" }, way)),
        ),
      );
      document.body.append(dialog);
      dialog.addEventListener("close", () => {
        dialog.remove();
        resolve(dialog.returnValue === "" ? null : Number(dialog.returnValue));
      });
      dialog.showModal();
    });
  }

  /** As an author sees it: nothing of it is kept. */
  preview(folder: string, step: string): Promise<void> {
    return this.start(folder, { mode: "practice", seed: 1, step, before: null, unkept: true });
  }

  // ---- taking it --------------------------------------------------------------------------------------------------------

  private async start(folder: string, start: Start): Promise<void> {
    this.end(null);
    this.starting = true;
    try {
      const [text, prose] = await Promise.all([
        fetchLesson(`${folder}/lesson.json`).then((r) => r.text()),
        fetchLesson(`${folder}/${language.prose}.json`).then((r) => r.json() as Promise<Prose>),
      ]);
      const missing = await this.machineOf(text, start.seed);
      if (missing !== null) return message(missing);
      const facts = JSON.parse(this.later.lessonBegin(text, start.seed, start.mode)) as LessonFacts;
      if (facts.error) return message(t("lessons.failed", { reason: facts.error }));
      this.playing = new Playing(
        this.page,
        this.later,
        this.sides,
        { facts, words: wordsOf(text), prose, start },
        (why) => {
          if (why === "again") void this.start(folder, { ...start, seed: start.seed + 1, step: "", before: null });
          else this.end(null);
        },
      );
      this.playing.begin();
    } catch (error) {
      failed(error);
    } finally {
      this.starting = false;
    }
  }

  /** Puts the machine on the desk that the lesson is about, if it is not there. Null, or why not. */
  private async machineOf(text: string, seed: number): Promise<string | null> {
    const wanted = JSON.parse(this.later.lessonMachine(text, seed)) as Record<string, string>;
    if (wanted.error) return t("lessons.failed", { reason: wanted.error });
    if (wanted.script) return this.machines.playScript(wanted.script, t("lesson.machine"));
    const name = wanted.capture ?? wanted.preset ?? "";
    return name === this.machines.current && this.page.story ? null : this.machines.choose(name);
  }

  private end(why: string | null): void {
    if (!this.playing) return;
    this.playing.leave();
    this.playing = null;
    this.later.lessonEnd();
    this.sides.remove("lesson");
    history.replaceState(null, "", location.pathname + location.hash);
    if (why) message(why);
  }
}

/** The answers that are words: choices, and what is put in order. */
function wordsOf(text: string): Record<string, Record<string, string>> {
  interface Answers {
    id: string;
    prediction?: { choices?: { id: string; text: string }[]; items?: { id: string; text: string }[] };
  }
  const { steps } = JSON.parse(text) as { steps: Answers[] };
  return Object.fromEntries(
    steps.flatMap(({ id, prediction }) => {
      const answers = prediction?.choices ?? prediction?.items;
      return answers ? [[id, Object.fromEntries(answers.map((one) => [one.id, one.text]))]] : [];
    }),
  );
}

function failed(error: unknown): void {
  message(t("lessons.failed", { reason: String(error instanceof Error ? error.message : error) }));
}

function progressText({ done, solved, asked }: LessonProgress): string {
  return done ? t("lessons.done") : t("lessons.part", { solved, asked });
}
