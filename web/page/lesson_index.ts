// lesson_index.ts: which lessons there are, as web/hosting/lessons.mjs writes them, and where each is taken.
import { language } from "./locale";

export interface LessonEntry {
  folder: string;
  id: string;
  title: Record<string, string>;
  number: number;
  minutes: number | null;
  needs: string[];
  steps: number;
  asked: number;
}

/** A file of the lessons. */
export async function fetchLesson(path: string): Promise<Response> {
  const response = await fetch(new URL(`./lessons/${path}`, document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response;
}

export async function fetchLessons(): Promise<LessonEntry[]> {
  return (await (await fetchLesson("index.json")).json()) as LessonEntry[];
}

export function titleOf(entry: LessonEntry): string {
  return entry.title[language.code] ?? language.text(entry.title.en ?? entry.id);
}

/** Where a lesson is taken, or gone on with. */
export function lessonLink(
  id: string,
  { seed, mode, step }: { seed?: number; mode?: string; step?: string } = {},
): string {
  const query = new URLSearchParams({ lesson: id });
  if (step) query.set("step", step);
  if (seed !== undefined) query.set("seed", String(seed));
  if (mode && mode !== "practice") query.set("mode", mode);
  return `./lab.html?${query}`;
}
