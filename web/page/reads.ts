// reads.ts: what there is to read about the words that are looked for: terms of the glossary, which say what they mean in
// place, and lessons.
import { h } from "./dom";
import { language, t } from "./locale";
import { termNode } from "./term";

/** Of each kind: what the boot holds is not to be pushed out of sight. */
const MOST = 3;

export class Reads {
  private readonly list = h("ul", { class: "reads" });
  readonly view = h(
    "section",
    { "aria-labelledby": "reads-title", hidden: true },
    h("h3", { id: "reads-title" }, t("reads.title")),
    this.list,
  );
  private turn = 0;

  /** "" = nothing is looked for. What cannot be fetched is not found: the boot is what this box is for. */
  async search(typed: string): Promise<void> {
    const mine = ++this.turn;
    const found =
      typed.trim() === ""
        ? []
        : await import("./search").then((module) => module.search(typed, language, MOST)).catch(() => []);
    if (mine !== this.turn) return;
    this.list.replaceChildren(
      ...found.map(({ kind, id, title, href }) =>
        h(
          "li",
          {},
          kind === "term" ? termNode(id, [document.createTextNode(title)]) : h("a", { href }, title),
          h("span", { class: "quiet" }, t(`search.${kind}`)),
        ),
      ),
    );
    this.view.hidden = found.length === 0;
  }
}
