// help.ts: what the page is, what the colours say, all keys, in one dialog.
import { byId, h } from "./dom";
import { type Shortcut, setSingleKeys, singleKeys } from "./keys";
import { t } from "./locale";

const FILLS = ["memory", "reserved", "kernel", "mem_map", "misc", "free", "hole"];
const ZONES = ["dma", "dma32", "normal", "highmem", "movable"];
/** Keys that belong to the canvas itself: locale "canvas-key.<name>". */
const CANVAS_KEYS: [name: string, keys: string[]][] = [
  ["things", ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]],
  ["select", ["Enter"]],
  ["zoom", ["PageUp", "PageDown"]],
  ["pan", ["Shift+ArrowLeft", "Shift+ArrowRight"]],
  ["whole", ["Home"]],
  ["leave", ["Escape"]],
];
const SIGNS: Record<string, string> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  Escape: "Esc",
  PageUp: "Page Up",
  PageDown: "Page Down",
  " ": "Space",
};

function keySigns(keys: string[]): Node[] {
  return keys.flatMap((key, i) => [
    ...(i > 0 ? [document.createTextNode(" ")] : []),
    h(
      "kbd",
      {},
      key
        .split("+")
        .map((part) => SIGNS[part] ?? part)
        .join(" + ") || "+",
    ),
  ]);
}

function keyTable(caption: string, rows: [string[], string][]): HTMLElement {
  return h(
    "table",
    {},
    h("caption", {}, t(caption)),
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("help.key")), h("th", { scope: "col" }, t("help.does")))),
    h("tbody", {}, ...rows.map(([keys, what]) => h("tr", {}, h("td", {}, ...keySigns(keys)), h("td", {}, t(what))))),
  );
}

export class Help {
  private dialog: HTMLDialogElement | null = null;

  constructor(private readonly shortcuts: readonly Shortcut[]) {
    byId("help").addEventListener("click", () => this.open());
  }

  open(): void {
    this.dialog ??= this.build();
    this.dialog.showModal();
  }

  private build(): HTMLDialogElement {
    const swatch = (fill: string, word: string) =>
      h("li", {}, h("i", { class: `swatch fill-${fill}`, "aria-hidden": "true" }), t(word));
    const single = h("input", { type: "checkbox", id: "single-keys", checked: singleKeys() });
    single.addEventListener("change", () => setSingleKeys(single.checked));
    const close = h("button", { type: "submit", class: "primary" }, t("close"));
    const dialog = h(
      "dialog",
      { class: "overlay help", "aria-labelledby": "help-title" },
      h(
        "form",
        { method: "dialog" },
        h(
          "div",
          { class: "line" },
          h("h2", { id: "help-title", tabindex: -1, autofocus: true }, t("help.title")),
          close,
        ),
        h("p", {}, t("help.what")),
        h("h3", {}, t("help.colours")),
        h("ul", { class: "legend" }, ...FILLS.map((fill) => swatch(fill, `legend.${fill}`))),
        h("h3", {}, t("help.zones")),
        h("ul", { class: "legend" }, ...ZONES.map((zone) => swatch(`zone-${zone}`, `legend.zone-${zone}`))),
        h("h3", {}, t("help.keys")),
        h("label", { class: "line" }, single, t("help.single")),
        keyTable(
          "help.keys-page",
          this.shortcuts.map(({ keys, name }) => [keys, `key.${name}`]),
        ),
        keyTable(
          "help.keys-canvas",
          CANVAS_KEYS.map(([name, keys]) => [keys, `canvas-key.${name}`]),
        ),
      ),
    );
    // The browser gives the focus back; where the button lies in the menu, which is closed by now, the menu's has it.
    dialog.addEventListener("close", () => {
      const at = document.activeElement ?? document.body;
      if (at === document.body || at.getClientRects().length === 0) byId("menu").focus();
    });
    document.body.append(dialog);
    return dialog;
  }
}
