// search.mjs: what can be looked for without a boot: dist/search/LANGUAGE.json has a document for each term of the glossary
// and each step of a lesson, as plain text. The page makes its index of it when somebody begins to type (page/search.ts).
//
//   [{ "kind": "term", "id": "zone", "title": "zone", "forms": "zone zones", "text": "…" },
//    { "kind": "lesson", "id": "the-handoff", "step": "chop", "title": "The handoff", "forms": "", "text": "…" }]
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { languages } from "./locale.mjs";
import { readTerms } from "./terms.mjs";

/** Nodes as text; what is only known on the live machine becomes an ellipsis. */
export function plain(nodes) {
  return nodes
    .map((node) => {
      if (typeof node === "string") return node;
      if (node.t === "value") return "…";
      return plain(node.c) + (node.t === "p" || node.t === "li" ? " " : "");
    })
    .join("")
    .replace(/\s+/g, " ")
    .trimStart();
}

/** `dist` has the built lessons; `index` is theirs. */
export async function buildSearch(dist, index) {
  await mkdir(join(dist, "search"), { recursive: true });
  for (const code of ["en", ...(await languages())]) {
    const documents = (await readTerms(code)).map(({ id, term, forms, text }) => ({
      kind: "term",
      id,
      title: term,
      forms: forms.join(" "),
      text: plain(text).trim(),
    }));
    for (const { folder, id, title } of index) {
      const read = async (file) => JSON.parse(await readFile(join(dist, "lessons", folder, file), "utf8"));
      const [{ steps }, prose] = [await read("lesson.json"), await read(`${code}.json`)];
      for (const step of steps)
        documents.push({
          kind: "lesson",
          id,
          step: step.id,
          title: title[code],
          forms: [step.function, step.file].join(" "),
          text: plain(prose[step.prose] ?? []).trim(),
        });
    }
    await writeFile(join(dist, "search", `${code}.json`), JSON.stringify(documents));
  }
}
