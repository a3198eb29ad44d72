// theme.ts: system, dark, light or high contrast. The page follows data-theme on <html> (tokens.css); the canvas is
// told which of the three it is.
import type { CanvasTheme } from "./canvas-host";
import { byId } from "./dom";
import { recall, remember } from "./storage";

const themes = ["system", "dark", "light", "contrast"];
const light = matchMedia("(prefers-color-scheme: light)");
const contrast = matchMedia("(prefers-contrast: more)");

function resolved(choice: string): CanvasTheme {
  if (choice === "dark" || choice === "light" || choice === "contrast") return choice;
  if (contrast.matches) return "contrast";
  return light.matches ? "light" : "dark";
}

let now: CanvasTheme = "dark";
const listeners: ((theme: CanvasTheme) => void)[] = [];

export function theme(): CanvasTheme {
  return now;
}
export function onTheme(listener: (theme: CanvasTheme) => void): void {
  listeners.push(listener);
}

export function startTheme(): void {
  const select = byId<HTMLSelectElement>("theme");
  const saved = recall("theme") ?? "";
  select.value = themes.includes(saved) ? saved : "system";
  const apply = () => {
    now = resolved(select.value);
    document.documentElement.dataset.theme = now;
    for (const listener of listeners) listener(now);
  };
  select.addEventListener("change", () => {
    remember("theme", select.value);
    apply();
  });
  light.addEventListener("change", apply);
  contrast.addEventListener("change", apply);
  apply();
}
