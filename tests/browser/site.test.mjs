// The pages around the lab: home, course, glossary. They are small, need no framework, and lead to the lab.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { close, open, ready, root, start, visit } from "./lab.mjs";

const axe = readFileSync(join(root, "node_modules/axe-core/axe.min.js"), "utf8");
const PAGES = ["index.html", "course.html", "glossary.html"];
let site;
before(async () => {
  site = await start();
});
after(() => site.stop());

const go = async (path, options) => {
  const page = await visit({ browser: site.browser, url: `${site.home}${path}` }, options);
  await page.locator("html[data-theme]").waitFor();
  await page.waitForLoadState("networkidle");
  return page;
};

/** A course of several lessons, as it will be. */
const LESSONS = ["firmware", "memblock", "mem-map", "sections", "zones", "the-handoff"].map((id, i, all) => ({
  folder: `0${i + 1}-${id}`,
  id,
  number: i + 1,
  title: { en: `Lesson about ${id}` },
  minutes: i === 3 ? null : 5 + i,
  needs: id === "zones" ? ["firmware", "mem-map"] : i > 0 ? [all[i - 1]] : [],
  steps: 6,
  asked: 5,
}));
const own = (more = {}) => ({
  seed: 7,
  mode: "practice",
  step: "chop",
  inputs: ["1"],
  solved: 2,
  asked: 5,
  done: false,
  digest: "",
  at: "2026-01-31T12:00:00.000Z",
  ...more,
});
const PROGRESS = {
  version: 1,
  lessons: {
    firmware: own({ done: true, solved: 5 }),
    memblock: own({ at: "2026-02-01T12:00:00.000Z", seed: 3 }),
    "mem-map": own({ done: true, solved: 5 }),
    "mem-map@exam": own({ mode: "exam", done: true, solved: 4 }),
    "sections@exam": own({ mode: "exam", solved: 1 }),
    sections: own(),
  },
};
/** A page with that course, and with what is kept in the browser. */
async function goCourse(path, kept, options) {
  const context = { viewport: { width: 1280, height: 800 }, ...options };
  const page = await visit({ browser: site.browser, url: "about:blank" }, context);
  await page.route("**/lessons/index.json", (route) => route.fulfill({ json: LESSONS }));
  if (kept !== undefined)
    await page.addInitScript((text) => {
      if (!sessionStorage.getItem("kept")) localStorage.setItem("mmscope.progress", text);
      sessionStorage.setItem("kept", "yes");
    }, kept);
  await page.goto(`${site.home}${path}`);
  await page.waitForLoadState("networkidle");
  return page;
}

for (const path of PAGES)
  test(`${path} loads little and at once`, async () => {
    const page = await visit({ browser: site.browser, url: "about:blank" });
    let bytes = 0;
    page.on("response", async (response) => {
      if (/\.(html|js|css)$|\/$/.test(response.url())) bytes += gzipSync(await response.body()).length;
    });
    await page.goto(`${site.home}${path}`);
    await page.waitForLoadState("networkidle");
    assert.ok(bytes > 1000 && bytes < 25_000, `${bytes} bytes gzipped`);
    await close(page);
  });

for (const path of PAGES)
  for (const theme of ["dark", "light", "contrast"])
    for (const width of [1280, 390])
      test(`${path} in ${theme} at ${width}: axe finds nothing, nothing lies outside`, async () => {
        const page = await goCourse(path, JSON.stringify(PROGRESS), {
          bypassCSP: true,
          viewport: { width, height: 844 },
        });
        await page.getByRole("combobox", { name: "Theme" }).selectOption(theme);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        assert.deepEqual(
          violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")} — ${n.failureSummary}`)),
          [],
        );
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        await close(page);
      });

for (const width of [360, 768, 1024, 2560])
  test(`at ${width} nothing lies outside`, async () => {
    for (const path of PAGES) {
      const page = await go(path, { viewport: { width, height: 900 } });
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), path);
      await close(page);
    }
  });

test("the theme is chosen once for all pages", async () => {
  const page = await go("index.html");
  await page.getByRole("combobox", { name: "Theme" }).selectOption("contrast");
  for (const path of [...PAGES, "lab.html"]) {
    await page.goto(`${site.home}${path}`);
    await page.locator("html[data-theme=contrast]").waitFor();
    assert.equal(await page.locator("#theme").inputValue(), "contrast");
  }
  await close(page);
});

test("every link of the pages leads somewhere", async () => {
  for (const path of PAGES) {
    const page = await go(path);
    const links = await page.locator("a").evaluateAll((all) => all.map((a) => a.href));
    assert.ok(links.length > 3);
    for (const link of new Set(links.map((l) => l.replace(/#.*/, "")))) {
      assert.ok(link.startsWith(site.home), link);
      assert.equal((await page.request.get(link)).status(), 200, link);
    }
    for (const link of links.filter((l) => l.startsWith(page.url().replace(/#.*/, "")) && /#./.test(l)))
      assert.equal(await page.locator(`[id="${link.replace(/.*#/, "")}"]`).count(), 1, link);
    await close(page);
  }
});

for (const [from, then] of [
  ["#machine=tiny-128m&call=20", /call 20 of/],
  ["index.html#call=41&event=7&panel=buddy", /call 41 of \d+, event 7/],
  ["?theme=x#after=memblock_free_all", /call/],
])
  test(`a link from before the lab had a page of its own leads there: ${from}`, async () => {
    const page = await visit({ browser: site.browser, url: `${site.home}${from}` });
    await page.waitForURL(/lab\.html/);
    await ready(page);
    const [, query, hash] = from.match(/^[^?#]*(\?[^#]*)?(#.*)?$/);
    const now = new URL(page.url());
    assert.equal(now.search, query ?? "");
    assert.equal(now.hash, hash);
    assert.match(await page.locator("#where").textContent(), then);
    // Back leads to where one came from, not into a circle.
    assert.equal(await page.evaluate(() => history.length), 2);
    await close(page);
  });

test("a packed link leads there as well", async () => {
  const lab = await open(site, { permissions: ["clipboard-read", "clipboard-write"] });
  await lab.getByRole("button", { name: "To the handoff" }).click();
  const where = await lab.locator("#where").textContent();
  await lab.getByRole("button", { name: "Link to this step" }).click();
  await lab.waitForURL(/#s=/);
  const { hash } = new URL(lab.url());
  await close(lab);
  const page = await visit({ browser: site.browser, url: `${site.home}${hash}` });
  await ready(page);
  assert.equal(await page.locator("#where").textContent(), where);
  await close(page);
});

test("a place on the front page is no link to the lab", async () => {
  const page = await go("index.html#class");
  assert.match(page.url(), /index\.html#class$/);
  assert.ok(await page.getByRole("heading", { name: "Use it in class" }).last().isVisible());
  await close(page);
});

test("a log can be pasted by a link to the dialog", async () => {
  for (const path of ["lab.html?open=log", "lab.html#paste"]) {
    const page = await open({ browser: site.browser, url: `${site.home}${path}` });
    assert.ok(await page.getByRole("dialog", { name: "Paste or drop a log" }).isVisible(), path);
    assert.ok(await page.locator("#log-text").evaluate((box) => box === document.activeElement));
    await close(page);
  }
});

test("the front page draws what the lab computes", async () => {
  const page = await open({ browser: site.browser, url: `${site.url}#after=memblock_free_all` });
  const ask = async (text) => {
    await page.getByRole("tab", { name: "Ask" }).click();
    await page.locator("#ask-box").fill("");
    await page.waitForFunction(() => document.querySelector(".ask-value").textContent === "");
    await page.locator("#ask-box").fill(text);
    await page.waitForFunction(() => document.querySelector(".ask-value").textContent !== "");
    return Number((await page.locator(".ask-value").textContent()).replace(/\s.*/s, ""));
  };
  // The shares that its bars are drawn with, in percent of 1 GiB.
  const share = async (text) => Math.round((await ask(`(${text}) * 10000 / 1G`)) / 10) / 10;
  const kernel = [
    await share("memblock.reserved.regions[1].base"),
    await share("memblock.reserved.regions[1].size"),
    await share("node[0].zone[DMA32].zone_start_pfn * 4K"),
  ];
  const html = readFileSync(join(root, "web/page/index.html"), "utf8");
  const [, x, width] = html.match(/<rect x="([\d.]+)%" width="([\d.]+)%" height="28" fill="url\(#hatch\)"/);
  const [, dma] = html.match(/<rect width="([\d.]+)%" height="28" class="ink-dma"/);
  for (const [i, drawn] of [x, width, dma].entries())
    assert.ok(Math.abs(kernel[i] - drawn) < 0.2, `${drawn} is drawn, ${kernel[i]} computed`);
  await close(page);
});

test("links for a class are made", async () => {
  const page = await goCourse("index.html");
  const maker = page.locator("#maker");
  await maker.getByLabel("Lesson").selectOption("zones");
  await maker.getByLabel("Seed").fill("42");
  await maker.getByLabel("Exam").check();
  const link = await maker.getByLabel("Link", { exact: true }).inputValue();
  assert.equal(link, `${site.home}lab.html?lesson=zones&seed=42&mode=exam`);
  assert.match(await maker.getByLabel("To embed it").inputValue(), /^<iframe src="[^"]+lesson=zones&amp;seed=42&amp;/);
  await close(page);
});

test("the front page goes on where one was last", async () => {
  const page = await goCourse("index.html", JSON.stringify(PROGRESS));
  const box = page.locator("#continue");
  assert.match(await box.textContent(), /Lesson about memblock 2 of 5/);
  assert.equal(
    await box.getByRole("link", { name: "Continue where you were" }).getAttribute("href"),
    "./lab.html?lesson=memblock&step=chop&seed=3",
  );
  await close(page);
  const fresh = await goCourse("index.html");
  assert.ok(await fresh.locator("#continue").isHidden());
  await close(fresh);
});

test("the course is a list in order, with what builds on what and how far one is", async () => {
  const page = await goCourse("course.html", JSON.stringify(PROGRESS));
  const rows = page.locator(".lessons").getByRole("listitem");
  const texts = (await rows.allInnerTexts()).map((text) => text.replace(/\s+/g, " "));
  assert.equal(texts.length, 6);
  assert.match(texts[0], /1 · Lesson about firmware 5 minutes · 5 questions ✓ Done/);
  assert.match(texts[1], /6 minutes · 5 questions · builds on 1 2 of 5/);
  assert.match(texts[2], /Exam: 4 of 5/);
  assert.match(texts[3], /4 · Lesson about sections 5 questions · builds on 3/);
  assert.match(texts[4], /builds on 1, 3 Not begun/);
  const href = (i) => rows.nth(i).getByRole("link").getAttribute("href");
  assert.equal(await href(0), "./lab.html?lesson=firmware");
  assert.equal(await href(3), "./lab.html?lesson=sections&step=chop&seed=7");
  assert.equal(await href(4), "./lab.html?lesson=zones");
  // Each need is a line from number to number.
  const lines = await page
    .locator(".lines path")
    .evaluateAll((all) => all.map((line) => `${line.dataset.from}>${line.dataset.to}`));
  assert.deepEqual(lines.sort(), LESSONS.flatMap(({ id, needs }) => needs.map((need) => `${need}>${id}`)).sort());
  const off = await page.locator(".lines path").evaluateAll((all) =>
    all.map((line) => {
      const end = line.getPointAtLength(line.getTotalLength()).matrixTransform(line.getScreenCTM());
      const mark = document.querySelector(`#${line.dataset.to} .number`).getBoundingClientRect();
      return Math.hypot(end.x - mark.x - mark.width / 2, end.y - mark.y - mark.height / 2);
    }),
  );
  assert.ok(Math.max(...off) < 1, `${off}`);
  await close(page);
});

test("progress goes out as a file and comes back in another browser", async () => {
  const page = await goCourse("course.html", JSON.stringify(PROGRESS));
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export progress" }).click(),
  ]);
  const text = readFileSync(await download.path(), "utf8");
  assert.deepEqual(JSON.parse(text), PROGRESS);
  await close(page);

  const other = await goCourse("course.html");
  const give = (content) =>
    other.locator("#import-file").setInputFiles({ name: "p.json", mimeType: "application/json", buffer: content });
  await give(Buffer.from("{}"));
  await other.getByText("Nothing was imported: this is no file of progress.").waitFor();
  await give(Buffer.from(text));
  await other.getByText("Imported: 6 lessons are further now.").waitFor();
  assert.match(await other.locator("#firmware").innerText(), /✓ Done/);
  await other.reload();
  assert.match(await other.locator("#firmware").innerText(), /✓ Done/);
  await close(other);
});

test("progress that cannot be kept or read is said, and can be exported", async () => {
  const broken = await goCourse("course.html", "not JSON");
  await broken.getByText("The progress that was kept here could not be read. It has been put aside").waitFor();
  assert.equal(await broken.evaluate(() => localStorage.getItem("mmscope.progress.aside-1")), "not JSON");
  await broken.getByRole("button", { name: "Close" }).click();
  assert.equal(await broken.locator(".notice").count(), 0);
  await close(broken);

  const newer = await goCourse("course.html", '{"version":2}');
  await newer.getByText("kept by a newer version").waitFor();
  assert.equal(await newer.evaluate(() => localStorage.getItem("mmscope.progress")), '{"version":2}');
  const notice = newer.locator(".notice");
  await Promise.all([newer.waitForEvent("download"), notice.getByRole("button", { name: "Export progress" }).click()]);
  await close(newer);

  const refusing = await visit({ browser: site.browser, url: "about:blank" });
  await refusing.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("refused", "SecurityError");
      },
    });
  });
  await refusing.goto(`${site.home}course.html`);
  await refusing.getByText("This browser keeps nothing, or has no room left.").waitFor();
  await close(refusing);
});

test("a list of lessons that cannot be fetched is said", async () => {
  const page = await visit({ browser: site.browser, url: "about:blank" });
  await page.route("**/lessons/index.json", (route) => route.fulfill({ status: 503, body: "" }));
  await page.goto(`${site.home}course.html`);
  await page.getByText("This could not be fetched: 503").waitFor();
  page.problems.length = 0; // the browser's own line about the 503
  await close(page);
});

test("the pages can be gone through by keyboard alone", async () => {
  const page = await go("index.html");
  const reached = [];
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    const [name, visible] = await page.evaluate(() => {
      const at = document.activeElement;
      const box = at.getBoundingClientRect();
      return [(at.getAttribute("aria-label") ?? at.textContent ?? "").trim(), box.width > 0 || at.tagName === "A"];
    });
    assert.ok(visible, name);
    reached.push(name);
    if (name === "Paste your own log") break;
  }
  for (const name of ["Course", "Start the course", "Open a machine", "Paste your own log"])
    assert.ok(reached.includes(name), name);
  await page.keyboard.press("Enter");
  await page.waitForURL(/lab\.html\?open=log/);
  await ready(page);
  await close(page);
});
