// script.ts: kernel calls of one's own. What is typed happens at the playhead, in a branch: the recorded past stays, and
// one can go back to it. Completion and errors come from the core; here is the combobox, the history, the list.
import { callWays } from "./call_ways";
import { Combobox } from "./combobox";
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import type { Sides } from "./sides";
import type { Story } from "./state";
import { recall, remember } from "./storage";
import { hex } from "./units";
import { partsAt } from "./wrong";

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

export class ScriptBox {
  private readonly input = h("input", {
    id: "call-input",
    class: "mono",
    "aria-describedby": "call-hint call-error",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 2000,
  });
  private readonly combo: Combobox;
  private readonly hint = h("p", { class: "hint mono", id: "call-hint" });
  private readonly error = h("p", { class: "wrong", id: "call-error" });
  private readonly result = h("p", { class: "result", role: "status" });
  private readonly where = h("p", { class: "quiet" });
  private readonly branches = h("ul", { class: "places" });
  private readonly typed = h("ol", { class: "calls mono" });
  private readonly typedTitle = h("h3", {}, t("script.typed"));
  private history: string[] = [];
  private back = 0; // lines back in the history
  private draft = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    sides: Sides,
  ) {
    this.combo = new Combobox(this.input, t("script.candidates"), callWays(later, this.hint));
    const form = h(
      "form",
      { class: "call" },
      h("label", { for: "call-input" }, t("script.call")),
      h("div", { class: "line" }, this.combo.view, h("button", { type: "submit", class: "primary" }, t("script.make"))),
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
    this.input.addEventListener("input", () => {
      this.back = 0;
      this.complain(null);
      this.combo.look();
    });
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("paste", (event) => this.paste(event));
    this.history = stored();
    page.onStory((story) => {
      this.tellWhere(story);
      if (sides.current === "script") this.refresh();
    });
    page.onMachine(() => setText(this.result, ""));
  }

  // ---- keys ----------------------------------------------------------------------------------------------------------

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (this.combo.open && this.combo.key(event)) return;
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    this.recallLine(event.key === "ArrowUp" ? 1 : -1);
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
    this.combo.close();
    this.run(text.split(/\r\n|\r|\n/));
  }

  // ---- calls ---------------------------------------------------------------------------------------------------------

  /** One after the other, up to the first that cannot be made. */
  private run(lines: string[]): void {
    this.combo.close();
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
    const parts = partsAt(line, column, /^\S+/);
    this.complain(t(number ? "script.wrong-line" : "script.wrong", { line: number, column, reason }), parts);
    this.input.setSelectionRange(parts[0].length, parts[0].length + parts[1].length);
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
