// term.ts: a word of the glossary in a lesson's prose. Pressing it shows what it means, right there; Escape or a press
// elsewhere puts that away again, and the keyboard is back on the word.
import { h } from "./dom";
import { t } from "./locale";
import { nodesOf, wordButton } from "./nodes";
import { fetchTerms, kernelLine, type Term } from "./terms";

const GAP = 6;
let box: HTMLElement | null = null;
let opener: HTMLElement | null = null;

export function termNode(id: string, children: Node[]): HTMLElement {
  const attributes = { class: "term", "aria-haspopup": "dialog", "aria-expanded": "false" };
  return wordButton(attributes, children, (button) => void open(button, id));
}

async function open(button: HTMLElement, id: string): Promise<void> {
  let body: Node[];
  try {
    const term = (await fetchTerms()).find((one) => one.id === id);
    body = term ? meaning(term) : [h("p", {}, t("term.failed"))];
  } catch {
    body = [h("p", {}, t("term.failed"))];
  }
  if (!button.isConnected) return; // the page went on meanwhile
  const more = h("a", { href: `./glossary.html#${id}`, target: "_blank", rel: "noopener" }, t("term.more"));
  box ??= makeBox();
  box.setAttribute("aria-label", button.textContent ?? id);
  box.replaceChildren(...body, h("p", {}, more));
  button.after(box); // what Tab reaches next
  opener = button;
  box.showPopover();
  button.setAttribute("aria-expanded", "true");
  place(box, button);
  box.focus();
}

function meaning(term: Term): Node[] {
  const inner = (id: string, children: Node[]) =>
    wordButton({ class: "term" }, children, (button) => void open(opener ?? button, id));
  return [h("p", { class: "term-name" }, term.term), ...nodesOf(term.text, { values: {} }, inner), ...kernelLine(term)];
}

function makeBox(): HTMLElement {
  const made = h("div", { class: "term-box", role: "dialog", popover: "auto", tabindex: -1 });
  made.addEventListener("beforetoggle", (event) => {
    if (event.newState === "closed") opener?.setAttribute("aria-expanded", "false");
  });
  // The page's own keys are not meant while one reads.
  made.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    made.hidePopover();
    opener?.focus();
  });
  return made;
}

/** Below the word, or above it where there is no room, and never beyond the window. */
function place(made: HTMLElement, button: HTMLElement): void {
  const word = button.getBoundingClientRect();
  const own = made.getBoundingClientRect();
  const below = word.bottom + GAP + own.height <= innerHeight;
  made.style.left = `${Math.max(GAP, Math.min(word.left, innerWidth - own.width - GAP))}px`;
  made.style.top = `${Math.max(GAP, below ? word.bottom + GAP : word.top - GAP - own.height)}px`;
}
