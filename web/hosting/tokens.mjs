// tokens.mjs: web/tokens.json -> web/canvas/tokens.inc (C++) and web/page/tokens.css.
//
//   node web/hosting/tokens.mjs            write both
//   node web/hosting/tokens.mjs --check    exit 1 if a written file is stale
//
// Both ways fail when a pair of colours that carries text or an outline contrasts too little (WCAG 2.2 ratios, limits in
// tokens.json). The cure is another hue in tokens.json, never a lower limit.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** WCAG relative luminance of "#rrggbb". */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** The text colour for a coloured fill: of the two candidates, the one that contrasts more. */
export function onFill(fill, candidates) {
  return candidates.reduce((best, c) => (contrast(c, fill) > contrast(best, fill) ? c : best));
}

/** Every pair that is too close, as a sentence; an empty list is a pass. */
export function contrastFailures(tokens) {
  const failures = [];
  for (const theme of tokens.themes) {
    const color = (name) => tokens.colors[name][theme];
    const require = (kind, foreground, a, background, b) => {
      const ratio = contrast(a, b);
      const least = tokens.contrast_minimum[theme][kind];
      if (ratio < least)
        failures.push(`${theme}: ${foreground} on ${background} is ${ratio.toFixed(2)}, below ${least} for ${kind}`);
    };
    for (const [kind, pairs] of Object.entries(tokens.contrast_pairs))
      for (const [foreground, backgrounds] of Object.entries(pairs))
        for (const background of backgrounds)
          require(kind, foreground, color(foreground), background, color(background));
    for (const name of filled(tokens))
      require("text", "on-fill", onFill(color(name), tokens.on_fill), name, color(name));
  }
  return failures;
}

/** Colours that text may stand on: the fills, and the accent (primary button, playhead label). */
function filled(tokens) {
  return Object.keys(tokens.colors).filter((name) => tokens.colors[name].fill || name === "accent");
}

function cpp(tokens) {
  const hex = (color) => `0x${color.slice(1)}`;
  const rows = Object.entries(tokens.colors).map(
    ([name, c]) => `MMSCOPE_COLOR(${name}, ${tokens.themes.map((theme) => hex(c[theme])).join(", ")})  // ${c.means}`,
  );
  const sizes = Object.entries(tokens.sizes).map(([name, s]) => `MMSCOPE_SIZE(${name}, ${s.px})  // ${s.means}`);
  return `// Generated from web/tokens.json by web/hosting/tokens.mjs. Do not edit.
// MMSCOPE_COLOR(name, ${tokens.themes.join(", ")}), MMSCOPE_SIZE(name, CSS pixels), MMSCOPE_ON_FILL(dark ink, light ink):
// define those you want, then include this file; it undefines them again.
${["COLOR", "SIZE", "ON_FILL"].map((x) => `#ifndef MMSCOPE_${x}\n#define MMSCOPE_${x}(...)\n#endif`).join("\n")}
${rows.join("\n")}
${sizes.join("\n")}
MMSCOPE_ON_FILL(${tokens.on_fill.map(hex).join(", ")})
#undef MMSCOPE_COLOR
#undef MMSCOPE_SIZE
#undef MMSCOPE_ON_FILL
`;
}

function css(tokens) {
  const property = (name) => `--mm-${name.replaceAll("_", "-")}`;
  const colors = (theme, indent) =>
    [
      `color-scheme: ${theme === "light" ? "light" : "dark"};`,
      ...Object.entries(tokens.colors).map(([name, c]) => `${property(name)}: ${c[theme]};`),
      ...filled(tokens).map(
        (name) => `${property(`on_${name}`)}: ${onFill(tokens.colors[name][theme], tokens.on_fill)};`,
      ),
    ]
      .map((line) => indent + line)
      .join("\n");
  const sizes = Object.entries(tokens.sizes).map(([name, s]) => `  ${property(`size_${name}`)}: ${s.px}px;`);
  return `/* Generated from web/tokens.json by web/hosting/tokens.mjs. Do not edit. */
:root {
${sizes.join("\n")}
}
:root {
${colors("dark", "  ")}
}
@media (prefers-color-scheme: light) {
  :root {
${colors("light", "    ")}
  }
}
@media (prefers-contrast: more) {
  :root {
${colors("contrast", "    ")}
  }
}
${tokens.themes.map((theme) => `[data-theme="${theme}"] {\n${colors(theme, "  ")}\n}`).join("\n")}
`;
}

function main() {
  const web = new URL("../", import.meta.url);
  const tokens = JSON.parse(readFileSync(new URL("tokens.json", web), "utf8"));
  const problems = contrastFailures(tokens);
  if (problems.length === 0) {
    for (const [path, text] of [
      ["canvas/tokens.inc", cpp(tokens)],
      ["page/tokens.css", css(tokens)],
    ]) {
      const file = new URL(path, web);
      if (!process.argv.includes("--check")) writeFileSync(file, text);
      else if (readFileSync(file, "utf8") !== text)
        problems.push(`web/${path} is stale: run node web/hosting/tokens.mjs`);
    }
  }
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
