// first_half.mjs: what a person can do with the page whose later half never comes.
import assert from "node:assert/strict";
import { settled, where } from "./lab.mjs";

const step = (page) => page.getByRole("button", { name: "Step", exact: true }).click();

/** Opens `url` without the later half and uses all that is there; the errors thrown after the first picture stood. */
export async function useFirstHalf(page, url) {
  await page.route(/later-\w+\.wasm/, (route) => route.abort());
  await page.goto(url);
  await page.getByRole("alert").filter({ hasText: "The lab could not be started" }).waitFor();
  assert.match(await where(page), /call 17/);
  // It is a page to step through all the same: by the buttons, by the picture's own controls, by wheel and keys.
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await step(page);
  assert.match(await where(page), /call 18/);
  for (const level of ["event", "block", "phase", "call"]) {
    await page.getByRole("combobox", { name: "by" }).selectOption(level);
    await step(page);
    await page.getByRole("button", { name: "Back", exact: true }).click();
  }
  await page.getByRole("button", { name: "To the handoff" }).click();
  const canvas = page.locator(".canvas-place canvas");
  await canvas.hover({ position: { x: 500, y: 150 } });
  await canvas.click({ position: { x: 500, y: 150 } });
  await page.mouse.wheel(0, -300);
  for (const key of ["ArrowLeft", "PageUp", "Home", "Enter"]) await page.keyboard.press(key);
  await page.evaluate(() => {
    for (const control of document.querySelectorAll(".mm-canvas button")) control.click();
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator("#theme").evaluate((select) => {
    select.value = "contrast";
    select.dispatchEvent(new Event("change"));
  });
  await settled(page);
  return errors;
}
