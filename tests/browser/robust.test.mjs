// What can go wrong around the page: a lost graphics context, refused storage, a host with wrong MIME types, a hidden
// tab, a window of any size, four times enlarged; and a monkey.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { useFirstHalf } from "./first_half.mjs";
import { close, open, ready, sentence, settled, start, table, where } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const step = (page) => page.getByRole("button", { name: "Step", exact: true }).click();
const picture = (page) => page.locator(".canvas-place canvas").screenshot();

test("a lost graphics context comes back with the same picture, and the page works meanwhile", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "To the handoff" }).click();
  await settled(page);
  await page.evaluate(() => {
    const gl = document.querySelector(".canvas-place canvas").getContext("webgl2");
    window.lose = gl.getExtension("WEBGL_lose_context");
    window.lose.loseContext();
  });
  await page.locator("[data-context=lost]").waitFor();
  const before = await where(page);
  await step(page);
  assert.notEqual(await where(page), before);
  await page.getByRole("button", { name: "Back" }).click();
  await page.evaluate(() => window.lose.restoreContext());
  await page.locator("[data-context=lost]").waitFor({ state: "detached" });
  await settled(page);
  assert.ok((await picture(page)).length > 10_000, "an empty picture is a small file");
  await close(page);
});

test("where storage is refused settings last as long as the page", async () => {
  const context = await site.browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("refused", "SecurityError");
      },
    });
  });
  await page.goto(site.url);
  await ready(page);
  await page.getByRole("combobox", { name: "Theme" }).selectOption("contrast");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "contrast");
  await step(page);
  assert.deepEqual(problems, []);
  await context.close();
});

test("a host that serves wasm as text serves the lab all the same", async () => {
  const other = createServer(async (request, response) => {
    const answer = await fetch(new URL(request.url, site.home));
    const type = request.url.endsWith(".wasm") ? "text/plain" : answer.headers.get("content-type");
    response.writeHead(answer.status, {
      "content-type": type,
      "content-security-policy": answer.headers.get("content-security-policy"),
    });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((done) => other.listen(0, "127.0.0.1", done));
  try {
    const page = await open({ browser: site.browser, url: `http://127.0.0.1:${other.address().port}/lab.html` });
    await step(page);
    assert.match(await where(page), /call 18/);
    await close(page);
  } finally {
    other.close();
  }
});

test("when the later half cannot be fetched, the first picture stays and the page says what is missing", async () => {
  const page = await (await site.browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  assert.deepEqual(await useFirstHalf(page, site.url), []);
  await page.context().close();
});

test("a hidden tab stops playing and draws nothing; shown again it goes on", async () => {
  const page = await open(site);
  await page.getByRole("button", { name: "Play" }).click();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await page.getByRole("button", { name: "Play" }).waitFor();
  const frames = await settled(page);
  await page.waitForTimeout(400);
  assert.equal(await settled(page), frames);
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await step(page);
  await settled(page);
  await close(page);
});

test("an idle page draws no frame", async () => {
  const page = await open(site);
  const frames = await settled(page);
  await page.waitForTimeout(1500);
  assert.equal(await page.evaluate(() => document.querySelector("#canvas-place").host.frames), frames);
  await close(page);
});

// 1280 x 800 at 400 %, and the sizes in between.
for (const [width, height, scale] of [
  [320, 256, 4],
  [390, 844, 3],
  [768, 1024, 2],
  [1024, 600, 1],
  [2560, 1440, 1],
])
  test(`${width} x ${height} at ${scale * 100} %: nothing lies outside, and it can be stepped`, async () => {
    const page = await open(site, { viewport: { width, height }, deviceScaleFactor: scale });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 1, `${wide} pixels too wide`);
    await step(page);
    assert.match(await sentence(page), /\w/);
    assert.ok((await table(page, "memory")).length > 0);
    await page.setViewportSize({ width: height, height: width });
    await step(page);
    await close(page);
  });

test("a monkey clicks, types and drags 5 000 times without an error", async () => {
  const page = await open(site);
  const heap = () =>
    page.evaluate(() => {
      window.gc?.();
      return performance.memory?.usedJSHeapSize ?? 0;
    });
  const before = await heap();
  // A linear congruential generator: the same seed, the same monkey.
  await page.evaluate(async () => {
    let seed = 20_261_122;
    const random = (n) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % n;
    };
    const keys = [
      "ArrowLeft",
      "ArrowRight",
      "ArrowUp",
      "ArrowDown",
      "Enter",
      " ",
      "Home",
      "End",
      "PageUp",
      "b",
      "o",
      "x",
    ];
    const texts = [
      "page[0x1234].flags",
      "memblock_reserve 96M 2M",
      "sparse_init",
      "0x3ffe0000",
      "🙂",
      "((((",
      "",
      "1e99",
    ];
    window.print = window.open = () => {};
    // The monkey stays in the lab.
    document.addEventListener("click", (event) => {
      if (event.target.closest("a[href]")) event.preventDefault();
    });
    for (let i = 0; i < 5000; ++i) {
      const all = [...document.querySelectorAll("button, input, select, [role=tab], a[href], summary")].filter(
        (e) => e.checkVisibility() && !e.disabled && e.type !== "file" && !e.closest("[data-monkey-off]"),
      );
      const canvas = document.querySelector(".canvas-place canvas");
      const kind = random(10);
      const one = all[random(all.length)];
      if (kind < 5 && one) {
        if (one instanceof HTMLSelectElement) {
          if (one.id === "machine") continue; // large machines are the next test's
          one.selectedIndex = random(one.options.length);
          one.dispatchEvent(new Event("change", { bubbles: true }));
        } else one.click();
      } else if (kind === 5 && one) {
        one.focus();
        const key = keys[random(keys.length)];
        for (const type of ["keydown", "keyup"])
          (document.activeElement ?? document.body).dispatchEvent(
            new KeyboardEvent(type, { key, code: key, bubbles: true, cancelable: true }),
          );
      } else if (kind === 6) {
        const field = all.find((e) => e instanceof HTMLInputElement && e.type === "text");
        if (field) {
          field.value = texts[random(texts.length)];
          field.dispatchEvent(new Event("input", { bubbles: true }));
          field.form?.requestSubmit();
        }
      } else if (canvas) {
        const { left, top, width, height } = canvas.getBoundingClientRect();
        const at = () => ({
          clientX: left + random(Math.max(width | 0, 1)),
          clientY: top + random(Math.max(height | 0, 1)),
        });
        const send = (type, buttons, where) => {
          try {
            canvas.dispatchEvent(
              new PointerEvent(type, {
                pointerId: 1,
                pointerType: "mouse",
                isPrimary: true,
                bubbles: true,
                buttons,
                ...where,
              }),
            );
          } catch {
            // a capture that the browser gives real pointers only
          }
        };
        send("pointermove", 0, at());
        send("pointerdown", 1, at());
        if (kind === 9) send("pointermove", 1, at());
        send("pointerup", 0, at());
        if (kind === 8)
          canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: random(400) - 200, bubbles: true, cancelable: true }));
      }
      if (i % 10 === 0) await new Promise((go) => setTimeout(go));
      for (const dialog of document.querySelectorAll("dialog[open]")) if (random(3) === 0) dialog.close();
    }
  });
  const grown = ((await heap()) - before) / 1e6;
  console.log(`heap after 5000 actions: ${grown >= 0 ? "+" : ""}${grown.toFixed(1)} MB of JavaScript`);
  page.problems = page.problems.filter((problem) => !problem.includes("setPointerCapture"));
  await close(page);
});
