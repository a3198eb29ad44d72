// An author's lesson beside the editor: what is saved is shown at the step where the lesson stands, what is wrong is said
// in the page and in the terminal, and the lesson goes on as it last was.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startPreview } from "../../web/hosting/preview.mjs";
import { serve } from "../../web/hosting/serve.mjs";
import { close, open, root, screenshots, start } from "./lab.mjs";

const dist = process.env.DIST ?? join(root, "dist");
const scratch = mkdtempSync(join(tmpdir(), "mmscope-preview-"));
const folder = join(scratch, "01-mine"); // far from the other lessons
const said = [];
let site;
let preview;
let server;

before(async () => {
  site = await start();
  cpSync(join(root, "web/hosting/lesson_template"), folder, { recursive: true });
  edit("lesson.json", (text) => text.replace('"ID"', '"mine"').replace("MACHINE", "tiny-128m").replace(": 0,", ": 1,"));
  preview = await startPreview({ folder, root: dist, say: (line) => said.push(line) });
  server = await serve({ root: dist, answer: preview.answer });
});
after(async () => {
  preview?.stop();
  await server?.close();
  await site?.stop();
  rmSync(scratch, { recursive: true });
});

/** Saves a file of the lesson; answers how it was before. */
function edit(name, change) {
  const file = join(folder, name);
  const text = readFileSync(file, "utf8");
  const changed = change(text);
  assert.notEqual(changed, text);
  writeFileSync(file, changed);
  return text;
}

async function openHere() {
  const page = await open({ browser: site.browser, url: `${server.url}lab.html` });
  page.setDefaultTimeout(10_000);
  return page;
}
const lesson = (page) => page.getByRole("tabpanel", { name: "Lesson" });
const problems = (page) => page.locator("#preview-problems");

test("a saved lesson is shown at the same step, a broken one is told and mended", async () => {
  const page = await openHere();
  await lesson(page).getByText("While the kernel boots").waitFor();
  assert.ok(await problems(page).isHidden());
  await lesson(page).getByRole("button", { name: "Next" }).click();
  await lesson(page).getByText("A device wants to write").waitFor();

  // New prose, at the same step.
  edit("en.md", (text) => text.replace("A device wants to write", "A camera wants to write"));
  await lesson(page).getByText("A camera wants to write").waitFor();

  // Prose that is none, and a file that is no JSON: told where, and the lesson stays.
  const good = edit("en.md", (text) => `${text}\n![x](y.png)\n`);
  const line = good.split("\n").length + 1;
  await problems(page).getByText(`en.md:${line}:1: image is no part of a lesson's prose`).waitFor();
  assert.ok(
    said.some((text) => text.includes(`en.md:${line}:1: image`)),
    "and in the terminal",
  );
  await lesson(page).getByText("A camera wants to write").waitFor();
  await page.screenshot({ path: join(screenshots, "preview-problem.png") });
  writeFileSync(join(folder, "en.md"), good.replace("A camera wants", "A printer wants"));
  await lesson(page).getByText("A printer wants to write").waitFor();
  assert.ok(await problems(page).isHidden());

  const json = edit("lesson.json", (text) => text.replace('"id": "mine",', '"id": "mine"'));
  await problems(page)
    .getByText(/lesson\.json:5:\d+: this is not JSON from here on/)
    .waitFor();
  // A step before this one: the place is kept by name.
  const [, step] = json.match(/"steps": \[\n( {4}\{[\s\S]*?\n {4}\})\n {2}\]/);
  const first = `    { "id": "first", "prose": "lists", "home": "lists.home", "function": "f", "file": "f.c",
      "values": { "ram": "memblock.memory.total_size", "ranges": "memblock.reserved.cnt" } },\n`;
  writeFileSync(join(folder, "lesson.json"), json.replace(step, first + step));
  await problems(page).waitFor({ state: "hidden" });
  await lesson(page).getByText("A printer wants to write").waitFor();
  assert.equal(await lesson(page).locator(".dot").count(), 3);

  // And when the page itself is loaded anew.
  await page.waitForTimeout(500);
  await page.reload();
  await lesson(page).getByText("A printer wants to write").waitFor();
  await close(page);
});

test("a lesson that can be played but is untrue is shown, and what is untrue is said", async () => {
  const page = await openHere();
  await lesson(page).getByText("While the kernel boots").waitFor();
  edit("lesson.json", (text) => text.replace('"!handed_over"', '"handed_over"'));
  await problems(page).getByText("truth[0]: this does not hold where the step stands").waitFor();
  edit("en.md", (text) => text.replace("While the kernel boots", "As the kernel boots"));
  await lesson(page).getByText("As the kernel boots").waitFor();
  assert.ok(await problems(page).isVisible());
  await close(page);
});

test("the preview's lesson is in the list of lessons, and nothing of it is in a page that another server serves", async () => {
  const get = async (path) => (await fetch(new URL(path, server.url))).json();
  const index = await get("lessons/index.json");
  assert.deepEqual(
    index.filter(({ id }) => id === "mine").map((entry) => entry.folder),
    ["01-mine"],
  );
  assert.ok(index.length > 1);
  assert.equal((await fetch(new URL("lessons/01-mine/no-such.json", server.url))).status, 404);
  assert.equal((await fetch(new URL("preview.json", site.url))).status, 404);
  assert.doesNotMatch(await (await fetch(site.url)).text(), /name="preview"/);
});
