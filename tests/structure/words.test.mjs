// Translations: what is missing and what is stale is found, and what the page would stumble over is refused.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildLessons } from "../../web/hosting/lessons.mjs";
import { languages, wordsOf, writeLocales } from "../../web/hosting/locale.mjs";
import { buildGlossary } from "../../web/hosting/terms.mjs";
import { hash, remember, review } from "../../web/hosting/words.mjs";

for (const code of await languages())
  test(`nothing is wrong with ${code}`, async () => assert.deepEqual((await review(code)).wrong, []));

test("no two groups of words say different things under one name", async () => {
  const { default: groups } = await import("../../web/page/locale/en.json", { with: { type: "json" } });
  const all = await wordsOf("en");
  for (const [group, words] of Object.entries(groups))
    for (const [key, entry] of Object.entries(words)) assert.deepEqual(entry, all[key], `${group}: ${key}`);
});

let folder;
const put = async (path, content) => {
  await mkdir(join(folder, path, ".."), { recursive: true });
  await writeFile(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
};
const get = async (path) => JSON.parse(await readFile(join(folder, path), "utf8"));
const english = {
  shared: { theme: "Theme" },
  first: { back: "Back" },
  later: { n: { one: "{n} hit", other: "{n} hits" } },
  site: {},
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "words-"));
  await put("page/locale/en.json", english);
  await put("lessons/01-one/lesson.json", {
    id: "one",
    minutes: 6,
    needs: [],
    steps: [{ prose: "a", prediction: { ask: "a.ask" } }],
  });
  await put("lessons/01-one/en.md", "# One\n\n## a\nA zone of {n}.\n\n## a.ask\nHow many?\n");
  await put("glossary/en.md", "## zone\nterm: zone\nlab: select=x\n\nA part.\n\n## node\nterm: node\n\nNear.\n");
});
after(() => rm(folder, { recursive: true }));

test("what is missing is found, and shown in English", async () => {
  await put("page/locale/ko.json", { first: { back: "뒤로" } });
  await put("lessons/01-one/ko.md", "# 하나\n\n## a\n{n}의 구역.\n");
  await put("glossary/ko.md", "## zone\nterm: 구역\n\n한 부분.\n");
  assert.deepEqual(await languages(folder), ["ko"]);
  const { total, missing, wrong } = await review("ko", folder);
  assert.equal(total, 8);
  assert.deepEqual(missing, ["page:theme", "page:n", "lesson:01-one:a.ask", "term:node"]);
  assert.deepEqual(wrong, []);

  await writeLocales(join(folder, "out/locale"), folder);
  assert.deepEqual(await get("out/locale/ko.json"), { back: "뒤로" });
  await buildGlossary(join(folder, "out/glossary"), folder);
  const { terms } = await get("out/glossary/ko.json");
  assert.deepEqual(terms.map(({ id, term }) => `${id}: ${term}`).sort(), ["node: node", "zone: 구역"]);
  const index = await buildLessons(join(folder, "out/lessons"), folder);
  assert.deepEqual(index[0], {
    folder: "01-one",
    id: "one",
    number: 1,
    title: { en: "One", ko: "하나" },
    minutes: 6,
    needs: [],
    steps: 1,
    asked: 1,
  });
  const prose = await get("out/lessons/01-one/ko.json");
  assert.deepEqual(prose["a.ask"], [{ t: "p", c: ["How many?"] }]);
  assert.equal(prose.title, "하나");
});

test("what was translated from other English is stale, until it has been looked at", async () => {
  assert.deepEqual((await review("ko", folder)).stale, [
    "page:back",
    "lesson:01-one:title",
    "lesson:01-one:a",
    "term:zone",
  ]);
  await remember("ko", folder);
  assert.deepEqual((await review("ko", folder)).stale, []);
  assert.equal((await get("page/locale/ko.json")).seen["page:back"], hash("Back"));
  await put("page/locale/en.json", { ...english, first: { back: "Go back" } });
  await put("glossary/en.md", "## zone\nterm: zone\n\nAnother part.\n\n## node\nterm: node\n\nNear.\n");
  assert.deepEqual((await review("ko", folder)).stale, ["page:back", "term:zone"]);
});

test("what the page would stumble over is wrong", async () => {
  await put("page/locale/cs.json", {
    later: { n: { one: "{n} nález", few: "{n} nálezy", two: "x", other: "{count} nálezů" }, gone: "x" },
  });
  assert.deepEqual((await review("cs", folder)).wrong, [
    "page:n: has the values '{count} {n}', English has '{n}'",
    "page:n: cs has no plural form 'two'",
    "page:gone: English has no such word",
  ]);
});

test("a lesson that needs what is no lesson is refused", async () => {
  await put("lessons/02-two/lesson.json", { id: "two", number: 2, needs: ["zero"], steps: [] });
  await put("lessons/02-two/en.md", "# Two\n");
  await assert.rejects(() => buildLessons(join(folder, "out2"), folder), { message: /02-two.*needs 'zero'/ });
});
