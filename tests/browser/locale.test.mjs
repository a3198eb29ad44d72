// Other languages: what is longer still fits, what runs from right to left does so, and a language that is not there
// is said.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { close, open, ready, root, start, visit } from "./lab.mjs";

let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

/** Whatever stands outside the window or is wider than its own box. */
function outside() {
  const found = [];
  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.push(`the page is ${scrollWidth} wide`);
  for (const element of document.querySelectorAll("body *")) {
    if (!element.checkVisibility() || element.closest(".mm-canvas, svg, option")) continue;
    const style = getComputedStyle(element);
    if (style.clipPath !== "none") continue; // for those who hear it
    const { left, right, width } = element.getBoundingClientRect();
    const name = `${element.tagName}#${element.id}.${element.className} “${element.textContent.trim().slice(0, 30)}”`;
    let clipped = false;
    for (let up = element.parentElement; up; up = up.parentElement)
      clipped ||= getComputedStyle(up).overflowX !== "visible";
    if (width > 0 && !clipped && (right > innerWidth + 1 || left < -1)) found.push(`outside: ${name}`);
    if (style.overflowX === "visible" && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1)
      found.push(`too wide: ${name}`);
  }
  return found;
}

/** English sentences of the page that are still there. */
function english() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { parentElement: at, textContent } = walker.currentNode;
    if (!at.checkVisibility() || at.closest("noscript, code, .mono, .brand, .bar h1, .mm-canvas, .maker select"))
      continue;
    if (/\b(a|the|and|is|it|of|to|for|from|in|on|with|what|you|this)\b/i.test(textContent))
      found.push(textContent.trim().slice(0, 60));
  }
  return found;
}

const PAGES = {
  "index.html": async () => {},
  "course.html": async () => {},
  "glossary.html": (page) => page.locator(".terms dt").first().waitFor(),
  "lab.html": (page) => ready(page),
  "lab.html at the handoff": async (page) => {
    await ready(page);
    await page.locator("#to-handoff").click();
  },
  "lab.html?lesson=the-handoff in a lesson": async (page) => {
    await ready(page);
    await page.locator("#side-lesson .term").first().click();
    await page.locator(".term-box:popover-open .kernel").waitFor();
  },
};

for (const lang of ["xx-pseudo", "xx-rtl"])
  for (const width of [1280, 390])
    for (const [name, go] of Object.entries(PAGES))
      test(`${name} in ${lang} at ${width}: all words fit`, async () => {
        const file = name.split(" ")[0];
        const path = `${file}${file.includes("?") ? "&" : "?"}lang=${lang}`;
        const page = await visit(
          { browser: site.browser, url: `${site.home}${path}` },
          { viewport: { width, height: 844 } },
        );
        await page.waitForLoadState("networkidle");
        await go(page);
        assert.deepEqual(await page.evaluate(outside), []);
        if (!name.startsWith("lab")) assert.deepEqual(await page.evaluate(english), []);
        assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
        assert.equal(
          await page.evaluate(() => getComputedStyle(document.body).direction),
          lang === "xx-rtl" ? "rtl" : "ltr",
        );
        await close(page);
      });

test("from right to left: what begins a line is at the right, the picture still runs the other way", async () => {
  const page = await open({ browser: site.browser, url: `${site.url}?lang=xx-rtl` });
  const box = (selector) => page.locator(selector).boundingBox();
  assert.ok((await box("#story")).x > (await box("#picture")).x);
  assert.ok((await box("#back")).x < (await box("#step")).x);
  for (const selector of [".canvas-place", "#timeline"])
    assert.equal(await page.locator(selector).evaluate((e) => getComputedStyle(e).direction), "ltr");
  // Sizes and addresses stand in sentences as they are.
  assert.match(await page.locator("#sentence").textContent(), /\u20681023\.5 MiB\u2069/);
  await close(page);
});

test("a language is remembered until another one is asked for", async () => {
  const page = await visit({ browser: site.browser, url: `${site.home}?lang=xx-pseudo` });
  const title = () => page.getByRole("heading", { level: 1 }).textContent();
  await page.locator("html[lang=xx-pseudo]").waitFor();
  assert.match(await title(), /^Šéé/);
  await page.goto(`${site.home}course.html`);
  await page.locator("html[lang=xx-pseudo]").waitFor();
  assert.match(await title(), /^Ţĥ/);
  await page.goto(`${site.home}course.html?lang=en`);
  assert.equal(await title(), "The course");
  await page.goto(`${site.home}index.html`);
  await page.waitForLoadState("networkidle");
  assert.equal(await title(), "See how Linux takes memory over");
  await close(page);
});

test("a language that is not there: English, and a notice, on every page and once", async () => {
  for (const path of ["index.html", "glossary.html", "lab.html"]) {
    const page = await visit({ browser: site.browser, url: `${site.home}${path}?lang=zz` });
    await page.getByText("The language “zz” is not there yet: the page stays in English.").waitFor();
    await page.goto(`${site.home}${path}`);
    await page.waitForLoadState("networkidle");
    assert.equal(await page.locator(".notice").count(), 0);
    await close(page);
  }
});

test("a language that is there brings its words and keeps English for the rest", async () => {
  const known = {
    name: "known",
    setup(plugins) {
      plugins.onResolve({ filter: /^words:languages$/ }, ({ path }) => ({ path, namespace: "known" }));
      plugins.onLoad({ filter: /.*/, namespace: "known" }, () => ({ contents: 'export default ["ar"]' }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [join(root, "web/page/language.ts")],
    bundle: true,
    format: "esm",
    write: false,
    plugins: [known],
  });
  const code = Buffer.from(outputFiles[0].contents).toString("base64");
  const { languageOf } = await import(`data:text/javascript;base64,${code}`);
  const { document, fetch } = globalThis;
  const asked = [];
  globalThis.document = { documentElement: {}, baseURI: "http://site.test/mmscope/course.html" };
  globalThis.fetch = async (url) => {
    asked.push(String(url));
    return Response.json({ back: "رجوع" });
  };
  try {
    const arabic = await languageOf("ar");
    assert.deepEqual(asked, ["http://site.test/mmscope/locale/ar.json"]);
    assert.deepEqual(arabic.words({ back: "Back", step: "Step" }), { back: "رجوع", step: "Step" });
    assert.equal(arabic.prose, "ar");
    assert.deepEqual(globalThis.document.documentElement, { lang: "ar", dir: "rtl" });
    assert.equal((await languageOf("ko")).missing, "ko");
    assert.equal((await languageOf("xx-pseudo")).words({ a: "{n} hits" }).a.replace(/[^{}n]/g, ""), "{n}");
    globalThis.fetch = async () => new Response("", { status: 404 });
    assert.equal((await languageOf("ar")).missing, "ar");
  } finally {
    Object.assign(globalThis, { document, fetch });
  }
});
