// script.ts: kernel calls of one's own. What is typed happens at the playhead, in a branch: the recorded past stays, and
// one can go back to it. Completion and errors come from the core; here is the combobox, the history, the list.
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import type { Sides } from "./sides";
import type { Story } from "./state";
import { recall, remember } from "./storage";
import { hex } from "./units";

interface Completion {
  from: number; // in bytes
  candidates: { text: string; about: string }[];
  call: string;
  summary: string;
  signature: { name: string; kind: string; must: boolean }[];
  current: number;
}
type Made =
  | { ok: true; call: number; text: string; address: boolean; value: number | null }
  | { ok: false; column: number; reason: string };
export interface Branches {
  current: number;
  /** So many calls of the branch, from the first one, are those of the recorded boot. */
  recorded: number;
  list: { id: number; parent: number; fork: number; size: number }[];
  /** Of the branch on show, behind the recorded ones. */
  calls: string[];
}

const HISTORY = 100;
const LINES = 500;

/** A byte column, from 1, of a line as an index of its characters. */
function indexOf(line: string, column: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(line).subarray(0, Math.max(column - 1, 0))).length;
}

export class ScriptBox {
  private readonly input = h("input", {
    id: "call-input",
    class: "mono",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": "call-list",
    "aria-describedby": "call-hint call-error",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 2000,
  });
  private readonly options = h("ul", {
    id: "call-list",
    class: "options",
    role: "listbox",
    "aria-label": t("script.candidates"),
    hidden: true,
  });
  private readonly hint = h("p", { class: "hint mono", id: "call-hint" });
  private readonly error = h("p", { class: "wrong", id: "call-error" });
  private readonly result = h("p", { class: "result", role: "status" });
  private readonly where = h("p", { class: "quiet" });
  private readonly branches = h("ul", { class: "places" });
  private readonly typed = h("ol", { class: "calls mono" });
  private readonly typedTitle = h("h3", {}, t("script.typed"));
  private completion: Completion | null = null;
  private active = -1;
  private history: string[] = [];
  private back = 0; // lines back in the history
  private draft = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    sides: Sides,
  ) {
    const form = h(
      "form",
      { class: "call" },
      h("label", { for: "call-input" }, t("script.call")),
      h("div", { class: "line" }, this.input, h("button", { type: "submit", class: "primary" }, t("script.make"))),
      this.options,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.run([this.input.value]);
    });
    sides
      .add("script")
      .append(
        h("p", { class: "quiet" }, t("script.about")),
        form,
        this.hint,
        this.error,
        this.result,
        this.where,
        h("h3", {}, t("script.branches")),
        this.branches,
        this.typedTitle,
        this.typed,
      );
    sides.onShow("script", () => this.refresh());
    this.input.addEventListener("input", () => this.suggest());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
    this.input.addEventListener("paste", (event) => this.paste(event));
    this.options.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    this.history = stored();
    page.onStory((story) => {
      this.tellWhere(story);
      if (sides.current === "script") this.refresh();
    });
    page.onMachine(() => setText(this.result, ""));
  }

  // ---- completion ----------------------------------------------------------------------------------------------------

  private suggest(): void {
    this.back = 0;
    this.complain(null);
    const before = this.input.value.slice(0, this.input.selectionStart ?? this.input.value.length);
    this.completion = JSON.parse(this.later.completion(before)) as Completion | null;
    this.showHint();
    const candidates = this.input.value.trim() ? (this.completion?.candidates ?? []) : [];
    this.active = -1;
    this.options.replaceChildren(
      ...candidates.map(({ text, about }, i) => {
        const option = h(
          "li",
          { role: "option", id: `call-option-${i}`, "aria-selected": "false" },
          h("span", { class: "mono" }, text),
          h("span", { class: "quiet" }, about),
        );
        option.addEventListener("click", () => this.accept(i));
        return option;
      }),
    );
    this.expand(candidates.length > 0);
  }

  private showHint(): void {
    const c = this.completion;
    if (!c?.call) {
      this.hint.replaceChildren();
      return;
    }
    const parts = c.signature.map(({ name, kind, must }, i) => {
      const text = must ? name : `[${name}]`;
      return i === c.current
        ? h("strong", { title: kind }, kind === name ? text : `${text}: ${kind}`)
        : h("span", { title: kind }, text);
    });
    this.hint.replaceChildren(
      c.call,
      ...parts.flatMap((part) => [" ", part]),
      h("span", { class: "about" }, c.summary),
    );
  }

  private expand(open: boolean): void {
    this.options.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.activate(-1);
  }
  private close(): void {
    this.expand(false);
  }

  private activate(index: number): void {
    this.active = index;
    [...this.options.children].forEach((option, i) => {
      option.setAttribute("aria-selected", String(i === index));
      if (i === index) option.scrollIntoView({ block: "nearest" });
    });
    if (index >= 0) this.input.setAttribute("aria-activedescendant", `call-option-${index}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  private accept(index: number): void {
    const candidate = this.completion?.candidates[index];
    if (!candidate) return;
    const { value } = this.input;
    const end = this.input.selectionStart ?? value.length;
    const text = /[=|]$/.test(candidate.text) ? candidate.text : `${candidate.text} `;
    const start = value.slice(0, indexOf(value, (this.completion?.from ?? 0) + 1)) + text;
    this.input.value = start + value.slice(end);
    this.input.setSelectionRange(start.length, start.length);
    this.suggest();
    if (this.input.value.endsWith(" ")) this.close(); // the next word is not begun yet: Enter makes the call
  }

  // ---- keys ----------------------------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const open = !this.options.hidden;
    const count = this.options.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const way = event.key === "ArrowDown" ? 1 : -1;
      if (open) this.activate(((this.active + 1 + way + count + 1) % (count + 1)) - 1);
      else this.recallLine(-way);
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.accept(this.active);
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      this.close();
    }
  }

  private recallLine(older: number): void {
    const to = this.back + older;
    if (to < 0 || to > this.history.length) return;
    if (this.back === 0) this.draft = this.input.value;
    this.back = to;
    this.input.value = to === 0 ? this.draft : (this.history[this.history.length - to] ?? "");
    this.complain(null);
  }

  private paste(event: ClipboardEvent): void {
    const text = event.clipboardData?.getData("text") ?? "";
    if (!/[\r\n]/.test(text.trim())) return;
    event.preventDefault();
    this.close();
    this.run(text.split(/\r\n|\r|\n/));
  }

  // ---- calls ---------------------------------------------------------------------------------------------------------

  /** One after the other, up to the first that cannot be made. */
  private run(lines: string[]): void {
    this.close();
    this.complain(null);
    let made: Made | null = null;
    let count = 0;
    if (lines.length > LINES) {
      this.complain(t("script.too-many", { most: LINES }));
      return;
    }
    this.page.move(() => {
      for (const [i, typed] of lines.entries()) {
        const line = typed.trim();
        if (line === "" || line.startsWith("#")) continue;
        made = JSON.parse(this.later.makeCall(line)) as Made;
        if (!made.ok) {
          this.input.value = line;
          this.fail(line, made, lines.length > 1 ? i + 1 : 0);
          return;
        }
        count++;
        this.keep(line);
      }
      if (count > 0) this.input.value = "";
    });
    if (count === 0 && !made) {
      this.complain(t("script.empty"));
      return;
    }
    this.completion = null;
    this.hint.replaceChildren();
    this.back = 0;
    const last = made as Made | null;
    if (last?.ok) setText(this.result, this.resultText(last, count));
    else if (count > 0) setText(this.result, t("script.made-before", { count }));
    else setText(this.result, "");
    this.refresh();
  }

  private resultText(made: Extract<Made, { ok: true }>, count: number): string {
    const { call, text, address, value } = made;
    const came =
      address && value === 0
        ? t("script.no-place")
        : value === null
          ? t("script.large")
          : address
            ? hex(value)
            : value < 0
              ? t("script.errno", { value })
              : String(value);
    return t(count > 1 ? "script.results" : "script.result", { count, call, text, value: came });
  }

  private fail(line: string, { column, reason }: Extract<Made, { ok: false }>, number: number): void {
    const from = indexOf(line, column);
    const word = /^\S*/.exec(line.slice(from))?.[0] || "␣";
    this.complain(t(number ? "script.wrong-line" : "script.wrong", { line: number, column, reason }), [
      line.slice(0, from),
      word,
      line.slice(from + word.length),
    ]);
    this.input.setSelectionRange(from, from + word.length);
  }

  private complain(text: string | null, marked?: [string, string, string]): void {
    if (text === null) {
      this.input.removeAttribute("aria-invalid");
      this.error.replaceChildren();
      this.error.removeAttribute("role");
      return;
    }
    this.input.setAttribute("aria-invalid", "true");
    this.error.setAttribute("role", "alert");
    const line = marked
      ? [h("span", { class: "mono", "aria-hidden": "true" }, marked[0], h("mark", {}, marked[1]), marked[2])]
      : [];
    this.error.replaceChildren(...line, h("span", {}, text));
  }

  private keep(line: string): void {
    if (this.history.at(-1) === line) return;
    this.history = [...this.history, line].slice(-HISTORY);
    remember("calls", JSON.stringify(this.history));
  }

  // ---- branches ------------------------------------------------------------------------------------------------------

  private tellWhere(story: Story): void {
    const { call } = story.place;
    const { inside } = story;
    setText(
      this.where,
      t(inside ? "script.inside" : call === 0 ? "script.first" : "script.here", { call: inside ? call + 1 : call }),
    );
  }

  private refresh(): void {
    const known = JSON.parse(this.later.branches()) as Branches | null;
    if (!known) return;
    const focused = document.activeElement?.getAttribute("data-branch");
    this.branches.replaceChildren(
      ...known.list.map(({ id, fork, size }) => {
        const own = size - fork;
        const button = h(
          "button",
          { type: "button", "data-branch": id, "aria-current": id === known.current ? "true" : undefined },
          h("span", {}, id === 0 ? t("script.recorded") : t("script.branch", { id, call: fork + 1 })),
          h(
            "span",
            { class: "quiet mono" },
            id === 0 ? t("script.calls", { count: size }) : t("script.own", { count: own }),
          ),
        );
        button.addEventListener("click", () => this.page.move(() => this.later.switchBranch(id)));
        return h("li", {}, button);
      }),
    );
    if (focused) this.branches.querySelector<HTMLElement>(`[data-branch="${focused}"]`)?.focus();
    this.typedTitle.hidden = known.calls.length === 0;
    this.typed.start = known.recorded + 1;
    this.typed.replaceChildren(...known.calls.slice(-LINES).map((text) => h("li", {}, text)));
    const backButton = byId("story").querySelector<HTMLButtonElement>("#to-recorded");
    if (known.current === 0) backButton?.remove();
    else if (!backButton) {
      const made = h("button", { type: "button", id: "to-recorded" }, t("script.back"));
      made.addEventListener("click", () => {
        this.page.move(() => this.later.switchBranch(0));
        this.input.focus();
      });
      this.branches.after(made);
    }
  }
}

function stored(): string[] {
  try {
    const lines: unknown = JSON.parse(recall("calls") ?? "[]");
    if (Array.isArray(lines)) return lines.filter((line): line is string => typeof line === "string").slice(-HISTORY);
  } catch {
    // written by something else
  }
  return [];
}
