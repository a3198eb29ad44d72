// combobox.ts: ways to go on from what has been typed, below an input: the ARIA pattern "combobox with a listbox". Arrows
// choose, Enter or a press takes, Escape closes. The keyboard stays in the input.
//
//     const box = new Combobox(input, t("ask.ways"), (before) => ({ from: 5, list: [{ text: "zone[" }] }));
//     box.view                                    the input with its list
//     if (box.open && box.key(event)) return;     in the input's own listener: true = the list has had the key
import { h } from "./dom";

export interface Ways {
  /** What stands before the cursor from here on, in characters, is replaced by the way that is taken. */
  from: number;
  /** `about` is read beside it. A text that ends with a blank is whole: the list closes when it is taken. */
  list: { text: string; about?: string }[];
}

export class Combobox {
  private readonly list: HTMLUListElement;
  readonly view: HTMLElement;
  private ways: Ways = { from: 0, list: [] };
  private at = -1;

  constructor(
    private readonly input: HTMLInputElement,
    label: string,
    private readonly complete: (before: string) => Ways,
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
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the keyboard
    this.view = h("div", { class: "combo" }, input, this.list);
  }

  get open(): boolean {
    return !this.list.hidden;
  }

  /** What is typed has changed. */
  look(): void {
    const before = this.before();
    this.ways = this.complete(before);
    const word = before.slice(this.ways.from);
    this.ways.list = this.ways.list.filter(({ text }) => text !== word);
    this.at = -1;
    this.list.replaceChildren(
      ...this.ways.list.map(({ text, about }, i) => {
        const option = h("li", { role: "option", id: `${this.list.id}-${i}` }, h("span", { class: "mono" }, text));
        if (about) option.append(h("span", { class: "quiet" }, about));
        option.addEventListener("click", () => this.take(i));
        return option;
      }),
    );
    this.show(this.ways.list.length > 0);
  }

  key(event: KeyboardEvent): boolean {
    const n = this.ways.list.length + 1; // none of them is a place too
    if (event.key === "ArrowDown") this.choose(((this.at + 2) % n) - 1);
    else if (event.key === "ArrowUp") this.choose(((this.at + n) % n) - 1);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Enter" && this.at >= 0) this.take(this.at);
    else return false;
    event.preventDefault();
    return true;
  }

  close(): void {
    this.show(false);
  }

  private before(): string {
    return this.input.value.slice(0, this.input.selectionStart ?? this.input.value.length);
  }

  private show(open: boolean): void {
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.choose(-1);
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
    const way = this.ways.list[i];
    if (!way) return;
    const before = this.before();
    const start = before.slice(0, this.ways.from) + way.text;
    this.input.value = start + this.input.value.slice(before.length);
    this.input.setSelectionRange(start.length, start.length);
    this.input.dispatchEvent(new Event("input", { bubbles: true }));
    if (way.text.endsWith(" ")) this.close(); // the next word is not begun yet: Enter is the input's
  }
}
