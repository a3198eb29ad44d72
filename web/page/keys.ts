// keys.ts: the page's own keys. One table says what a key does; help.ts shows it. A key that a control wants is the
// control's: nothing happens here while one types, in a dialog, or on the canvas' arrows. What is a single character can be
// switched off (WCAG 2.1.4).
import { recall, remember } from "./storage";

export interface Shortcut {
  /** As KeyboardEvent.key says them; Shift+ArrowRight with its "Shift+". */
  keys: string[];
  /** Locale: "key.<name>". */
  name: string;
  run(): void;
}

const SETTING = "single-keys";

export function singleKeys(): boolean {
  return recall(SETTING) !== "off";
}
export function setSingleKeys(on: boolean): void {
  remember(SETTING, on ? "on" : "off");
}

const TYPED_INTO = "input, textarea, select, [contenteditable], dialog";
// What moves by itself: sliders, tabs, radios, lists, the canvas and the controls over it.
const MOVES = ".mm-canvas, [role=tab], [role=tabpanel], [role=listbox], [role=slider]";
const PRESSED = "button, a, summary, [role=button], [tabindex]";

/** `sleeping`: no key does anything. */
export function startKeys(shortcuts: readonly Shortcut[], sleeping: () => boolean): void {
  const table = new Map(shortcuts.flatMap((one) => one.keys.map((key) => [key, one] as const)));
  document.addEventListener("keydown", (event) => {
    if (sleeping() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
      return;
    // A dialog that has just closed keeps the focus until the page is drawn again: it wants no key any more.
    const { target } = event;
    const at = target instanceof Element && !target.closest("dialog:not([open])") ? target : document.body;
    if (at.closest(TYPED_INTO) || document.querySelector("dialog[open]")) return;
    const long = event.key.length > 1;
    const shortcut = table.get(event.shiftKey && long ? `Shift+${event.key}` : event.key);
    if (!shortcut) return;
    if (!long && !singleKeys()) return;
    if (long && at.closest(MOVES)) return;
    if (event.key === " " && at.closest(PRESSED)) return;
    event.preventDefault();
    shortcut.run();
  });
}
