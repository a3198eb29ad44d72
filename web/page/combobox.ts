// combobox.ts: ways to go on from what has been typed, below an input: the ARIA pattern "combobox with a listbox". Arrows
// choose, Enter or a press takes, Escape closes. The keyboard stays in the input.
//
//     const box = new Combobox(input, t("ask.ways"), (typed) => ["zone[", "zone_start_pfn"]);
//     box.view                          the input with its list
//     if (box.key(event)) return;       in the input's own listener: true = the list has had the key
import { h } from "./dom";

/** The word that is being typed. */
const WORD = /[A-Za-z_]\w*$/;

export class Combobox {
  private readonly list: HTMLUListElement;
  readonly view: HTMLElement;
  private words: string[] = [];
  private at = -1;

  constructor(
    private readonly input: HTMLInputElement,
    label: string,
    private readonly complete: (typed: string) => string[],
  ) {
    this.list = h("ul", { role: "listbox", id: `${input.id}-ways`, "aria-label": label, hidden: true });
    for (const [name, value] of Object.entries({
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.list.id,
    }))
      input.setAttribute(name, value);
    input.addEventListener("blur", () => this.close());
    this.view = h("div", { class: "combo" }, input, this.list);
  }

  /** What is typed has changed. */
  look(): void {
    const typed = this.input.value;
    const end = this.input.selectionStart === typed.length;
    const word = WORD.exec(typed)?.[0] ?? "";
    this.words = end && typed !== "" ? this.complete(typed).filter((way) => way !== word) : [];
    this.at = -1;
    this.list.replaceChildren(
      ...this.words.map((way, i) => {
        const option = h("li", { role: "option", id: `${this.list.id}-${i}`, class: "mono" }, way);
        option.addEventListener("pointerdown", (event) => {
          event.preventDefault(); // the input keeps the keyboard
          this.take(i);
        });
        return option;
      }),
    );
    this.show(this.words.length > 0);
  }

  key(event: KeyboardEvent): boolean {
    if (this.list.hidden) {
      if (event.key !== "ArrowDown" || this.input.value === "") return false;
      this.look();
      if (this.list.hidden) return false;
    }
    const n = this.words.length;
    if (event.key === "ArrowDown") this.choose(this.at + 1 < n ? this.at + 1 : 0);
    else if (event.key === "ArrowUp") this.choose(this.at > 0 ? this.at - 1 : n - 1);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && this.at >= 0) this.take(this.at);
    else return false;
    event.preventDefault();
    return true;
  }

  close(): void {
    this.show(false);
  }

  private show(open: boolean): void {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (!open) this.at = -1;
    this.choose(this.at);
  }

  private choose(i: number): void {
    this.at = i;
    for (const [n, option] of [...this.list.children].entries()) option.setAttribute("aria-selected", String(n === i));
    const chosen = this.list.children[i];
    if (chosen) {
      this.input.setAttribute("aria-activedescendant", chosen.id);
      chosen.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  private take(i: number): void {
    const way = this.words[i];
    if (way === undefined) return;
    this.input.value = this.input.value.replace(WORD, "") + way;
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
