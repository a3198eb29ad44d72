// era_changes.ts: what changed between two eras, printed from the eras' own lists of differences (core/desc/era_rows.hpp).
import type { EraStep } from "./compare_state";
import { byId, h, setText } from "./dom";
import { t } from "./locale";

export class EraChanges {
  private readonly from = byId<HTMLSelectElement>("era-from");
  private readonly to = byId<HTMLSelectElement>("era-to");
  private readonly eras: string[];

  /** `changed` is told when other eras are chosen. */
  constructor(
    private readonly compare: MmscopeCompare,
    changed: () => void,
  ) {
    this.eras = JSON.parse(compare.eras()) as string[];
    for (const select of [this.from, this.to]) {
      select.replaceChildren(...this.eras.map((era) => h("option", { value: era }, t("compare.era", { era }))));
      select.addEventListener("change", () => {
        this.show();
        changed();
      });
    }
    byId("era-swap").addEventListener("click", () => {
      this.choose(this.to.value, this.from.value);
      changed();
    });
    this.choose(this.eras[0] ?? "", this.eras.at(-1) ?? "");
  }

  get chosen(): { from: string; to: string } {
    return { from: this.from.value, to: this.to.value };
  }
  has(era: string): boolean {
    return this.eras.includes(era);
  }
  choose(from: string, to: string): void {
    this.from.value = from;
    this.to.value = to;
    this.show();
  }

  private show(): void {
    const { from, to } = this.chosen;
    const steps = (JSON.parse(this.compare.changes(from, to)) as EraStep[] | null) ?? [];
    const n = steps.reduce((sum, { changes }) => sum + changes.length, 0);
    setText(byId("era-counted"), from === to ? t("eras.same") : t("eras.counted", { n, from, to }));
    byId("era-steps").replaceChildren(
      ...steps.map(({ from: before, to: after, younger, changes }) =>
        h(
          "section",
          {},
          h("h3", {}, t("eras.step", { before, after })),
          ...(changes.length === 0 ? [h("p", {}, t("eras.nothing"))] : []),
          h("dl", {}, ...changes.map((change) => entry(change, younger))),
        ),
      ),
    );
  }
}

function entry(
  { field, about, before, after, what, source }: EraStep["changes"][number],
  younger: string,
): HTMLElement {
  return h(
    "div",
    {},
    h("dt", {}, h("code", { title: about }, field)),
    h(
      "dd",
      {},
      h("p", {}, t("eras.since", { era: younger, what })),
      h(
        "p",
        { class: "values" },
        h("span", { class: "unseen" }, t("eras.before")),
        h("code", {}, before),
        h("span", { "aria-hidden": "true" }, " → "),
        h("span", { class: "unseen" }, t("eras.after")),
        h("code", {}, after),
      ),
      h("p", { class: "quiet" }, about),
      h("p", { class: "quiet" }, t("eras.source", { source })),
    ),
  );
}
