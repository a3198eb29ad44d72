// course.ts: all lessons in order, what builds on what, and how far one is. The map is a list; the lines between its
// numbers are drawn beside it from "needs".
import { byId, h, setText } from "./dom";
import { fetchLessons, type LessonEntry, lessonLink, titleOf } from "./lesson_index";
import { t } from "./locale";
import { importAll, keyOf, type LessonProgress, type Lessons, load } from "./progress";
import { exportFile, noticeTrouble } from "./progress_notice";
import { run, startSite } from "./site";

type State = "open" | "begun" | "done";

function stateOf(own: LessonProgress | undefined): State {
  return !own ? "open" : own.done || own.before ? "done" : "begun";
}

function standing(entry: LessonEntry, own: LessonProgress | undefined): string {
  if (!own) return t("course.open");
  const part = t("course.part", { solved: own.solved, asked: own.asked || entry.asked });
  if (own.before && !own.done) return `${t("course.done")} · ${part}`;
  return own.done ? t("course.done") : part;
}

/** How an exam went, or how far it is: in it, what is right is not known yet. */
function examStanding({ done, solved, asked }: LessonProgress): HTMLElement {
  return h("span", {}, t(done ? "course.exam" : "course.exam-part", { solved, asked }));
}

function row(entry: LessonEntry, all: Map<string, LessonEntry>, progress: Lessons): HTMLElement {
  const own = progress[entry.id];
  const exam = progress[keyOf(entry.id, "exam")];
  const state = stateOf(own);
  const needs = entry.needs.flatMap((id) => all.get(id) ?? []);
  const facts = [
    ...(entry.minutes === null ? [] : [t("course.minutes", { n: entry.minutes })]),
    t("course.asked", { n: entry.asked }),
    ...(needs.length > 0 ? [t("course.needs", { lessons: needs.map(({ number }) => number).join(", ") })] : []),
  ];
  const go = !own ? "course.begin" : own.done ? "course.again" : "course.go-on";
  const meter = h("progress", {
    max: Math.max(own?.asked || entry.asked, 1),
    value: own?.solved ?? 0,
    "aria-label": t("course.solved", { title: titleOf(entry) }),
  });
  return h(
    "li",
    { class: `lesson ${state}`, id: entry.id },
    h("span", { class: "number", "aria-hidden": "true" }, state === "done" ? "✓" : String(entry.number)),
    h(
      "div",
      { class: "about" },
      h("h2", {}, h("a", { href: lessonLink(entry.id, own?.done ? {} : own) }, `${entry.number} · ${titleOf(entry)}`)),
      h("p", { class: "quiet" }, facts.join(" · ")),
    ),
    h(
      "div",
      { class: "standing" },
      h("span", {}, standing(entry, own)),
      ...(exam ? [examStanding(exam)] : []),
      meter,
      h("span", { class: "go", "aria-hidden": "true" }, t(go)), // the title is the link
    ),
  );
}

const BEND = 28;

/** The lane that each line to something farther than a neighbour runs in, beside the numbers: none shares one with another. */
function lanes(lines: { from: number; to: number }[]): Map<object, number> {
  const made = new Map<object, number>();
  const busy: { from: number; to: number }[][] = [];
  for (const line of lines) {
    if (Math.abs(line.to - line.from) === 1) continue;
    const free = (lane: { from: number; to: number }[]) => lane.every((o) => o.to <= line.from || o.from >= line.to);
    let n = busy.findIndex(free);
    if (n < 0) n = busy.push([]) - 1;
    busy[n]?.push(line);
    made.set(line, n);
  }
  return made;
}

/** A line from each lesson's number to those that it needs: straight to a neighbour, around what lies between. */
function draw(svg: SVGSVGElement, list: HTMLElement, lessons: LessonEntry[]): void {
  const box = list.getBoundingClientRect();
  svg.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  const marks = [...list.querySelectorAll(".number")].map((mark) => mark.getBoundingClientRect());
  const places = marks.map((mark) => ({
    x: mark.left - box.left + mark.width / 2,
    y: mark.top - box.top + mark.height / 2,
  }));
  const lines = lessons.flatMap(({ needs }, to) =>
    needs.flatMap((need) => {
      const from = lessons.findIndex(({ id }) => id === need);
      return from < 0 ? [] : [{ from, to }];
    }),
  );
  const lane = lanes(lines);
  const radius = (marks[0]?.width ?? 0) / 2;
  const rtl = getComputedStyle(list).direction === "rtl";
  const room = (rtl ? box.width - (places[0]?.x ?? 0) : (places[0]?.x ?? 0)) - radius;
  const step = Math.min(10, room / (new Set(lane.values()).size || 1));
  svg.replaceChildren(
    ...lines.map((line) => {
      const { x, y } = places[line.from] ?? { x: 0, y: 0 };
      const end = places[line.to] ?? { x: 0, y: 0 };
      const n = lane.get(line);
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const side = x + (rtl ? 1 : -1) * (radius + step * ((n ?? 0) + 1) - step / 4);
      const bend = y < end.y ? BEND : -BEND;
      path.setAttribute(
        "d",
        n === undefined
          ? `M${x} ${y}L${end.x} ${end.y}`
          : `M${x} ${y}Q${side} ${y} ${side} ${y + bend}L${side} ${end.y - bend}Q${side} ${end.y} ${end.x} ${end.y}`,
      );
      path.setAttribute("data-from", lessons[line.from]?.id ?? "");
      path.setAttribute("data-to", lessons[line.to]?.id ?? "");
      return path;
    }),
  );
}

function show(lessons: LessonEntry[], progress: Lessons): void {
  const all = new Map(lessons.map((entry) => [entry.id, entry]));
  const list = h("ol", { class: "lessons" }, ...lessons.map((entry) => row(entry, all, progress)));
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "lines");
  svg.setAttribute("aria-hidden", "true");
  byId("course").replaceChildren(svg, list);
  new ResizeObserver(() => draw(svg, list, lessons)).observe(list);
}

async function start(): Promise<void> {
  await startSite();
  const lessons = await fetchLessons();
  const refresh = () => {
    const { lessons: progress, trouble } = load();
    show(lessons, progress);
    noticeTrouble(trouble);
  };
  refresh();
  addEventListener("storage", refresh); // another tab has gone on
  byId("export").addEventListener("click", exportFile);
  const file = byId<HTMLInputElement>("import-file");
  byId("import").addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    const outcome = importAll(await chosen.text());
    refresh();
    setText(
      byId("kept-said"),
      outcome.ok
        ? t("kept.imported", { n: outcome.lessons })
        : t("kept.refused", { reason: t(outcome.key, outcome.values) }),
    );
  });
}

run(start);
