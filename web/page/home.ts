// home.ts: the front page. Old links to the lab came here: they are led on, before anything else.
import { byId, h } from "./dom";
import { fetchLessons, type LessonEntry, lessonLink, titleOf } from "./lesson_index";
import { t } from "./locale";
import { type LessonProgress, load } from "./progress";
import { noticeTrouble } from "./progress_notice";
import { run, startSite } from "./site";

/** This page's own fragments are names; whatever holds a "=" is a link to a step (link_state.ts). */
const isLabs = location.hash.includes("=") || new URLSearchParams(location.search).has("lesson");

async function start(): Promise<void> {
  await startSite();
  const { lessons: progress, trouble } = load();
  noticeTrouble(trouble);
  const lessons = await fetchLessons();
  showContinue(lessons, progress);
  showMaker(lessons);
}

/** Where the learner was last, if that lesson is not through. */
function showContinue(lessons: LessonEntry[], progress: Record<string, LessonProgress>): void {
  const last = lessons
    .flatMap((entry) => {
      const own = progress[entry.id];
      return own && !own.done ? [{ entry, own }] : [];
    })
    .sort((a, b) => (a.own.at < b.own.at ? 1 : -1))[0];
  if (!last) return;
  const { entry, own } = last;
  const box = byId("continue");
  box.append(
    h(
      "p",
      {},
      h("strong", {}, titleOf(entry)),
      ` ${t("course.part", { solved: own.solved, asked: own.asked || entry.asked })}`,
    ),
    h("a", { class: "button", href: lessonLink(entry.id, own) }, t("home.continue")),
  );
  box.hidden = false;
}

function showMaker(lessons: LessonEntry[]): void {
  const lesson = byId<HTMLSelectElement>("maker-lesson");
  const seed = byId<HTMLInputElement>("maker-seed");
  const exam = byId<HTMLInputElement>("maker-exam");
  const link = byId<HTMLInputElement>("maker-link");
  const embed = byId<HTMLInputElement>("maker-embed");
  lesson.append(...lessons.map((entry) => h("option", { value: entry.id }, `${entry.number} · ${titleOf(entry)}`)));
  const show = () => {
    const path = lessonLink(lesson.value, {
      seed: Math.max(1, Math.trunc(seed.valueAsNumber) || 1),
      mode: exam.checked ? "exam" : "practice",
    });
    link.value = new URL(path, document.baseURI).href;
    embed.value = `<iframe src="${link.value.replaceAll("&", "&amp;")}" width="100%" height="800" title="mmscope"></iframe>`;
  };
  byId("maker").addEventListener("input", show);
  for (const field of [link, embed]) field.addEventListener("focus", () => field.select());
  show();
}

if (isLabs) location.replace(`./lab.html${location.search}${location.hash}`);
else run(start);
