// lab.mjs: what the tests of the page share. They drive dist/ as a person does, by role and name, served with the strict
// headers of web/hosting/serve.mjs; every test fails on a console error or a violation of the content security policy.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { chromium } from "playwright-core";
import { executablePath } from "../../web/hosting/chromium.mjs";
import { serve } from "../../web/hosting/serve.mjs";

export const root = fileURLToPath(new URL("../..", import.meta.url));
export const screenshots = join(root, "build/screenshots");
const dist = process.env.DIST ?? join(root, "dist");

/** The text of a recorded boot's kernel log. */
export function capture(name) {
  return gunzipSync(readFileSync(join(root, "tests/data/captures", name, "dmesg.gz"))).toString("utf8");
}

/** A server, and below `path` if one is given; and a browser. `url` is the lab's, `home` that of the whole site. */
export async function start({ path = "", args = [] } = {}) {
  assert.ok(existsSync(join(dist, "lab.html")), "dist/ is not there: ./lab build web makes it");
  mkdirSync(screenshots, { recursive: true });
  let folder = dist;
  if (path) {
    folder = mkdtempSync(join(tmpdir(), "mmscope-"));
    cpSync(dist, join(folder, path), { recursive: true });
  }
  const server = await serve({ root: folder });
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", ...args],
  });
  return {
    browser,
    url: `${server.url}${path}lab.html`,
    home: server.url + path,
    async stop() {
      await browser.close();
      await server.close();
      if (path) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A page of the lab on which the first machine has booted. */
export async function open({ browser, url }, options = {}) {
  const page = await visit({ browser, url }, options);
  await ready(page);
  return page;
}

/** Any page of the site. `problems` collects what must not happen. */
export async function visit({ browser, url }, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  await page.exposeFunction("reportViolation", (what) => problems.push(`csp: ${what}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (e) =>
      window.reportViolation(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`),
    );
  });
  await page.goto(url);
  page.problems = problems;
  return page;
}

/** Waits until all of the page is there: the first picture, and what comes after it. */
export async function ready(page) {
  await page.locator("#story[data-ready=all]").waitFor();
}

export async function close(page) {
  const { problems } = page;
  await page.context().close();
  assert.deepEqual(problems, []);
}

export const sentence = (page) => page.locator("#sentence").textContent();
export const where = (page) => page.locator("#where").textContent();

/** The rows of a table of the twin, as texts. */
export async function table(page, name) {
  await page.getByRole("tab", { name: new RegExp(`^${name} `) }).click();
  const rows = await page.locator("#table-panel").getByRole("row").all();
  return Promise.all(rows.slice(1).map((row) => row.getByRole("cell").allTextContents()));
}

/** Waits until the canvas has drawn what is there to be drawn. */
export async function settled(page) {
  const frames = () => page.evaluate(() => document.querySelector("#canvas-place").host?.frames ?? 0);
  for (let before = -1, now = await frames(); before !== now; now = await frames()) {
    before = now;
    await page.waitForTimeout(150);
  }
  return frames();
}
