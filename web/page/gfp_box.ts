// gfp_box.ts: the flags of a request, typed or chosen: names joined by |, with what they mean here.
import { Combobox, type Ways } from "./combobox";
import { h, setText } from "./dom";
import type { GfpMeaning } from "./live_call";
import { t } from "./locale";

export class GfpBox {
  private readonly input = h("input", {
    id: "alloc-gfp",
    type: "text",
    class: "mono",
    value: "GFP_KERNEL",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    maxlength: 400,
    "aria-describedby": "alloc-gfp-about",
  });
  private readonly about = h("p", { id: "alloc-gfp-about", class: "quiet" });
  private readonly combo: Combobox;
  private readonly words: { name: string; about: string }[];
  readonly view: HTMLElement;
  private text = "";

  constructor(private readonly later: MmscopeLater) {
    this.words = JSON.parse(later.gfpWords());
    this.combo = new Combobox(this.input, t("alloc.gfp-ways"), (before) => this.ways(before));
    this.view = h(
      "div",
      { class: "gfp" },
      h("label", { for: "alloc-gfp" }, t("alloc.gfp")),
      this.combo.view,
      this.about,
    );
    this.input.addEventListener("input", () => {
      this.read();
      this.combo.look();
    });
    this.input.addEventListener("click", () => {
      if (!this.combo.open) this.offer();
    });
    this.input.addEventListener("keydown", (event) => {
      if (this.combo.open) this.combo.key(event);
      else if (event.key === "ArrowDown") {
        event.preventDefault();
        this.offer();
      }
    });
    this.read();
  }

  /** As a script writes it; "" when it is wrong. */
  get value(): string {
    return this.text;
  }
  focus(): void {
    this.input.focus();
  }

  /** All words, whatever stands there: it is replaced by the one that is taken. */
  private offer(): void {
    this.input.select();
    this.input.setSelectionRange(0, this.input.value.length);
    this.combo.look();
  }

  private ways(before: string): Ways {
    const from = before.lastIndexOf("|") + 1;
    const word = before.slice(from).trim().toUpperCase();
    const taken = new Set(this.input.value.split("|").map((part) => part.trim()));
    return {
      from,
      list: this.words
        .filter(({ name }) => name.includes(word) && !taken.has(name))
        .map(({ name, about }) => ({ text: `${name} `, about })),
    };
  }

  private read(): void {
    const meaning = JSON.parse(this.later.gfp(this.input.value)) as GfpMeaning | null;
    this.text = meaning?.ok ? this.input.value.replace(/\s+/g, "") : "";
    const parts = meaning?.words?.map(({ about }) => about) ?? [];
    const { zone = "", type = "" } = meaning ?? {};
    const where = t(type === "" ? "alloc.gfp-zone-pairs" : "alloc.gfp-zone", { zone, type });
    setText(this.about, meaning?.ok ? [...parts, where].join("; ") : t("alloc.gfp-wrong"));
    if (meaning?.ok) this.input.removeAttribute("aria-invalid");
    else this.input.setAttribute("aria-invalid", "true");
  }
}
