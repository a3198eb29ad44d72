// The glossary as data, and the links that lessons get from it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkTerms, linkTerms, readTerms, termsOf } from "../../web/hosting/terms.mjs";

const sample = `A word about the file.

## zone
term: zone
forms: zone, zones
kernel: \`struct zone\`, somewhere
lab: select=node[0]

A *part* of a [node](term:node).

## zone-dma
term: ZONE_DMA
forms: ZONE_DMA, zone DMA

The lowest.

## node
term: node

Near memory.

## page
term: page
forms: -

You know.
`;
const terms = termsOf(sample, "en.md");

test("terms are read with their fields", () => {
  assert.deepEqual(terms[0], {
    id: "zone",
    term: "zone",
    forms: ["zone", "zones"],
    text: [
      {
        t: "p",
        c: ["A ", { t: "em", c: ["part"] }, " of a ", { t: "term", id: "node", c: ["node"] }, "."],
      },
    ],
    kernel: [{ t: "code", c: ["struct zone"] }, ", somewhere"],
    lab: "select=node[0]",
  });
  assert.deepEqual(terms.map(({ id, forms }) => [id, forms]).slice(1), [
    ["zone-dma", ["ZONE_DMA", "zone DMA"]],
    ["node", ["node"]],
    ["page", []],
  ]);
});

for (const [what, text, refusal] of [
  ["an id with blanks", "## Two words\nterm: x\n\nx\n", /^en\.md:1:1: a heading is ## and an id/],
  ["an id twice", "## a\nterm: a\n\nx\n\n## a\nterm: a\n\nx\n", /^en\.md:6:1: 'a' is there already/],
  ["a field of another name", "## a\nterm: a\nsee: b\n\nx\n", /^en\.md:3:1: a field is one of/],
  ["a term without a name", "## a\nkernel: b\n\nx\n", /'a' has no term/],
  ["a term that says nothing", "## a\nterm: a\n\n## b\nterm: b\n\nx\n", /'a' says nothing/],
  ["a picture", "## a\nterm: a\n\n![x](y.png)\n", /^en\.md:4:1: image/],
])
  test(`${what} is refused`, () => assert.throws(() => termsOf(text, "en.md"), { message: refusal }));

const p = (...c) => [{ t: "p", c }];
const term = (id, word) => ({ t: "term", id, c: [word] });

test("the first use of a term is linked, the longest word first, and no other", () => {
  assert.deepEqual(linkTerms({ a: p("Zones and zones: zone DMA, ZONE_DMA_END, no_zone, node-local.") }, terms).a, [
    {
      t: "p",
      c: [
        term("zone", "Zones"),
        " and zones: ",
        term("zone-dma", "zone DMA"),
        ", ZONE_DMA_END, no_zone, ",
        term("node", "node"),
        "-local.",
      ],
    },
  ]);
});

test("what has capitals is linked only as it is written", () => {
  assert.deepEqual(
    linkTerms({ a: p("Zone_dma is not it. Node is.") }, terms).a,
    p("Zone_dma is not it. ", term("node", "Node"), " is."),
  );
});

test("headings, code, links and choices stay as they are, and a link by hand is enough", () => {
  const prose = {
    title: "The zone",
    a: p({ t: "code", c: ["zone"] }, { t: "step", id: "x", c: ["the node"] }, " ", { t: "value", name: "zone" }),
    choice: p("a node"),
    b: p({ t: "term", id: "zone", c: ["a part"] }),
    c: p("zone ", { t: "em", c: ["node"] }),
  };
  assert.deepEqual(linkTerms(prose, terms, Object.keys(prose), new Set(["choice"])), {
    ...prose,
    c: p("zone ", { t: "em", c: [term("node", "node")] }),
  });
});

test("prose is linked in the order in which it is come to", () => {
  const prose = { why: p("zone"), step: p("zone") };
  assert.deepEqual(linkTerms(prose, terms, ["step", "why"]), { why: p("zone"), step: p(term("zone", "zone")) });
});

test("a link to a term that there is not is refused", () => {
  assert.throws(() => checkTerms({ a: p({ t: "em", c: [term("zoen", "x")] }) }, terms, "en.md"), {
    message: "en.md: a: there is no term 'zoen'",
  });
});

test("our glossary can be read, and no two terms claim a word", async () => {
  const own = await readTerms("en");
  assert.ok(own.length >= 60);
  const forms = own.flatMap((one) => one.forms);
  assert.deepEqual(
    forms.filter((form, i) => forms.indexOf(form) !== i),
    [],
  );
});
