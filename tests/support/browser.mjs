// A page of dist/ in a real Chromium, for tests/browser/*.test.mjs:
//
//   test("…", async (t) => {
//     const { page } = await openPage(t);                  // served with the strict CSP, closed when the test ends
//     await page.getByRole("button", { name: "Step" }).click();
//   });
//
// A test fails when the page logs an error, throws, breaks its CSP or asks any other host for anything.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { executablePath } from "../../web/hosting/chromium.mjs";
import { serve } from "../../web/hosting/serve.mjs";

const dist = fileURLToPath(new URL("../../dist", import.meta.url));

const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"];

/** options: path (within the page), args (Chromium's), context (Playwright's newContext options), allow (errors expected). */
export async function openPage(t, { path = "", args = [], context = {}, allow = /^$/ } = {}) {
  const server = await serve({ root: dist });
  // WebGL without a GPU; as root Chromium has no sandbox.
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-sync", ...quiet, ...args],
  });
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, ...context })).newPage();
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("response", (response) => response.status() >= 400 && wrong.push(`${response.status()} ${response.url()}`));
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(server.url)) wrong.push(request.url());
  });
  t.after(async () => {
    await browser.close();
    await server.close();
    assert.deepEqual(
      wrong.filter((text) => !allow.test(text)),
      [],
      "the page had something to complain about",
    );
  });
  await page.goto(server.url + path);
  return { page, browser, url: server.url };
}
