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

/** Calls `changed` now and whenever the theme changes. */
export function startTheme(changed: (theme: CanvasTheme) => void): void {
  const select = byId<HTMLSelectElement>("theme");
  const saved = recall("theme") ?? "";
  select.value = themes.includes(saved) ? saved : "system";
  const apply = () => {
    const theme = resolved(select.value);
    document.documentElement.dataset.theme = theme;
    changed(theme);
  };
  select.addEventListener("change", () => {
    remember("theme", select.value);
    apply();
  });
  light.addEventListener("change", apply);
  contrast.addEventListener("change", apply);
  apply();
}
