// autopsy.ts: paste a "page allocation failure" or OOM report; why it failed, zone by zone, and what would have let it
// succeed. The core says which sentences and which numbers (core/io/autopsy_view.hpp), the words are the page's. What it
// needs beside this file comes when it is first opened (autopsy_parts.ts).
import { byId, h } from "./dom";
import { unzipped } from "./gzip";
import type { Refusal } from "./loader";
import { addWords, t } from "./locale";
import { message } from "./page";
import { count } from "./units";

/** The buttons, the key's target and lab.html#autopsy. */
export function startAutopsy(): void {
  let dialog: Promise<AutopsyDialog> | null = null;
  const open = async () => {
    dialog ??= import("./autopsy_parts").then(async ({ words, examples, startModule }) => {
      addWords(words);
      return new AutopsyDialog(await startModule(), examples);
    });
    try {
      (await dialog).open();
    } catch (error) {
      dialog = null; // the next try fetches it again
      message(t("autopsy.not-there", { reason: String(error instanceof Error ? error.message : error) }));
    }
  };
  byId("autopsy").addEventListener("click", () => void open());
  byId("log-autopsy").addEventListener("click", () => {
    byId<HTMLDialogElement>("log-dialog").close();
    void open();
  });
  const asked = () => location.hash === "#autopsy";
  addEventListener("hashchange", () => asked() && void open());
  if (asked()) void open();
}

interface Saying {
  id: string;
  values: Record<string, string | number>;
  line?: number;
}
interface Zone {
  label: string;
  verdict: string;
  [amount: string]: string | number | null;
}
interface Attempt {
  id: string;
  flags: string;
  zones: Zone[];
}
interface Autopsy {
  kind: string;
  task: string;
  kernel: string;
  order: number;
  gfp: string;
  highest: string;
  deciding: number;
  attempts: Attempt[];
  cause: Saying;
  remedies: Saying[];
  assumed: Saying[];
}

const AMOUNTS = ["free", "uncounted", "usable", "mark", "lowered", "reserve", "needed"];

type Answer = Autopsy | Pick<Refusal, "line" | "column" | "reason">;

function sentence({ id, values }: Saying): string {
  const shown = Object.entries(values).map(([name, value]) => [name, typeof value === "number" ? count(value) : value]);
  return t(`autopsy.${id}`, Object.fromEntries(shown));
}

class AutopsyDialog {
  private readonly text = h("textarea", { id: "autopsy-text", rows: 10, spellcheck: "false", autocomplete: "off" });
  private readonly file = h("input", { type: "file" });
  private readonly example = h("select", {});
  private readonly error = h("p", { class: "message", role: "alert", hidden: true });
  private readonly result = h("section", { class: "autopsy-result", "aria-labelledby": "autopsy-cause", hidden: true });
  private readonly cause = h("h3", { id: "autopsy-cause", tabindex: -1 }, t("autopsy.cause"));
  private readonly verdict = h("p", { class: "verdict", role: "status" });
  private readonly dialog: HTMLDialogElement;

  constructor(
    private readonly module: AutopsyModule,
    examples: Record<string, string>,
  ) {
    this.example.append(
      h("option", { value: "" }, t("autopsy.example-none")),
      ...Object.keys(examples).map((name) => h("option", { value: name }, t(`autopsy.example.${name}`))),
    );
    const close = h("button", { type: "button" }, t("close"));
    const form = h(
      "form",
      { method: "dialog" },
      h("h2", { id: "autopsy-title" }, t("autopsy.title")),
      h("p", {}, t("autopsy.how")),
      h("label", { for: "autopsy-text" }, t("autopsy.text")),
      this.text,
      h(
        "div",
        { class: "buttons" },
        h("label", { class: "file" }, h("span", {}, t("log.file")), this.file),
        h("label", { class: "field" }, h("span", {}, t("autopsy.example")), this.example),
      ),
      this.error,
      h(
        "div",
        { class: "buttons end" },
        close,
        h("button", { type: "submit", class: "primary" }, t("autopsy.examine")),
      ),
    );
    this.dialog = h("dialog", { class: "log autopsy", "aria-labelledby": "autopsy-title" }, form, this.result);
    document.body.append(this.dialog);

    close.addEventListener("click", () => this.dialog.close());
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.examineAndRead();
    });
    this.example.addEventListener("change", () => {
      const chosen = examples[this.example.value];
      if (chosen === undefined) return;
      this.text.value = chosen;
      // The focus stays, so that arrows go on through the examples.
      if (this.examine()) this.dialog.scrollTop = this.example.offsetTop - 12;
    });
    this.file.addEventListener("change", () => {
      const chosen = this.file.files?.[0];
      this.file.value = ""; // the same file can be chosen again after it was mended
      if (chosen) void this.take(chosen);
    });
    // A file that is dropped here is a report, not a log to be booted.
    this.dialog.addEventListener("dragover", (event) => {
      event.preventDefault();
      event.stopPropagation();
    });
    this.dialog.addEventListener("drop", (event) => {
      const dropped = event.dataTransfer?.files[0];
      event.stopPropagation();
      if (!dropped) return;
      event.preventDefault();
      document.documentElement.classList.remove("dropping");
      void this.take(dropped);
    });
  }

  open(): void {
    if (this.dialog.open) return;
    this.dialog.showModal();
    this.text.focus();
  }

  private async take(file: File): Promise<void> {
    const decoder = new TextDecoder();
    let text = "";
    try {
      for await (const bytes of unzipped(new Uint8Array(await file.arrayBuffer())))
        text += decoder.decode(bytes, { stream: true });
    } catch {
      this.refuse(t("log.gzip"));
      return;
    }
    this.text.value = text + decoder.decode();
    this.example.value = "";
    this.examineAndRead();
  }

  private refuse(reason: string): void {
    this.result.hidden = true;
    this.error.hidden = false;
    this.error.textContent = reason;
  }

  private examineAndRead(): void {
    if (!this.examine()) return;
    this.dialog.scrollTop = this.result.offsetTop - 12;
    this.cause.focus({ preventScroll: true });
  }

  /** False if it was refused. */
  private examine(): boolean {
    if (this.text.value.trim() === "") {
      this.refuse(t("autopsy.empty"));
      return false;
    }
    const answer = JSON.parse(this.module.autopsy(this.text.value)) as Answer;
    if (!("cause" in answer)) {
      const { line, column, reason } = answer;
      this.refuse(t("autopsy.refused", { line, column, reason }));
      return false;
    }
    this.error.hidden = true;
    this.show(answer);
    return true;
  }

  private show(a: Autopsy): void {
    const deciding = a.attempts[a.deciding];
    const others = a.attempts.filter((attempt) => attempt !== deciding);
    this.result.hidden = false;
    this.verdict.textContent = sentence(a.cause);
    this.result.replaceChildren(this.cause, this.verdict, h("p", { class: "request" }, ...request(a)));
    if (deciding) this.result.append(h("h3", {}, t("autopsy.zones")), table(deciding));
    if (a.attempts.length > 0)
      this.result.append(
        h("h3", {}, t("autopsy.remedies")),
        a.remedies.length > 0
          ? h("ul", {}, ...a.remedies.map((s) => h("li", {}, sentence(s))))
          : h("p", {}, t("autopsy.nothing-needed")),
      );
    if (others.length > 0)
      this.result.append(h("details", {}, h("summary", {}, t("autopsy.others")), ...others.map(table)));
    if (a.assumed.length > 0)
      this.result.append(
        h("details", {}, h("summary", {}, t("autopsy.assumed")), h("ul", {}, ...a.assumed.map(assumption))),
      );
  }
}

function request(a: Autopsy): (Node | string)[] {
  const parts = [
    h("span", {}, t(a.kind === "page allocation failure" ? "autopsy.kind.failure" : "autopsy.kind.oom")),
    h("span", { class: "mono" }, a.task || "?"),
    h("span", {}, t("autopsy.order", { order: a.order, n: 2 ** a.order, pages: count(2 ** a.order) })),
    h("span", { class: "mono" }, a.gfp),
  ];
  if (a.highest !== "") parts.push(h("span", {}, t("autopsy.highest", { zone: a.highest })));
  if (a.kernel !== "") parts.push(h("span", {}, t("autopsy.kernel", { kernel: a.kernel })));
  return parts.flatMap((part, i) => (i === 0 ? [part] : [" · ", part]));
}

function table(attempt: Attempt): HTMLElement {
  const head = ["zone", ...AMOUNTS, "verdict"].map((name) =>
    h("th", { scope: "col", class: AMOUNTS.includes(name) && "number" }, t(`autopsy.column.${name}`)),
  );
  const caption = `${t(`autopsy.${attempt.id}`)} (${attempt.flags})`;
  // Not a <caption>: that is as wide as the table, which may be wider than the screen.
  return h(
    "div",
    {},
    h("p", { class: "attempt" }, caption),
    h(
      "div",
      { class: "autopsy-table", tabindex: 0, role: "group", "aria-label": caption },
      h(
        "table",
        { "aria-label": caption },
        h("thead", {}, h("tr", {}, ...head)),
        h("tbody", {}, ...attempt.zones.map(row)),
      ),
    ),
  );
}

function row(zone: Zone): HTMLElement {
  const amounts = AMOUNTS.map((name) => {
    const pages = zone[name];
    return h("td", { class: "number" }, typeof pages === "number" ? signed(pages) : "–");
  });
  return h(
    "tr",
    { "data-verdict": zone.verdict.slice(8) },
    h("th", { scope: "row" }, zone.label),
    ...amounts,
    h("td", {}, t(`autopsy.${zone.verdict}`)),
  );
}

const signed = (n: number) => (n < 0 ? `−${count(-n)}` : count(n));

function assumption(saying: Saying): HTMLElement {
  const text = sentence(saying);
  return h("li", {}, saying.line ? t("autopsy.at-line", { line: saying.line, text }) : text);
}
