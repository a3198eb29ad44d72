// page_choice.ts: which page frame the side "Page" is about, and in whose struct page: era, word size, options. The frame
// follows what is selected until another is typed. And the shapes of what the module says (wasm/layouts.cpp).
import { field, fill } from "./alloc_fields";
import type { Sheet } from "./asked";
import { h, setText } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import { hex } from "./units";

export interface Choices {
  /** The machine's own. */
  era: string;
  bits: number;
  options: string[];
  model: string;
  /** Bytes. */
  ram: number;
  page_shift: number;
  /** Its boot has allocators of before memblock. */
  old: boolean;
  zones: string[];
  eras: { name: string; usual: string[]; options: { name: string; what: string }[] }[];
}

export interface Chosen {
  era: string;
  bits: number;
  /** As the module takes them: "memcg,aligned". */
  options: string;
  pfn: number;
}

const MOST_PFN = 2 ** 40;
const FIRST_PFN = 0x4800; // 72 MiB: behind the kernel image, free on most machines

export class PageChoice {
  readonly view = h("form", { class: "page-choice" });
  choices: Choices | null = null;
  private readonly frame = h("input", { type: "text", id: "page-pfn", class: "mono", maxlength: 16, size: 10 });
  private readonly wrong = h("p", { class: "wrong-call" });
  private readonly era = h("select", { id: "page-era" });
  private readonly bits = h("select", { id: "page-bits" });
  private readonly bitsField = field("page-bits", t("pages.word"), this.bits);
  private readonly options = h("div", { class: "page-options" });
  private readonly optionsTitle = h("p", { class: "quiet" }, t("pages.options"));
  private readonly is = h("summary");
  private readonly own = h("button", { type: "button" }, t("pages.own"));
  private pfn = FIRST_PFN;
  private seen = -1;

  constructor(
    page: Page,
    private readonly later: MmscopeLater,
    private readonly changed: () => void,
  ) {
    const move = (by: number, sign: string, label: string) => {
      const press = h("button", { type: "button", "aria-label": t(label) }, sign);
      press.addEventListener("click", () => this.take(this.pfn + by));
      return press;
    };
    this.view.append(
      h(
        "div",
        { class: "page-frame" },
        field("page-pfn", t("pages.pfn"), this.frame),
        move(-1, "◂", "pages.previous"),
        move(1, "▸", "pages.next"),
        h("button", { type: "submit" }, t("pages.show")),
      ),
      this.wrong,
      h(
        "details",
        {},
        this.is,
        h("div", { class: "alloc-row" }, field("page-era", t("pages.era"), this.era), this.bitsField),
        this.optionsTitle,
        this.options,
        h("div", { class: "buttons" }, this.own),
      ),
    );
    this.view.addEventListener("submit", (event) => {
      event.preventDefault();
      this.typed();
    });
    this.era.addEventListener("change", () => {
      this.setOptions(this.usual());
      this.tell();
    });
    this.bits.addEventListener("change", () => this.tell());
    this.own.addEventListener("click", () => {
      this.toOwn();
      this.tell();
    });
    page.onMachine(() => {
      this.choices = null;
      this.seen = -1;
    });
  }

  /** Null while there is no machine. */
  get chosen(): Chosen | null {
    if (!this.choices) return null;
    const on = [...this.options.querySelectorAll("input")].filter(({ checked }) => checked);
    return {
      era: this.era.value,
      bits: Number(this.bits.value),
      options: on.map(({ value }) => value).join(","),
      pfn: this.pfn,
    };
  }

  /** Something else has been selected. */
  get stale(): boolean {
    return this.later.selections() !== this.seen;
  }

  /** Looks what is selected now, and whose machine it is. */
  refresh(): void {
    if (!this.choices) {
      this.choices = JSON.parse(this.later.pageChoices()) as Choices | null;
      if (this.choices) this.toOwn();
      this.name();
    }
    const now = this.later.selections();
    if (now === this.seen) return;
    this.seen = now;
    const path = this.later.selection();
    const sheet = path ? (JSON.parse(this.later.inspect(path)) as Sheet | null) : null;
    this.put(sheet?.firstPfn ?? this.pfn);
  }

  /** Whether the word size is one's own to choose: addresses and live values are those of the machine. */
  set wordChoice(on: boolean) {
    this.bitsField.hidden = !on;
    this.name();
  }

  focus(): void {
    this.frame.focus();
  }

  private toOwn(): void {
    const own = this.choices;
    if (!own) return;
    fill(
      this.era,
      own.eras.map(({ name }) => name),
      (name) => (name === own.era ? t("pages.era-own", { era: name }) : name),
    );
    fill(this.bits, [64, 32], (n) => t("pages.bits", { n }));
    this.era.value = own.era;
    this.bits.value = String(own.bits);
    this.setOptions(own.options);
  }

  private usual(): string[] {
    const own = this.choices;
    if (own?.era === this.era.value) return own.options;
    return own?.eras.find(({ name }) => name === this.era.value)?.usual ?? [];
  }

  private setOptions(on: readonly string[]): void {
    const known = this.choices?.eras.find(({ name }) => name === this.era.value)?.options ?? [];
    this.optionsTitle.hidden = known.length === 0;
    this.options.replaceChildren(
      ...known.map(({ name, what }) => {
        const box = h("input", { type: "checkbox", value: name, checked: on.includes(name) });
        box.addEventListener("change", () => this.tell());
        return h("label", {}, box, h("span", {}, h("span", { class: "mono" }, name), ` ${what}`));
      }),
    );
  }

  private typed(): void {
    const text = this.frame.value.trim().toLowerCase();
    const pfn = /^(0x[0-9a-f]+|\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (pfn < MOST_PFN) this.take(pfn);
    else {
      this.wrong.setAttribute("role", "alert");
      setText(this.wrong, t("pages.no-pfn"));
    }
  }

  private take(pfn: number): void {
    this.put(pfn);
    this.tell();
  }
  private put(pfn: number): void {
    this.pfn = Math.min(Math.max(pfn, 0), MOST_PFN - 1);
    this.frame.value = hex(this.pfn);
    this.wrong.removeAttribute("role");
    setText(this.wrong, "");
  }
  private tell(): void {
    this.name();
    this.changed();
  }
  /** Whose struct page is shown, in a line. */
  private name(): void {
    const own = this.choices;
    const now = this.chosen;
    if (!own || !now) return;
    this.own.hidden = now.era === own.era && now.bits === own.bits && now.options === own.options.join(",");
    setText(
      this.is,
      t(this.own.hidden ? "pages.layout-own" : "pages.layout", { era: now.era, bits: this.bitsOf(now.bits) }),
    );
  }
  /** Where the word size is not one's own to choose, it is the machine's. */
  private bitsOf(chosen: number): number {
    return this.bitsField.hidden ? (this.choices?.bits ?? chosen) : chosen;
  }
}
