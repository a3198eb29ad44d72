// A lesson's prose becomes data: nodes for the page, never HTML, and what is no part of the subset is refused by line.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { buildLessons } from "../../web/hosting/lessons.mjs";
import { proseOf } from "../../web/hosting/prose.mjs";

const prose = (text) => proseOf(text, "en.md");

test("prose becomes nodes", () => {
  assert.deepEqual(
    prose("# The title\n\n## one.two\nIt is *so* **very** {n}.\nSee [here](step:chop).\n\n- a `b {n}`\n- c\n"),
    {
      title: "The title",
      "one.two": [
        {
          t: "p",
          c: [
            "It is ",
            { t: "em", c: ["so"] },
            " ",
            { t: "strong", c: ["very"] },
            " ",
            { t: "value", name: "n" },
            ". See ",
            { t: "step", id: "chop", c: ["here"] },
            ".",
          ],
        },
        {
          t: "ul",
          c: [
            { t: "li", c: ["a ", { t: "code", c: ["b ", { t: "value", name: "n" }] }] },
            { t: "li", c: ["c"] },
          ],
        },
      ],
    },
  );
});

test("markup in prose is text", () => {
  assert.deepEqual(prose("## a\nx <b onclick=y> & {N}\n").a, [{ t: "p", c: ["x <b onclick=y> & {N}"] }]);
});

for (const [what, text, refusal] of [
  ["a link that leads elsewhere", "## a\n\n[x](https://example.org)\n", /^en\.md:3:1: a link is step:/],
  ["a picture", "## a\n![x](y.png)\n", /image/],
  ["a numbered list", "## a\n1. x\n", /ordered list/],
  ["a block of code", "## a\n```\nx\n```\n", /fence/],
  ["a heading that names no key", "## Two words\nx\n", /^en\.md:1:1: a heading is ## and a key/],
  ["a heading of another level", "### a\nx\n", /a heading is ##/],
  ["a key twice", "## a\nx\n\n## a\ny\n", /^en\.md:4:1: 'a' is there already/],
  ["text before the first key", "x\n", /before the first heading/],
])
  test(`${what} is refused`, () => assert.throws(() => prose(text), { message: refusal }));

test("every lesson is built", async () => {
  const to = await mkdtemp(join(tmpdir(), "lessons-"));
  try {
    const index = await buildLessons(to);
    assert.ok(index.length > 0);
    for (const { folder, id, title } of index) {
      assert.match(folder, new RegExp(`^\\d\\d-${id}$`));
      assert.ok(title.en);
      const text = await readFile(join(to, folder, "en.json"), "utf8");
      assert.equal(typeof JSON.parse(text).title, "string");
    }
  } finally {
    await rm(to, { recursive: true });
  }
});
