// ask.ts: one line to ask the boot anything. An expression is answered at once and can be kept: what is kept is asked again
// at every move. Words and numbers are looked for in the whole boot (finds.ts).
import type { Answer } from "./asked";
import { Combobox } from "./combobox";
import { h, setText } from "./dom";
import { Finds } from "./finds";
import { t } from "./locale";
import type { Page } from "./page";
import { Reads } from "./reads";
import type { Sides } from "./sides";
import { partsAt } from "./wrong";

const EXAMPLES = ["free(order>=3)", "memblock.reserved.cnt", "vm.max_pfn * 4K", "sparse_init"];
const WAIT_MS = 150;
const MOST_WATCHES = 20;
/** What only an expression has; without it the text is words to look for. */
const EXPRESSION = /[.[\](){}<>=!&|$*/%"+]/;
/** The word that is being typed. */
const WORD = /[A-Za-z_]\w*$/;
const NUMBER = /^\s*(0x[0-9a-f]+|\d+)\w?\s*$/i;

interface Watch {
  text: string;
  value: HTMLElement;
  row: HTMLElement;
}

export class Ask {
  private readonly input = h("input", {
    type: "text",
    id: "ask-box",
    class: "mono",
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    maxlength: 1024,
    "aria-describedby": "ask-answer",
  });
  private readonly combo: Combobox;
  private readonly value = h("output", { class: "mono ask-value", for: "ask-box" });
  private readonly keep = h("button", { type: "button", hidden: true }, t("ask.keep"));
  private readonly problem = h("div", { class: "ask-problem", hidden: true });
  private readonly watches = h("ul", { class: "watches", "aria-label": t("ask.kept") });
  private readonly watchPart = h("section", { hidden: true }, h("h3", {}, t("ask.kept")), this.watches);
  private readonly examples: HTMLElement;
  private readonly finds: Finds;
  private readonly reads = new Reads();
  private kept: Watch[] = [];
  private timer = 0;

  constructor(
    page: Page,
    private readonly later: MmscopeLater,
    sides: Sides,
  ) {
    const panel = sides.add("ask");
    this.finds = new Finds(page, later);
    this.combo = new Combobox(this.input, t("ask.ways"), (before) => ({
      from: before.length - (WORD.exec(before)?.[0].length ?? 0),
      list: (before === "" ? [] : (JSON.parse(later.complete(before)) as string[])).map((text) => ({ text })),
    }));
    this.examples = this.makeExamples();
    panel.append(
      h("h2", {}, h("label", { for: "ask-box" }, t("ask.label"))),
      this.combo.view,
      h("div", { class: "ask-answer", id: "ask-answer", "aria-live": "polite" }, this.value, this.keep, this.problem),
      this.watchPart,
      this.reads.view,
      this.finds.view,
      this.examples,
    );
    this.input.addEventListener("input", () => {
      this.combo.look();
      this.soon();
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.keep.addEventListener("click", () => this.keepIt());
    page.onStory(() => {
      if (this.input.value !== "") this.answer();
      for (const watch of this.kept) this.read(watch);
    });
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing || (this.combo.open && this.combo.key(event))) return;
    if (event.key === "ArrowDown" && !this.combo.open) this.combo.look();
    if (event.key === "Enter") {
      event.preventDefault();
      this.combo.close();
      if (this.timer) this.now();
      if (!this.keep.hidden) this.keepIt();
      else this.finds.step(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.input.value !== "") {
      event.preventDefault();
      this.input.value = "";
      this.now();
    }
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.now(), WAIT_MS);
  }
  private now(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.answer();
    const text = this.input.value;
    const words = EXPRESSION.test(text) ? "" : text;
    this.finds.search(words);
    void this.reads.search(NUMBER.test(words) ? "" : words);
    this.examples.hidden = text.trim() !== "";
  }

  private answer(): void {
    const text = this.input.value.trim();
    const answer = text === "" || NUMBER.test(text) ? null : this.ask(text);
    const wrong = answer && !answer.ok && EXPRESSION.test(text) ? answer : null;
    setText(this.value, answer?.ok ? said(answer) : "");
    this.keep.hidden = !answer?.ok;
    this.problem.hidden = wrong === null;
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
    if (wrong) this.complain(text, wrong.column, wrong.error);
  }

  /** The text up to where it goes wrong, and a mark there. */
  private complain(text: string, column: number, error: string): void {
    const [before, wrong, after] = partsAt(text, column, /^\w+/);
    this.problem.replaceChildren(
      h("p", {}, t("ask.wrong", { column, error })),
      h("p", { class: "mono ask-text" }, before.slice(-40), h("mark", {}, wrong), after.slice(0, 40)),
    );
  }

  private ask(text: string): Answer | null {
    return JSON.parse(this.later.ask(text)) as Answer | null;
  }

  private keepIt(): void {
    const text = this.input.value.trim();
    if (this.kept.some((watch) => watch.text === text)) return;
    const value = h("span", { class: "mono" });
    const remove = h("button", { type: "button", "aria-label": t("ask.remove", { text }) }, "✕");
    const again = h("button", { type: "button", class: "mono name" }, text);
    const row = h("li", {}, again, value, remove);
    const watch: Watch = { text, value, row };
    again.addEventListener("click", () => this.put(text));
    remove.addEventListener("click", () => this.drop(watch));
    this.kept.push(watch);
    this.watches.append(row);
    if (this.kept.length > MOST_WATCHES && this.kept[0]) this.drop(this.kept[0]);
    this.watchPart.hidden = false;
    this.read(watch);
    this.put("");
  }

  private drop(watch: Watch): void {
    this.kept = this.kept.filter((other) => other !== watch);
    watch.row.remove();
    this.watchPart.hidden = this.kept.length === 0;
    this.input.focus();
  }

  private read(watch: Watch): void {
    const answer = this.ask(watch.text);
    const text = !answer ? "" : answer.ok ? said(answer) : answer.error;
    watch.row.classList.toggle("changed", watch.value.textContent !== "" && watch.value.textContent !== text);
    setText(watch.value, text);
  }

  private put(text: string): void {
    this.input.value = text;
    this.input.focus();
    this.combo.close();
    this.now();
  }

  private makeExamples(): HTMLElement {
    const list = h("ul", { class: "links" });
    for (const text of EXAMPLES) {
      const press = h(
        "button",
        { type: "button" },
        h("span", { class: "mono" }, text),
        h("span", { class: "quiet" }, t(`ask.example.${text}`)),
      );
      press.addEventListener("click", () => this.put(text));
      list.append(h("li", {}, press));
    }
    return h(
      "div",
      {},
      h("p", { class: "thing-how" }, t("ask.how")),
      list,
      h("p", { class: "thing-how quiet" }, t("ask.keys")),
    );
  }
}

function said(answer: Extract<Answer, { ok: true }>): string {
  return answer.nothing ? t("thing.nothing") : answer.text;
}
