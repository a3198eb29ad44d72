// preview.ts: shows an author's lesson anew whenever it is saved, at the step where it stands, and what is wrong with it.
// Only the pages of `./lab serve --lesson DIR` ask for this (web/hosting/preview.mjs says what preview.json is). What it says
// is for authors and in English, as are the check's messages.
//
// It imports nothing: what it shared with the first load would become one more file of that.

interface Preview {
  folder: string;
  version: number;
  steps: string[];
  problems: string[];
}
/** What shows the lesson. */
interface Stage {
  preview(folder: string, step: string): Promise<void>;
}
/** What knows the step at which it stands: JSON with its `id`, or null. */
interface Played {
  lessonStep(): string;
}

const ASK_MS = 400;
const MOST_PROBLEMS = 4; // the terminal has all of them
const STEP = "mmscope.preview.step"; // outlives a reload of the page

export function startPreview(stage: Stage, played: Played): void {
  const box = element("div", "message");
  box.id = "preview-problems";
  box.role = "alert";
  box.hidden = true;
  document.querySelector("#message")?.after(box);
  let version = 0;

  const ask = async (): Promise<void> => {
    const response = await fetch(new URL("./preview.json", document.baseURI));
    const now = (await response.json()) as Preview;
    const here = JSON.parse(played.lessonStep()) as { id: string } | null;
    if (here) sessionStorage.setItem(STEP, here.id);
    if (now.version === version) return;
    version = now.version;
    tell(box, now);
    const step = here?.id ?? sessionStorage.getItem(STEP) ?? "";
    if (now.steps.length > 0) await stage.preview(now.folder, now.steps.includes(step) ? step : "");
  };
  const again = (): void => {
    ask()
      .catch(() => {}) // the server is away; it may come back
      .finally(() => setTimeout(again, ASK_MS));
  };
  again();
}

function tell(box: HTMLElement, { folder, problems }: Preview): void {
  const more = problems.length - MOST_PROBLEMS;
  box.hidden = problems.length === 0;
  box.replaceChildren(
    element("strong", "", `${folder} does not work yet.`),
    element("ul", "", ...problems.slice(0, MOST_PROBLEMS).map((problem) => element("li", "mono", problem))),
    more > 0 ? `And ${more} more: the terminal has them.` : "",
  );
}

function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}
