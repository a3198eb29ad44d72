// page_models.ts: from a page frame to its struct page and back in five memory models, side by side: every load, shift and
// addition with its numbers; what the arrays and the tables cost; what each model cannot represent.
import { byId, h, setText } from "./dom";
import { t } from "./locale";
import type { PageChoice } from "./page_choice";
import { bytes, count, hex } from "./units";

interface Step {
  op: "load" | "shift" | "mask" | "add" | "subtract" | "multiply" | "divide";
  name: string;
  expression: string;
  numbers: string;
  value: string;
}
interface Conversion {
  steps: Step[];
  result?: string;
  loads?: number;
  error?: string;
}
interface Model {
  model: string;
  cannot: string;
  error?: string;
  pfn_valid?: boolean;
  pfn_to_page?: Conversion;
  page_to_pfn?: Conversion;
  cost?: Record<
    | "arrays"
    | "map_bytes"
    | "share"
    | "struct_pages"
    | "hole_pages"
    | "table_bytes"
    | "address_bytes"
    | "loads_to_page"
    | "loads_to_pfn",
    number
  >;
}
interface Models {
  pfn: number;
  sizeof_page: number;
  ram: number;
  own: string;
  models: Model[];
}

export class PageModels {
  readonly view = h("div", { class: "pane" });
  private readonly said = h("p", { class: "page-said", role: "status" });
  private readonly costs = h("div", {
    class: "page-scroll",
    tabindex: 0,
    role: "region",
    "aria-label": t("pages.costs"),
  });
  private readonly ways = h("div", { class: "ways" });
  private is = "";
  private wide = false;

  constructor(private readonly later: MmscopeLater) {
    this.view.append(this.said, this.ways, this.costs);
  }

  refresh(choice: PageChoice): void {
    const now = choice.chosen;
    if (!now) return;
    const text = this.later.pageModels(now.era, now.options, now.pfn);
    const wide = byId("story").hasAttribute("data-wide");
    if (text === this.is && wide === this.wide) return;
    const models = JSON.parse(text) as Models | null;
    if (!models) return;
    setText(this.said, t("pages.models-said", { pfn: hex(models.pfn), size: models.sizeof_page, era: now.era }));
    // One at a time in the narrow column, all of them side by side in the wide one; what was opened or shut stays so.
    const ways = [...this.ways.querySelectorAll("details")];
    const kept = wide === this.wide && ways.length > 0;
    const open = (id: string, own: boolean) => (kept ? ways.some((one) => one.id === id && one.open) : own || wide);
    this.is = text;
    this.wide = wide;
    this.ways.replaceChildren(...models.models.map((model) => this.way(model, models, open)));
    this.costs.replaceChildren(this.costTable(models));
  }

  private way(model: Model, { own, pfn }: Models, open: (id: string, own: boolean) => boolean): HTMLElement {
    const id = `way-${model.model}`;
    const mine = model.model === own;
    const { pfn_to_page: there, page_to_pfn: back } = model;
    const loads = t("pages.way-loads", { there: there?.loads ?? "—", back: back?.loads ?? "—" });
    return h(
      "details",
      { id, class: mine ? "way own" : "way", open: open(id, mine) },
      h(
        "summary",
        {},
        h("span", { class: "way-name" }, t(`pages.way.${model.model}`)),
        h("span", { class: "quiet" }, model.error ? t("pages.way-cannot") : loads),
        ...(mine ? [h("span", { class: "way-own" }, t("pages.way-own"))] : []),
      ),
      ...(model.error ? [h("p", { class: "wrong-call" }, t("pages.not-here", { error: model.error }))] : []),
      ...(there ? this.conversion(`pfn_to_page(${hex(pfn)})`, there) : []),
      ...(back ? this.conversion(`page_to_pfn(${there?.result ?? ""})`, back) : []),
      h("p", { class: "quiet" }, t("pages.cannot", { what: model.cannot })),
    );
  }

  private conversion(title: string, { steps, result, loads, error }: Conversion): Node[] {
    return [
      h("h3", { class: "literal mono" }, title),
      h(
        "ol",
        { class: "way-steps", "aria-label": title },
        ...steps.map((step) =>
          h(
            "li",
            { class: step.op === "load" ? "load" : "" },
            h("span", { class: "way-op" }, t(`pages.op.${step.op}`)),
            h("span", { class: "way-what" }, h("b", {}, step.name), ` = ${step.expression}`),
            h("span", { class: "mono way-numbers" }, `${step.numbers} = ${step.value}`),
          ),
        ),
      ),
      h(
        "p",
        { class: error ? "wrong-call" : "way-result" },
        error ? t("pages.way-error", { error }) : t("pages.way-result", { result: result ?? "", n: loads ?? 0 }),
      ),
    ];
  }

  private costTable({ models, own, ram }: Models): HTMLElement {
    const rows: [string, (c: NonNullable<Model["cost"]>) => string][] = [
      ["map", (c) => bytes(c.map_bytes)],
      ["share", (c) => `${(c.share / 100).toFixed(2)} %`],
      ["arrays", (c) => count(c.arrays)],
      ["pages", (c) => count(c.struct_pages)],
      ["holes", (c) => count(c.hole_pages)],
      ["tables", (c) => bytes(c.table_bytes)],
      ["addresses", (c) => bytes(c.address_bytes)],
      ["to-page", (c) => count(c.loads_to_page)],
      ["to-pfn", (c) => count(c.loads_to_pfn)],
    ];
    const mark = (model: Model) => (model.model === own ? "here" : undefined);
    return h(
      "table",
      { class: "page-table cost-table" },
      h("caption", {}, t("pages.costs-caption", { ram: bytes(ram) })),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("pages.column.cost")),
          ...models.map((model) =>
            h(
              "th",
              { scope: "col", class: mark(model) },
              t(`pages.way-short.${model.model}`),
              model.model === own ? " ●" : "",
            ),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map(([name, text]) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, t(`pages.cost.${name}`)),
            ...models.map((model) =>
              h("td", { class: `mono number ${mark(model) ?? ""}` }, model.cost ? text(model.cost) : "—"),
            ),
          ),
        ),
      ),
    );
  }
}
