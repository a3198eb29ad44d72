// glossary.mjs: what the fields mean that can be asked for. The page imports core/query/fields.def and gets its meanings
// as an object, made when the page is built: {"zone.managed_pages": "pages that the buddy allocator was given", …}.
import { readFile } from "node:fs/promises";

/** THING(of, name, index, child, unit, "meaning", …) and FIELD(of, name, index, unit, words, "meaning", …) */
export function meanings(fields) {
  const found = fields.matchAll(/^(?:THING|FIELD)\((\w+), (\w+), \w+, \w+, \w+, "([^"]*)"/gm);
  return Object.fromEntries([...found].map(([, of, name, meaning]) => [`${of}.${name}`, meaning]));
}

/** An esbuild plugin. */
export const glossary = {
  name: "glossary",
  setup(build) {
    build.onLoad({ filter: /\/query\/fields\.def$/ }, async ({ path }) => ({
      contents: JSON.stringify(meanings(await readFile(path, "utf8"))),
      loader: "json",
    }));
  },
};
