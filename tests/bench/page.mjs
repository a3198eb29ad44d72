// What the page costs in a browser: [{"name","value","unit"}…] on standard output. Needs dist/ and Chromium.
//
//   page/first_picture   from the navigation to the first frame with a machine on it, cache empty, host on this machine
//   page/play/…/script   scripting between two frames while a boot plays call by call: median, 99th percentile, most
//   page/workload/…      a million calls of a workload, run in the page: scripting of a frame, and how long it took
//   page/seek/…          then back and forth over them: scripting of a frame on the way, and until it is there
//   page/idle_frames     frames drawn in three seconds in which nothing happens

import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { executablePath } from "../../web/hosting/chromium.mjs";
import { serve } from "../../web/hosting/serve.mjs";

const root = fileURLToPath(new URL("../../dist", import.meta.url));
const rows = [];
const put = (name, value, unit) => rows.push({ name: `page/${name}`, value: Math.round(value * 100) / 100, unit });
const server = await serve({ root });
const lab = `${server.url}lab.html`;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking"],
});

/** Counts the time that callbacks of ours take, frame by frame. */
function watchScripting() {
  const frames = [];
  let spent = 0;
  let depth = 0;
  const timed = (callback) =>
    typeof callback !== "function"
      ? callback
      : (...args) => {
          const begun = performance.now();
          ++depth;
          try {
            return callback(...args);
          } finally {
            if (--depth === 0) spent += performance.now() - begun;
          }
        };
  const { requestAnimationFrame: frame, setTimeout: timer, queueMicrotask: micro } = window;
  window.requestAnimationFrame = (callback) => frame(timed(callback));
  window.setTimeout = (callback, ...rest) => timer(timed(callback), ...rest);
  window.queueMicrotask = (callback) => micro(timed(callback));
  const next = () => {
    frames.push(spent);
    spent = 0;
    frame(next);
  };
  frame(next);
  window.scripting = () => frames.splice(0).filter((ms) => ms > 0);
}

const share = (values, part) =>
  values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];

try {
  const pictures = [];
  for (let run = 0; run < 5; ++run) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    await page.goto(lab, { waitUntil: "commit" });
    pictures.push(
      await page.evaluate(
        () =>
          new Promise((done) => {
            const look = () => {
              const there =
                document.querySelector("#where")?.textContent &&
                document.querySelector("#canvas-place")?.host?.frames > 1;
              if (there) done(performance.now());
              else requestAnimationFrame(look);
            };
            look();
          }),
      ),
    );
    await context.close();
  }
  put("first_picture", share(pictures, 0.5), "ms");

  for (const machine of ["qemu-1g", "server-1t"]) {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.addInitScript(watchScripting);
    await page.goto(lab);
    await page.locator("#story[data-ready=all]").waitFor();
    await page.getByRole("combobox", { name: "Machine" }).selectOption(machine);
    await page.waitForTimeout(1500);
    await page.getByRole("button", { name: "Play" }).click();
    await page.evaluate(() => void window.scripting());
    await page.waitForTimeout(8000);
    const frames = await page.evaluate(() => window.scripting());
    put(`play/${machine}/script/median`, share(frames, 0.5), "ms");
    put(`play/${machine}/script/p99`, share(frames, 0.99), "ms");
    put(`play/${machine}/script/most`, share(frames, 1), "ms");
    put(`play/${machine}/frames`, frames.length, "frames");
    await page.context().close();
  }

  {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
    await page.addInitScript(watchScripting);
    await page.goto(lab);
    await page.locator("#story[data-ready=all]").waitFor();
    await page.getByRole("tab", { name: "Allocate" }).click();
    await page.getByRole("button", { name: "Go to the end of the boot" }).click();
    const side = page.getByRole("tabpanel", { name: "Allocate" });
    await side.getByRole("radio", { name: "Workload" }).check({ force: true });
    const calls = () => page.evaluate(() => Number(document.querySelector("#timeline").value));
    const boot = await calls();
    await page.evaluate(() => void window.scripting());
    const begun = Date.now();
    await side.getByRole("button", { name: "Run" }).click();
    await page.waitForFunction((end) => Number(document.querySelector("#timeline").value) >= end, boot + 1000, {
      timeout: 300_000,
    });
    await side.getByRole("button", { name: "Pause" }).click();
    put("workload/million", (Date.now() - begun) / 1000, "s");
    const frames = await page.evaluate(() => window.scripting());
    put("workload/script/median", share(frames, 0.5), "ms");
    put("workload/script/p99", share(frames, 0.99), "ms");
    const slices = [];
    for (const [name, to] of [
      ["middle", boot + 500],
      ["first", boot + 3],
      ["end", boot + 1000],
    ]) {
      await page.evaluate(() => void window.scripting());
      const from = Date.now();
      await page.locator("#timeline").fill(String(to));
      await page.waitForFunction((at) => document.querySelector("#where").textContent.startsWith(`call ${at} of`), to, {
        timeout: 120_000,
      });
      put(`seek/${name}`, Date.now() - from, "ms");
      slices.push(...(await page.evaluate(() => window.scripting())));
    }
    put("seek/script/p99", share(slices, 0.99), "ms");
    put("seek/script/most", share(slices, 1), "ms");
    await page.context().close();
  }

  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  await page.goto(lab);
  await page.locator("#story[data-ready=all]").waitFor();
  await page.waitForTimeout(1500);
  const drawn = () => page.evaluate(() => document.querySelector("#canvas-place").host.frames);
  const before = await drawn();
  await page.waitForTimeout(3000);
  put("idle_frames", (await drawn()) - before, "frames");
} finally {
  await browser.close();
  await server.close();
}
console.log(JSON.stringify(rows));
