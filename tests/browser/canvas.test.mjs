// The canvas in a real browser: canvas_demo (this folder) driven by keyboard, mouse, wheel and touch, by role and name.
//
//     node --test tests/browser/canvas.test.mjs
//
// CANVAS_DEMO_DIR is the folder with canvas_demo.js and .wasm (default: build/web), CHROMIUM the browser. The page is
// served with the project's strict Content-Security-Policy.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { chromium } from "playwright-core";
import { executablePath } from "../../web/hosting/chromium.mjs";

const args = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-sync"];
const source = fileURLToPath(new URL("canvas_demo/", import.meta.url));
const wasm = process.env.CANVAS_DEMO_DIR ?? fileURLToPath(new URL("../../build/web", import.meta.url));
const types = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".wasm": "application/wasm",
};

let server, browser, url;

before(async () => {
  const bundle = await esbuild.build({
    entryPoints: [join(source, "demo.ts")],
    bundle: true,
    format: "esm",
    target: "es2022",
    outdir: "/",
    write: false,
    loader: { ".ttf": "file" },
    assetNames: "[name]-[hash]",
  });
  const files = new Map(bundle.outputFiles.map((file) => [file.path, file.contents]));
  files.set("/", await readFile(join(source, "index.html")));
  for (const name of ["canvas_demo.js", "canvas_demo.wasm"]) files.set(`/${name}`, await readFile(join(wasm, name)));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const body = files.get(pathname);
    response.writeHead(body ? 200 : 404, {
      "content-type": types[extname(pathname) || ".html"] ?? "application/octet-stream",
      "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    });
    response.end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  url = `http://127.0.0.1:${server.address().port}/`;
  browser = await chromium.launch({ executablePath, args });
});

after(async () => {
  await browser?.close();
  server?.close();
});

/** A test with a page of its own, in which nothing may fail unnoticed. */
function canvasTest(name, options, body) {
  test(name, async () => {
    const context = await browser.newContext({ viewport: { width: 800, height: 420 }, ...options });
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(url);
    await page.waitForSelector("body[data-canvas=ready]");
    await page.getByRole("button", { name: "Step" }).waitFor();
    await body(page);
    assert.deepEqual(errors, []);
    await context.close();
  });
}

const frames = (page) => page.evaluate(() => host.frames);
const focusedName = (page) =>
  page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.id);
const zoomIs = (page, pattern) => page.getByRole("img", { name: pattern }).waitFor({ state: "attached" });
const settled = (page) => page.waitForTimeout(250);

canvasTest("every control is found by role and name", {}, async (page) => {
  const card = page.getByRole("group", { name: "memblock.reserved" });
  for (const [role, options] of [
    ["button", { name: "Step" }],
    ["button", { name: "Back", disabled: true }],
    ["checkbox", { name: "bottom-up", checked: false }],
    ["slider", { name: "order" }],
    ["tab", { name: "v6.1", selected: true }],
    ["tab", { name: "v2.6", selected: false }],
  ])
    assert.equal(await card.getByRole(role, options).count(), 1, `${role} ${options.name}`);
  assert.equal(await page.getByRole("img", { name: "kernel image", description: "a region" }).count(), 1);
  assert.equal(await page.getByRole("slider", { name: "playhead" }).getAttribute("aria-valuetext"), "97 of 318");
});

canvasTest("the Tab key goes through the canvas in reading order and out again", {}, async (page) => {
  await page.locator("#before").focus();
  const walk = [];
  for (let i = 0; i < 10; i++) {
    await page.keyboard.press("Tab");
    walk.push(await focusedName(page));
  }
  assert.deepEqual(walk, [
    "demo picture",
    "playhead",
    "Step",
    "bottom-up",
    "order",
    "v6.1",
    "Back",
    "pulse",
    "three times",
    "after",
  ]);
});

canvasTest("buttons, checkboxes and tabs work from the keyboard, and focus stays", {}, async (page) => {
  const thrice = page.getByRole("button", { name: "three times" });
  await page.getByRole("button", { name: "Step", exact: true }).focus();
  for (const key of ["Enter", "Space", "Enter"]) {
    assert.equal(await thrice.count(), 1);
    await page.keyboard.press(key);
    await settled(page);
  }
  await thrice.waitFor({ state: "detached" });
  assert.equal(await focusedName(page), "Step");

  await page.getByRole("checkbox", { name: "bottom-up" }).press("Space");
  await page.getByRole("checkbox", { name: "bottom-up", checked: true }).waitFor();

  await page.getByRole("tab", { name: "v6.1" }).press("ArrowRight");
  await page.getByRole("tab", { name: "v2.6", selected: true }).waitFor();
  assert.equal(await focusedName(page), "v2.6");
});

canvasTest("a disabled control does nothing", {}, async (page) => {
  const before = await frames(page);
  await page.getByRole("button", { name: "Back" }).evaluate((node) => node.click());
  await settled(page);
  assert.equal(await frames(page), before);
});

canvasTest("arrow keys move ImGui's slider and one drawn by hand", {}, async (page) => {
  for (const [name, now] of [
    ["order", "5"],
    ["playhead", "99"],
  ]) {
    const slider = page.getByRole("slider", { name });
    await slider.focus();
    await settled(page);
    for (let i = 0; i < 2; i++) {
      await page.keyboard.press("ArrowRight");
      await settled(page);
    }
    assert.equal(await slider.getAttribute("aria-valuenow"), now, name);
  }
});

canvasTest("a control that disappears hands the focus to the canvas", {}, async (page) => {
  await page.getByRole("button", { name: "three times" }).focus();
  for (let i = 0; i < 3; i++) {
    await page.getByRole("button", { name: "Step" }).evaluate((node) => node.click());
    await settled(page);
  }
  assert.equal(await focusedName(page), "demo picture");
});

canvasTest("the mouse goes to the canvas under the controls", {}, async (page) => {
  const box = await page.getByRole("checkbox", { name: "bottom-up" }).boundingBox();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.getByRole("checkbox", { name: "bottom-up", checked: true }).waitFor();
});

canvasTest(
  "an idle canvas draws nothing; one that moves draws until it stops or is scrolled away",
  {},
  async (page) => {
    await settled(page);
    const idle = await frames(page);
    await page.waitForTimeout(2000);
    assert.equal(await frames(page), idle, "frames in two idle seconds");

    await page.getByRole("checkbox", { name: "pulse" }).press("Space");
    await settled(page);
    const moving = await frames(page);
    await settled(page);
    assert.ok((await frames(page)) > moving + 3, "moving");

    await page.evaluate(() => scrollTo(0, 2000));
    await settled(page);
    const away = await frames(page);
    await settled(page);
    assert.equal(await frames(page), away, "scrolled away");

    await page.evaluate(() => scrollTo(0, 0));
    await settled(page);
    assert.ok((await frames(page)) > away, "back again");
  },
);

canvasTest(
  "the wheel scrolls the page until the canvas is activated; with ctrl it is always the browser's",
  {},
  async (page) => {
    await page.mouse.move(100, 60);
    await page.mouse.wheel(0, 100);
    await page.waitForFunction(() => scrollY > 0);
    await page.evaluate(() => scrollTo(0, 0));
    await settled(page);

    await page.mouse.click(400, 110);
    await page.mouse.wheel(0, -400);
    await zoomIs(page, "zoom 2.00");
    assert.equal(await page.evaluate(() => scrollY), 0);

    const taken = await page.evaluate(() => {
      const event = new WheelEvent("wheel", { deltaY: 100, ctrlKey: true, cancelable: true });
      host.canvas.dispatchEvent(event);
      return event.defaultPrevented;
    });
    assert.equal(taken, false);

    await page.keyboard.press("Escape");
    await page.mouse.wheel(0, 100);
    await page.waitForFunction(() => scrollY > 0);
  },
);

canvasTest("two fingers zoom the activated canvas", { hasTouch: true }, async (page) => {
  await page.touchscreen.tap(400, 110);
  await settled(page);
  assert.equal(await focusedName(page), "demo picture");
  const touch = await page.context().newCDPSession(page);
  const fingers = (type, ...xs) =>
    touch.send("Input.dispatchTouchEvent", { type, touchPoints: xs.map((x, id) => ({ x, y: 100, id })) });
  await fingers("touchStart", 350);
  await fingers("touchStart", 350, 450);
  for (const half of [60, 80, 100]) await fingers("touchMove", 400 - half, 400 + half);
  await zoomIs(page, "zoom 2.00");
  await fingers("touchEnd");
});

canvasTest("one finger scrolls the page past a canvas that is not activated", { hasTouch: true }, async (page) => {
  const touch = await page.context().newCDPSession(page);
  const finger = (type, ...ys) =>
    touch.send("Input.dispatchTouchEvent", { type, touchPoints: ys.map((y) => ({ x: 60, y })) });
  const box = await page.getByRole("button", { name: "Step", exact: true }).boundingBox();
  const y = box.y + box.height / 2;
  await finger("touchStart", y);
  for (const up of [20, 60, 100]) await finger("touchMove", y - up);
  await finger("touchEnd");
  await page.waitForFunction(() => scrollY > 0);
  assert.equal(await focusedName(page), "");
});

canvasTest("a lost context comes back with the same picture", {}, async (page) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await settled(page);
  const before = await page.screenshot();
  await page.evaluate(() => {
    globalThis.loss = host.canvas.getContext("webgl2").getExtension("WEBGL_lose_context");
    loss.loseContext();
  });
  await page.waitForSelector("[data-context=lost]");
  await page.getByRole("checkbox", { name: "bottom-up" }).evaluate((node) => node.click()); // controls live on
  await page.getByRole("checkbox", { name: "bottom-up", checked: true }).waitFor();
  await page.getByRole("checkbox", { name: "bottom-up" }).evaluate((node) => node.click());
  await page.getByRole("checkbox", { name: "bottom-up", checked: false }).waitFor();
  await page.evaluate(() => loss.restoreContext());
  await page.waitForSelector(".mm-canvas:not([data-context])");
  await settled(page);
  assert.ok(before.equals(await page.screenshot()), "the picture is identical");
});

canvasTest("the backing store has one pixel for each of the screen's", { deviceScaleFactor: 2 }, async (page) => {
  assert.deepEqual(await page.evaluate(() => [host.canvas.width, host.canvas.height]), [1600, 640]);
});

canvasTest("dispose leaves no listener, no element and no frame behind", {}, async (page) => {
  await page.evaluate(() => host.dispose());
  const drawn = await frames(page);
  await page.setViewportSize({ width: 600, height: 400 });
  await settled(page);
  assert.equal(await page.locator("canvas").count(), 0);
  assert.equal(await frames(page), drawn);
});

test("without WebGL2 the host says so and leaves no canvas", async () => {
  const plain = await chromium.launch({ executablePath, args: [...args, "--disable-3d-apis"] });
  const page = await plain.newPage();
  await page.goto(url);
  await page.waitForSelector("body[data-canvas=webgl2]");
  assert.equal(await page.locator("canvas").count(), 0);
  await plain.close();
});
