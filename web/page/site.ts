// site.ts: what the pages around the lab share: words, theme, what there is to learn, and where a lesson begins.
import shared from "words:shared";
import site from "words:site";
import { language, startWords, t } from "./locale";
import { notice, noticeLanguage } from "./notice";
import { startSearch } from "./site_search";
import { startTheme } from "./theme";

/** As web/hosting/lessons.mjs writes them. */
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

export async function startSite(): Promise<void> {
  await startWords(shared, site);
  startTheme();
  startSearch();
  noticeLanguage();
}

/** Starts a page of the site; what goes wrong is said above it. */
export function run(start: () => Promise<void>): void {
  start().catch((error: unknown) => {
    notice(t("failed", { reason: String(error instanceof Error ? error.message : error) }));
  });
}

export async function fetchJson<T>(path: string): Promise<T> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return (await response.json()) as T;
}

export function fetchLessons(): Promise<LessonEntry[]> {
  return fetchJson("./lessons/index.json");
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
