// more_calls.ts: the calls of the page allocator that one needs less often: drain the CPUs' lists, let kswapd work, many
// pages at once, so many bytes, a pageblock that nothing is taken from.
import { h, setText } from "./dom";
import type { Allocator } from "./live_call";
import { t } from "./locale";

export class MoreCalls {
  private readonly drain = h("button", { type: "button" });
  private readonly all = h("button", { type: "button" }, t("alloc.drain-all"));
  private readonly kswapd = h("div", { class: "buttons" });
  readonly view: HTMLElement;
  private cpu = "";
  private name = "";

  constructor(
    private readonly make: (line: string, from: HTMLElement) => void,
    private readonly gfp: () => string,
  ) {
    this.drain.addEventListener("click", () => make(`drain_local_pages ${this.cpu.replace(" cpu=", "") || 0}`, this.drain));
    this.all.addEventListener("click", () => make("drain_all_pages", this.all));
    this.view = h(
      "details",
      { class: "more-calls" },
      h("summary", {}, t("alloc.more")),
      h("div", { class: "buttons" }, this.drain, this.all),
      this.kswapd,
      this.form("bulk", "64", (n) => `alloc_pages_bulk ${this.gfp()} ${n}${this.cpu}`),
      this.form("exact", "12K", (n) => `alloc_pages_exact ${n} ${this.gfp()}${this.cpu} -> ${this.name}`),
      this.isolate(),
    );
  }

  show(now: Allocator, cpu: string): void {
    this.cpu = cpu;
    this.name = now.name;
    setText(this.drain, t("alloc.drain-cpu", { cpu: cpu.replace(" cpu=", "") || 0 }));
    const had = document.activeElement?.getAttribute("data-kswapd");
    this.kswapd.replaceChildren(
      ...now.nodes.map(({ nid, awake }) => {
        const press = h("button", { type: "button", "data-kswapd": nid }, t(awake ? "alloc.kswapd-awake" : "alloc.kswapd", { nid }));
        press.addEventListener("click", () => this.make(`balance_pgdat ${nid}${this.cpu}`, press));
        return press;
      }),
    );
    if (had) this.kswapd.querySelector<HTMLElement>(`[data-kswapd="${had}"]`)?.focus();
  }

  private form(name: string, first: string, line: (typed: string) => string): HTMLElement {
    const id = `alloc-${name}`;
    const input = h("input", { type: "text", id, class: "mono", value: first, autocomplete: "off", maxlength: 20 });
    const form = h(
      "form",
      { class: "alloc-line" },
      h("label", { for: id }, t(`alloc.${name}`)),
      h("div", { class: "buttons" }, input, h("button", { type: "submit" }, t("alloc.make"))),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.make(line(input.value.trim()), input);
    });
    return form;
  }

  private isolate(): HTMLElement {
    const input = h("input", { type: "text", id: "alloc-isolate", class: "mono", autocomplete: "off", maxlength: 20 });
    const press = (word: string, op: string) => {
      const button = h("button", { type: "button" }, t(word));
      button.addEventListener("click", () => this.make(`${op} ${input.value.trim()}`, input));
      return button;
    };
    return h(
      "div",
      { class: "alloc-line" },
      h("label", { for: "alloc-isolate" }, t("alloc.isolate")),
      h(
        "div",
        { class: "buttons" },
        input,
        press("alloc.isolate-do", "set_migratetype_isolate"),
        press("alloc.unisolate-do", "unset_migratetype_isolate"),
      ),
    );
  }
}
