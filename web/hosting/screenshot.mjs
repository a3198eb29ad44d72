// The README's picture: docs/screenshot.png, the lab at 1280×800 in the middle of sparse_init, dark; and the front page's
// two, dark and light.
//
//   node web/hosting/screenshot.mjs [--root dist] [--out docs/screenshot.png] [--theme dark]
//   node web/hosting/screenshot.mjs --out web/page/assets/lab-light.png --theme light
//
// It is the real page, driven as a person drives it: the 1 GiB capture, stepped to the event in which mem_map is
// reserved, with the strip zoomed to it.
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { executablePath } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const { values } = parseArgs({
  options: {
    root: { type: "string", default: here("dist") },
    out: { type: "string", default: here("docs/screenshot.png") },
    theme: { type: "string", default: "dark" },
  },
});

const site = await serve({ root: values.root });
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--enable-unsafe-swiftshader"],
});
try {
  const page = await browser.newPage({
    viewport: { width: 1280, height: 800 },
    colorScheme: values.theme,
    reducedMotion: "reduce",
  });
  await page.goto(`${site.url}lab.html`);
  await page.getByRole("button", { name: "Step", exact: true }).and(page.locator(":enabled")).waitFor();
  const sentence = page.locator("#sentence");
  const until = async (level, words) => {
    await page.getByRole("combobox", { name: "by" }).selectOption(level);
    for (let i = 0; i < 400 && !words.test((await sentence.textContent()) ?? ""); i++)
      await page.getByRole("button", { name: "Step", exact: true }).click();
    if (!words.test((await sentence.textContent()) ?? "")) throw new Error(`no step says ${words}`);
  };
  await until("call", /each node its node data/);
  await until("event", /enters reserved at index \d+: .*\(16 MiB\)/);
  await page.getByRole("slider", { name: "address strip, part in view" }).press("End");
  await page.getByRole("button", { name: "Step", exact: true }).focus();
  await page.evaluate(() => document.activeElement?.blur());
  await page.waitForTimeout(600);
  await page.screenshot({ path: values.out });
  console.log(values.out);
} finally {
  await browser.close();
  await site.close();
}
