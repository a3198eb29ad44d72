// progress.ts: how far a learner is, kept in this browser under "mmscope.progress":
//
//     {"version":1,"lessons":{"the-handoff":{"seed":1,"mode":"practice","step":"chop","inputs":["256"],"solved":1,
//      "asked":7,"done":false,"digest":"00c0ffee…","at":"2026-01-31T12:00:00.000Z"}}}
//
// Nothing is ever lost silently: what cannot be read is put aside under another key, what a newer version of the page has
// written stays as it is, and where the browser keeps nothing, progress lives as long as the page. load() says which.
// What is on the disk is read anew each time: another tab may have written.

export type Mode = "practice" | "exam";

export interface LessonProgress {
  seed: number;
  mode: Mode;
  /** Id of the step that was seen last. */
  step: string;
  /** What was answered, in order: played again they lead to the same place. */
  inputs: string[];
  /** So many of the questions, and there are so many. */
  solved: number;
  asked: number;
  done: boolean;
  /** It has been taken to its end before this run was begun: that stays. */
  before?: boolean;
  digest: string;
  at: string;
}

/** Under what a lesson is kept: an exam beside the practice. */
export function keyOf(lesson: string, mode: Mode): string {
  return mode === "exam" ? `${lesson}@exam` : lesson;
}

/** By keyOf(). */
export type Lessons = Record<string, LessonProgress>;

/** Why what is answered is not all, or will not be there next time. */
export type Trouble = "memory" | "newer" | "aside" | "stuck";

export interface Loaded {
  lessons: Lessons;
  trouble: Trouble | null;
}

/** Sentences of the locale, as in LinkRefusal. */
export type Imported =
  | { ok: true; lessons: number }
  | { ok: false; key: string; values: Record<string, string | number> };

const KEY = "mmscope.progress";
const VERSION = 1;
const MOST = { lessons: 500, inputs: 2000, input: 4096, text: 4 << 20, asides: 20 };

/** What could not be written, in front of what is on the disk. */
let unwritten: Lessons = {};
let trouble: Trouble | null = null;

export function load(): Loaded {
  const kept = onDisk();
  return { lessons: { ...kept, ...unwritten }, trouble };
}

export function save(id: string, lesson: LessonProgress): Trouble | null {
  write({ [id]: checked(id, lesson) });
  return trouble;
}

export function exportAll(): string {
  return `${JSON.stringify({ version: VERSION, lessons: load().lessons }, null, 2)}\n`;
}

/** Merges an export: of each lesson the further progress wins. A text of which a part is wrong changes nothing. */
export function importAll(text: string): Imported {
  try {
    const given = read(text);
    const have = load().lessons;
    const further = Object.entries(given).filter(([id, lesson]) => !have[id] || isFurther(lesson, have[id]));
    write(Object.fromEntries(further.map(([id, lesson]) => [id, after(lesson, have[id])])));
    return { ok: true, lessons: further.length };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { ok: false, key: error.key, values: error.values };
  }
}

/** A run that takes the place of another: that one is remembered if it was through. */
export function after(lesson: LessonProgress, earlier: LessonProgress | undefined): LessonProgress {
  return earlier?.done || earlier?.before ? { ...lesson, before: true } : lesson;
}

export function isFurther(a: LessonProgress, b: LessonProgress): boolean {
  if (a.done !== b.done) return a.done;
  if (a.solved !== b.solved) return a.solved > b.solved;
  if (a.inputs.length !== b.inputs.length) return a.inputs.length > b.inputs.length;
  return a.at > b.at;
}

// ---- the disk --------------------------------------------------------------------------------------------------------

function onDisk(): Lessons {
  let text: string | null;
  try {
    text = localStorage.getItem(KEY);
  } catch {
    trouble = "memory";
    return {};
  }
  if (text === null) return {};
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    if (error.key === "progress.newer") trouble = "newer";
    else putAside(text);
    return {};
  }
}

/** These lessons, and those that are there. */
function write(lessons: Lessons): void {
  const kept = onDisk(); // may find out that nothing must be written
  Object.assign(unwritten, lessons);
  if (trouble === "newer" || trouble === "stuck") return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: VERSION, lessons: { ...kept, ...unwritten } }));
    unwritten = {};
    if (trouble === "memory") trouble = null; // there is room again
  } catch {
    trouble = "memory";
  }
}

/** Moves what cannot be read to a key of its own. What cannot be moved stays where it is and is not written over. */
function putAside(text: string): void {
  trouble = "stuck";
  try {
    for (let n = 1; n <= MOST.asides; n++) {
      const aside = `${KEY}.aside-${n}`;
      if (localStorage.getItem(aside) !== null) continue;
      localStorage.setItem(aside, text);
      localStorage.removeItem(KEY);
      trouble = "aside";
      return;
    }
  } catch {
    // no room
  }
}

// ---- reading ---------------------------------------------------------------------------------------------------------

class Unreadable extends Error {
  constructor(
    readonly key: string,
    readonly values: Record<string, string | number> = {},
  ) {
    super(`${key} ${JSON.stringify(values)}`);
  }
}

function read(text: string): Lessons {
  if (text.length > MOST.text) throw new Unreadable("progress.too-large");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Unreadable("progress.no-json");
  }
  if (!isRecord(value) || typeof value.version !== "number") throw new Unreadable("progress.none");
  if (value.version > VERSION) throw new Unreadable("progress.newer", { version: value.version });
  if (value.version !== VERSION || !isRecord(value.lessons)) throw new Unreadable("progress.none");
  const entries = Object.entries(value.lessons);
  if (entries.length > MOST.lessons) throw new Unreadable("progress.too-large");
  return Object.fromEntries(entries.map(([id, lesson]) => [id, checked(id, lesson)]));
}

function checked(id: string, value: unknown): LessonProgress {
  const fail = (field: string): never => {
    throw new Unreadable("progress.field", { lesson: id.slice(0, 80), field });
  };
  if (!/^[a-z0-9][a-z0-9-]{0,63}(@exam)?$/.test(id)) fail("id");
  if (!isRecord(value)) return fail("lesson");
  const whole = (field: string): number => {
    const number = value[field];
    return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : fail(field);
  };
  const text = (field: string, form: RegExp): string => {
    const given = value[field];
    return typeof given === "string" && form.test(given) ? given : fail(field);
  };
  const { inputs } = value;
  if (!Array.isArray(inputs) || inputs.length > MOST.inputs) return fail("inputs");
  for (const input of inputs) if (typeof input !== "string" || input.length > MOST.input) fail("inputs");
  if (typeof value.done !== "boolean") fail("done");
  const at = text("at", /^\d{4}-\d\d-\d\dT[\d:.]{5,12}Z$/);
  if (Number.isNaN(Date.parse(at))) fail("at");
  if (value.before !== undefined && value.before !== true) fail("before");
  const solved = whole("solved");
  const asked = whole("asked");
  return {
    seed: whole("seed"),
    mode: text("mode", /^(practice|exam)$/) as Mode,
    step: text("step", /^[\w.-]{0,64}$/),
    inputs: inputs as string[],
    solved: solved <= asked ? solved : fail("solved"),
    asked,
    done: value.done as boolean,
    ...(value.before === true && { before: true }),
    digest: text("digest", /^[0-9a-f]{0,64}$/),
    at,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
