// locale.mjs: the page's words. web/page/locale/LANGUAGE.json holds all of them in groups: "shared" (every page), "first"
// and "later" (the lab, before and after its first picture), "live", "pages" and "autopsy" (when their part is opened),
// "site" (the other pages), "compare" (the page of machines side by side). Code imports a group in English,
//
//     import words from "words:first";         { "back": "Back", … }
//     import codes from "words:languages";     ["ko", …]: what there is beside English
//
// and another language is fetched as one file, dist/locale/ko.json. Of a word that has been translated, "seen" says which
// English it is the translation of (words.mjs).
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("..", import.meta.url));

export const GROUPS = ["shared", "first", "later", "live", "pages", "autopsy", "compare", "site"];

const read = async (folder, code) => JSON.parse(await readFile(join(folder, `page/locale/${code}.json`), "utf8"));

/** The languages that the page can speak beside English. */
export async function languages(folder = web) {
  const files = await readdir(join(folder, "page/locale"));
  return files
    .filter((name) => name.endsWith(".json") && name !== "en.json")
    .map((name) => name.slice(0, -5))
    .sort();
}

/** All words of a language, whatever their group. */
export async function wordsOf(code, folder = web) {
  const groups = await read(folder, code);
  return Object.assign({}, ...GROUPS.map((group) => groups[group] ?? {}));
}

export async function writeLocales(to, folder = web) {
  await mkdir(to, { recursive: true });
  for (const code of await languages(folder))
    await writeFile(join(to, `${code}.json`), JSON.stringify(await wordsOf(code, folder)));
}

/** An esbuild plugin. */
export const words = {
  name: "words",
  setup(build) {
    build.onResolve({ filter: /^words:/ }, ({ path }) => ({ path: path.slice(6), namespace: "words" }));
    build.onLoad({ filter: /.*/, namespace: "words" }, async ({ path }) => {
      const asked = path === "languages" ? await languages() : (await read(web, "en"))[path];
      if (!asked) throw new Error(`web/page/locale/en.json has no group '${path}'`);
      return { contents: `export default ${JSON.stringify(asked)}`, loader: "js" };
    });
  },
};
