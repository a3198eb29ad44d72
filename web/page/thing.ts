// thing.ts: the inspector. Whatever is pressed, in the picture or in a table, is shown here: its fields and what they mean,
// the bits of its words, what it is related to, where the kernel keeps it, how to see it on a machine of one's own. The
// sheet is read again at every move; what has changed says what it was.
//
//     const thing = new Thing(page, later, sides);
//     thing.open("memblock.reserved.regions[2]");
import meanings from "../../core/query/fields.def";
import type { Answer, Bits, Sheet } from "./asked";
import { h, setText } from "./dom";
import { LifeView } from "./life";
import { type Block, makeCalls } from "./live_call";
import { has, t } from "./locale";
import type { Page } from "./page";
import type { Sides } from "./sides";
import { bytes, hex } from "./units";

const EXAMPLES = ["memblock.reserved.regions[0]", "page[0x1000]", "section[0]"];
const MOST_TRAIL = 100;

export class Thing {
  private readonly back = h("button", { type: "button" }, h("span", { "aria-hidden": "true" }, "◂"));
  private readonly forth = h("button", { type: "button" }, h("span", { "aria-hidden": "true" }, "▸"));
  private readonly clear = h("button", { type: "button" }, t("thing.clear"));
  private readonly title = h("h2", { tabindex: -1 });
  private readonly where = h("p", { class: "thing-place mono" });
  private readonly gone = h("p", { class: "thing-gone" }, t("thing.gone"));
  private readonly follow = h("button", { type: "button" });
  private readonly free = h("button", { type: "button", class: "thing-free", hidden: true });
  private readonly freed = h("p", { class: "thing-gone", role: "status" });
  private readonly fields = h("dl", { class: "facts fields" });
  private readonly rest = h("div");
  private readonly panel: HTMLElement;
  private readonly sheetView: HTMLElement;
  private readonly emptyView: HTMLElement;
  private readonly life: LifeView;

  private trail: string[] = [];
  private at = -1;
  private sheet: Sheet | null = null;
  private values = new Map<string, { value: HTMLElement; was: HTMLElement }>();
  private restIs = "";
  private seen = 0;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    private readonly sides: Sides,
  ) {
    this.panel = sides.add("thing");
    this.life = new LifeView(page, later, () => this.leaveLife());
    const bar = h("div", { class: "thing-bar" }, this.back, this.forth, this.clear);
    const head = h("div", { "aria-live": "polite" }, this.title, this.where, this.gone);
    this.sheetView = h(
      "div",
      { hidden: true },
      bar,
      head,
      h("div", { class: "thing-does" }, this.follow, this.free),
      this.freed,
      h("h3", {}, t("thing.fields")),
      this.fields,
      this.rest,
    );
    this.emptyView = this.makeEmpty();
    this.panel.append(this.emptyView, this.sheetView, this.life.view);

    this.back.addEventListener("click", () => this.walk(-1));
    this.forth.addEventListener("click", () => this.walk(1));
    this.clear.addEventListener("click", () => {
      later.clearSelection();
      this.look();
      page.changed();
      this.sides.open("thing");
    });
    this.follow.addEventListener("click", () => {
      if (this.sheet?.firstPfn !== undefined) this.startLife(this.sheet.firstPfn);
    });
    this.free.addEventListener("click", () => this.freeBlock());
    this.seen = later.selections();
    sides.onShow("thing", () => this.read());
    page.onFrame(() => this.look());
    page.onMachine(() => this.forget());
    page.onStory(() => {
      this.look();
      if (sides.current === "thing") this.read();
    });
    this.render();
  }

  /** Selects what is at a path, and shows it with the keyboard on it. */
  open(path: string): void {
    if (!this.later.select(path)) return;
    this.focus();
    this.page.changed();
  }
  /** Shows what has been selected, with the keyboard on it. */
  focus(): void {
    this.look();
    this.title.focus();
  }

  /** Whether something else has been selected meanwhile, by a press on the picture or by a link. */
  private look(): void {
    const now = this.later.selections();
    if (now === this.seen) return;
    this.seen = now;
    const path = this.later.selection();
    if (path === "") {
      this.sheet = null;
      this.render();
      return;
    }
    if (this.trail[this.at] !== path) {
      this.trail = [...this.trail.slice(0, this.at + 1), path].slice(-MOST_TRAIL);
      this.at = this.trail.length - 1;
    }
    this.sheet = null;
    this.life.close();
    if (this.sides.current === "thing") this.read();
    else if (!this.told(path)) this.sides.show("thing");
  }

  /** The step's side tells of the call on show already, and a lesson that has something pressed goes on being read. */
  private told(path: string): boolean {
    if (this.sides.current === "lesson") return true;
    return this.sides.current === "step" && path === `call[${this.page.story?.call?.index}]`;
  }

  private forget(): void {
    this.trail = [];
    this.at = -1;
    this.sheet = null;
    this.life.close();
    this.render();
  }

  private walk(n: number): void {
    const path = this.trail[this.at + n];
    if (path === undefined) return;
    this.at += n;
    if (this.later.select(path)) this.look();
    else {
      // It does not exist at this moment: it is shown as such.
      this.sheet = null;
      this.read();
    }
    this.page.changed();
  }

  private read(): void {
    const path = this.trail[this.at];
    if (path === undefined || this.later.selection() === "") {
      this.render();
      return;
    }
    const sheet = JSON.parse(this.later.inspect(path)) as Sheet | null;
    if (!sheet) return;
    if (sheet.error) {
      if (!this.sheet || this.sheet.path !== path)
        this.sheet = { ...sheet, path, title: path, fields: [], links: [], bits: [], home: [] };
      this.render();
      this.gone.hidden = false;
      return;
    }
    const old = this.sheet;
    this.sheet = sheet;
    const same = old?.path === sheet.path && this.values.size === sheet.fields.length;
    if (same && sheet.fields.every((field) => this.values.has(field.name))) this.update(old, sheet);
    else this.fill(sheet);
    this.render();
    if (old?.path !== sheet.path) {
      this.panel.scrollTop = 0;
      setText(this.freed, "");
    }
  }

  private render(): void {
    const sheet = this.sheet;
    const alive = this.life.alive;
    this.emptyView.hidden = sheet !== null || alive;
    this.sheetView.hidden = sheet === null || alive;
    if (!sheet) return;
    const before = this.trail[this.at - 1];
    const after = this.trail[this.at + 1];
    step(this.back, before, t("thing.back", { path: before ?? "" }));
    step(this.forth, after, t("thing.forth", { path: after ?? "" }));
    setText(this.title, sheet.title);
    this.gone.hidden = true;
    this.where.hidden = sheet.end <= sheet.base;
    setText(this.where, place(sheet));
    this.follow.hidden = sheet.firstPfn === undefined;
    setText(this.follow, t(sheet.kind === "page" ? "thing.follow" : "thing.follow-first"));
    const block = this.block();
    this.free.hidden = block === null;
    if (block) setText(this.free, t("thing.free", { pfn: hex(block.pfn) }));
    this.showRest(sheet);
  }

  /** The block of the learner's own that the thing lies in. */
  private block(): Block | null {
    const first = this.sheet?.firstPfn;
    if (first === undefined || !this.page.story?.handed) return null;
    const block = JSON.parse(this.later.holding(first)) as Block | null;
    return block && (this.sheet?.lastPfn ?? first) < block.pfn + 2 ** block.order ? block : null;
  }
  private freeBlock(): void {
    const block = this.block();
    if (!block) return;
    const made = makeCalls(this.page, this.later, [`free_pages ${hex(block.pfn)}`]);
    setText(this.freed, made.ok ? t("thing.freed", { pfn: hex(block.pfn) }) : made.reason);
    this.title.focus();
  }

  private fill(sheet: Sheet): void {
    this.values.clear();
    this.fields.replaceChildren(
      ...sheet.fields.map((field) => {
        const value = h("span", { class: field.nothing ? "nothing" : "" }, shown(field.text, field.nothing));
        const was = h("small", { class: "was", hidden: true });
        this.values.set(field.name, { value, was });
        const row = h("div", {}, h("dt", {}, field.name), h("dd", { class: "mono" }, value, was));
        const meaning = meanings[field.about];
        if (meaning) unfold(row, field.name, meaning);
        return row;
      }),
    );
  }

  private update(old: Sheet, sheet: Sheet): void {
    for (const [i, field] of sheet.fields.entries()) {
      const shownAt = this.values.get(field.name);
      if (!shownAt) continue;
      const before = old.fields[i];
      const changed = before !== undefined && before.text !== field.text;
      setText(shownAt.value, shown(field.text, field.nothing));
      shownAt.value.className = field.nothing ? "nothing" : "";
      shownAt.was.hidden = !changed;
      if (changed) setText(shownAt.was, t("thing.was", { value: shown(before.text, before.nothing) }));
      shownAt.value.closest("div")?.classList.toggle("changed", changed);
    }
  }

  private showRest(sheet: Sheet): void {
    const is = JSON.stringify([sheet.bits, sheet.links, sheet.source, sheet.home]);
    if (is === this.restIs) return;
    this.restIs = is;
    const parts: Node[] = sheet.bits.map(bitsOf);
    if (sheet.links.length > 0) {
      const list = h("ul", { class: "links pairs" });
      for (const link of sheet.links) {
        const press = h(
          "button",
          { type: "button" },
          h("span", { class: "quiet" }, relation(link.relation)),
          " ",
          h("span", {}, link.text),
        );
        press.addEventListener("click", () => this.open(link.path));
        list.append(h("li", {}, press));
      }
      parts.push(h("h3", {}, t("thing.links")), list);
    }
    if (sheet.home.length > 0) parts.push(h("h3", {}, t("thing.home")), ...sheet.home.map((line) => homeLine(line)));
    if (sheet.source) parts.push(h("h3", {}, t("thing.source")), h("p", { class: "mono thing-source" }, sheet.source));
    this.rest.replaceChildren(...parts);
  }

  private startLife(at: number, address = false): void {
    this.life.start(at, address, this.sheet?.title ?? null);
    this.render();
    this.panel.scrollTop = 0;
    this.life.focus();
  }
  private leaveLife(): void {
    this.life.close();
    this.read();
    if (this.sheet) this.title.focus();
    else this.sides.open("thing");
  }

  private makeEmpty(): HTMLElement {
    const examples = h("ul", { class: "links" });
    for (const path of EXAMPLES) {
      const press = h("button", { type: "button", class: "mono" }, path);
      press.addEventListener("click", () => {
        this.open(path);
        note.hidden = this.later.selection() === path;
        setText(note, t("thing.not-yet", { path }));
      });
      examples.append(h("li", {}, press));
    }
    const note = h("p", { class: "thing-gone", role: "status", hidden: true });
    const input = h("input", {
      type: "text",
      id: "follow-pfn",
      class: "mono",
      spellcheck: "false",
      autocomplete: "off",
    });
    const unit = h(
      "select",
      { "aria-label": t("life.unit") },
      h("option", { value: "pfn" }, t("life.pfn")),
      h("option", { value: "address" }, t("life.address")),
    );
    const problem = h("p", { class: "message", role: "alert", hidden: true });
    const form = h(
      "form",
      { class: "follow-form" },
      h("label", { for: input.id }, t("life.which")),
      h("div", { class: "buttons" }, unit, input, h("button", { type: "submit" }, t("life.follow"))),
      problem,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const wrong = this.followAsked(input.value, unit.value);
      problem.hidden = wrong === null;
      setText(problem, wrong ?? "");
    });
    return h(
      "div",
      {},
      h("h2", {}, t("thing.none")),
      h("p", { class: "thing-how" }, t("thing.how")),
      examples,
      note,
      h("h3", {}, t("life.title")),
      form,
    );
  }

  /** Anything that can be asked is understood: 0x1234, 16M, memblock.reserved.regions[2].base. Null, or what is wrong. */
  private followAsked(text: string, unit: string): string | null {
    const answer = JSON.parse(this.later.ask(text)) as Answer | null;
    if (!answer) return t("life.no-number");
    if (!answer.ok) return answer.error;
    if (answer.number === undefined) return t("life.no-number");
    this.startLife(answer.number, answer.unit === "address" || (answer.unit !== "pfn" && unit === "address"));
    return null;
  }
}

function step(button: HTMLButtonElement, path: string | undefined, label: string): void {
  button.setAttribute("aria-label", label);
  button.title = label;
  if (path === undefined) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}

function place(sheet: Sheet): string {
  if (sheet.end <= sheet.base) return "";
  const { firstPfn: first = 0, lastPfn: last = 0 } = sheet;
  const pfns =
    first === last ? t("thing.pfn", { pfn: hex(first) }) : t("thing.pfns", { first: hex(first), last: hex(last) });
  return `${hex(sheet.base)}–${hex(sheet.end - 1)}\n${bytes(sheet.end - sheet.base)} · ${pfns}`;
}

function shown(text: string, nothing: boolean): string {
  return nothing ? t("thing.nothing") : text;
}

function relation(key: string): string {
  return has(`relation.${key}`) ? t(`relation.${key}`) : key;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The name becomes a button that unfolds what it means. */
function unfold(row: HTMLElement, name: string, meaning: string): void {
  const about = h("dd", { class: "about", hidden: true }, capital(`${meaning}.`));
  const button = h("button", { type: "button", class: "name", "aria-expanded": "false" }, name);
  button.addEventListener("click", () => {
    about.hidden = !about.hidden;
    button.setAttribute("aria-expanded", String(!about.hidden));
  });
  row.querySelector("dt")?.replaceChildren(button);
  row.append(about);
}

function bitsOf(bits: Bits): HTMLElement {
  const list = h("ol", { class: "bits" });
  for (const part of bits.parts) {
    const range = part.high === part.low ? String(part.high) : `${part.high}–${part.low}`;
    const flag = part.high === part.low;
    const clear = flag && !part.text;
    const meaning = t(`bits.${part.about}`);
    list.append(
      h(
        "li",
        { class: clear ? "clear" : "" },
        h("span", { class: "mono bit" }, range),
        h(
          "div",
          {},
          h("span", { class: "mono" }, flag ? `${part.text ? "1" : "0"} ` : "", part.text),
          h("p", {}, clear ? t("bits.clear", { meaning }) : capital(`${meaning}.`)),
        ),
      ),
    );
  }
  return h(
    "div",
    {},
    h("h3", { class: "literal" }, t("thing.bits", { name: bits.name })),
    h("p", { class: "mono" }, bits.word),
    list,
  );
}

function homeLine(line: string): HTMLElement {
  const copy = h("button", { type: "button", "aria-label": t("thing.copy-line", { line }) }, t("thing.copy"));
  copy.addEventListener("click", async () => {
    let done = true;
    try {
      await navigator.clipboard.writeText(line);
    } catch {
      done = false; // no permission: the line is selected, so that the keyboard can copy it
      getSelection()?.selectAllChildren(text);
    }
    setText(copy, t(done ? "thing.copied" : "thing.marked"));
    setTimeout(() => setText(copy, t("thing.copy")), 2000);
  });
  const text = h("code", {}, line);
  return h("div", { class: "home" }, h("pre", { tabindex: 0, "aria-label": line }, text), copy);
}
