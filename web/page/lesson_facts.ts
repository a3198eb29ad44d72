// lesson_facts.ts: what the core says of a lesson and of how it is being taken: the shapes of core/lesson/lesson_json.hpp.

export type Mode = "practice" | "exam";

export interface Place {
  call: number;
  event: number;
}

export interface LessonFacts {
  error?: string;
  id: string;
  title: string;
  digest: string;
  steps: { id: string; function: string; file: string; asks: boolean }[];
  exercise: boolean;
}

export type Kind =
  | "number"
  | "pfn"
  | "address"
  | "truth"
  | "choice"
  | "block"
  | "page"
  | "region"
  | "zone"
  | "sequence";

export interface Question {
  kind: Kind;
  unit: string | null;
  ask: string;
  choices: { id: string; text: string }[];
  /** Of a region: which list it stands in. */
  of: string | null;
  /** Of a sequence: what is to be put in order. */
  items: { id: string; text: string }[];
}

export type StepState = "open" | "solved" | "skipped" | "answered";

export interface StepFacts {
  error?: string;
  step: number;
  id: string;
  prose: string;
  home: string | null;
  function: string;
  file: string;
  panel: string | null;
  select: string | null;
  look: { from: number; to: number } | null;
  values: Record<string, string>;
  question: Question | null;
  hints: string[];
  hint_levels: ("nudge" | "rule")[];
  hints_left: number;
  hints_due: number;
  tries: number;
  progress: StepState[];
  done: boolean;
}

/** In an exam only what was understood. */
export interface Verdict {
  understood: boolean;
  right?: boolean;
  reading: string | null;
  why?: string | null;
  rule?: string | null;
  goto?: Place | null;
  values: Record<string, string>;
  error: string | null;
}

export interface Outcome {
  made: boolean;
  error: string | null;
  column: number;
  result: string | null;
  why: string | null;
  rule: string | null;
  goto: Place | null;
}

/** In an exam it is not told whether it is met. */
export interface Goal {
  id: string;
  text: string;
  met?: boolean;
}

export interface Exercise {
  calls: string[];
  goals: Goal[];
  solved?: boolean;
}

export interface Results {
  points: number;
  of: number;
  questions: {
    step: number;
    id: string;
    right: boolean;
    /** Key. */
    ask: string;
    /** What was said, as it was read; null: nothing. */
    given: string | null;
    answer: string;
    why: string | null;
    rule: string | null;
    goto: Place | null;
    values: Record<string, string>;
  }[];
  exercise: null | { right: boolean; calls: string[]; goals: Goal[] };
}
