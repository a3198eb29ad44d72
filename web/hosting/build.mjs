// The site: web/page/ and the wasm module become dist/, a static folder with content-hashed names and relative URLs
// only, so that it works under any path and can be cached for ever. Fails when the lab's first load is over its budget.
//
// What a page names (src="main.ts", href="page.css") is what gets built; web/page/assets/ is copied as it is. A
// <link data-later> is no part of the first load. The wasm module is dealt out to two files first (split.mjs). The lab
// is bundled by itself: what it shares with the other pages would else be one more file of its first load.
// A file that code imports (`import url from "../canvas/assets/x.ttf"`) is copied under a hashed name, and the import is
// its URL relative to the script: `new URL(url, import.meta.url)`. Imports by `import()` become files that load later.
// `import words from "words:first"` are words of the page in English (locale.mjs).
import { cp, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { glossary } from "./glossary.mjs";
import { buildLessons } from "./lessons.mjs";
import { licences } from "./licences.mjs";
import { words, writeLocales } from "./locale.mjs";
import { buildSearch } from "./search.mjs";
import { split } from "./split.mjs";
import { buildGlossary } from "./terms.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = join(root, "web/page");
const finished = join(root, "dist");
const dist = join(root, "build/dist.new");

/** gzipped bytes of JS + wasm + CSS + font that the first steppable picture needs */
export const firstLoadLimit = 300_000;

const exists = (path) =>
  stat(path)
    .then(() => true)
    .catch(() => false);

const LAB = "lab.html";
const SITE = ["index.html", "course.html", "glossary.html", "compare.html"];

/** Bundles what these pages name and writes them; answers the outputs that a browser loads at once, by page. */
async function bundle(names) {
  const pages = await Promise.all(
    names.map(async (name) => {
      const html = await readFile(join(page, name), "utf8");
      const named = [...html.matchAll(/\b(?:src|href)="(?:\.\/)?([^":#?]+\.(?:ts|css))"/g)].map((match) => match[1]);
      const later = new Set([...html.matchAll(/href="([^"]+)"[^>]* data-later/g)].map((match) => match[1]));
      return { name, html, named, later };
    }),
  );
  const { metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [...new Set(pages.flatMap(({ named }) => named))].map((name) => join(page, name)),
    outdir: dist,
    outbase: page,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    target: ["es2022"],
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    plugins: [glossary, words],
    logLevel: "warning",
    // Emscripten's module mentions node's modules in branches that a browser never takes.
    external: ["module", "node:*", "fs", "path", "url"],
    loader: {
      ".txt": "text",
      ".wasm": "file",
      ".ttf": "file",
      ".woff2": "file",
      ".gz": "file",
      ".svg": "file",
      ".png": "file",
    },
  });
  const outputs = Object.entries(metafile.outputs);
  const loads = {};
  for (const { name, html, named, later } of pages) {
    let made = html;
    const first = new Set();
    for (const source of new Set(named)) {
      const entry = relative(root, join(page, source));
      const output = outputs.find(([, { entryPoint }]) => entryPoint === entry)?.[0];
      if (!output) throw new Error(`${name} names ${source}, which nothing was built from`);
      made = made.replaceAll(
        new RegExp(`"(?:\\./)?${source.replaceAll(".", "\\.")}"`, "g"),
        `"./${relative(dist, join(root, output))}"`,
      );
      if (!later.has(source)) first.add(output);
    }
    // Everything that these bring along at once; what `import()` brings comes later. (The set grows while it is walked.)
    for (const output of first)
      for (const brought of metafile.outputs[output].imports)
        if (brought.kind !== "dynamic-import" && !brought.external) first.add(brought.path);
    await mkdir(dist, { recursive: true });
    await writeFile(join(dist, name), made);
    loads[name] = first;
  }
  return loads;
}

async function build() {
  for (const needed of [
    `web/page/${LAB}`,
    "build/web/mmscope.js",
    "build/web/mmscope.wasm",
    "build/web/autopsy.wasm",
  ]) {
    if (!(await exists(join(root, needed)))) {
      console.log(`${needed} is not there yet: no page is built`);
      return;
    }
  }
  const dealt = await split(join(root, "build/web/mmscope.wasm"), join(root, "build/web/split"));
  console.log(`${dealt.moved} of ${dealt.functions} functions and ${dealt.data} bytes of data come later`);
  await rm(dist, { recursive: true, force: true });
  const { [LAB]: first } = await bundle([LAB]);
  await bundle(SITE);
  if (await exists(join(page, "assets"))) await cp(join(page, "assets"), join(dist, "assets"), { recursive: true });
  await writeFile(join(dist, "licences.txt"), await licences());
  await writeLocales(join(dist, "locale"));
  await buildGlossary(join(dist, "glossary"));

  const lessons = await buildLessons(join(dist, "lessons"));
  await buildSearch(dist, lessons);
  console.log(`lessons: ${lessons.map(({ id }) => id).join(", ")}`);

  // The budget.
  const counted = [];
  for (const output of first)
    if (/\.(js|wasm|css|ttf|woff2)$/.test(output) && !/\blater-\w+\.wasm$/.test(output)) {
      const file = relative(dist, join(root, output));
      counted.push({ file, gzipped: gzipSync(await readFile(join(dist, file)), { level: 9 }).length });
    }
  counted.sort((a, b) => b.gzipped - a.gzipped);
  const total = counted.reduce((sum, { gzipped }) => sum + gzipped, 0);
  for (const { file, gzipped } of counted) console.log(`  ${String(gzipped).padStart(8)}  ${file}`);
  console.log(`first load: ${total} bytes gzipped of ${firstLoadLimit} allowed`);
  await writeFile(
    join(root, "build/first-load.json"),
    `${JSON.stringify({ total, limit: firstLoadLimit, files: counted }, null, 2)}\n`,
  );
  if (total > firstLoadLimit) throw new Error("the first load is over its budget");

  // dist/ changes in one step: a server that runs meanwhile never shows half a page.
  await rm(finished, { recursive: true, force: true });
  await mkdir(dirname(finished), { recursive: true });
  await rename(dist, finished);
}

try {
  await build();
} catch (error) {
  console.error(`page: ${error.message}`);
  process.exitCode = 1;
}
