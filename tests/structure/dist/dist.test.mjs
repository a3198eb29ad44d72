// The finished page: a static folder for any host and any path, small, and fit for a strict CSP. (Runs after the web build.)
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { root } from "../../support/tree.mjs";

const dist = join(root, "dist");
const pages = () => all().filter((name) => name.endsWith(".html"));
const html = (name) => readFileSync(join(dist, name), "utf8");
const all = () => readdirSync(dist, { recursive: true }).map(String);

test("the pages were built", () =>
  assert.deepEqual(pages().sort(), ["compare.html", "course.html", "glossary.html", "index.html", "lab.html"]));

test("the first load is within its budget", (t) => {
  const { files, limit } = JSON.parse(readFileSync(join(root, "build/first-load.json"), "utf8"));
  const total = files.reduce((sum, { file }) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0);
  t.diagnostic(`first load: ${total} bytes gzipped of ${limit}`);
  for (const kind of [".js", ".wasm", ".css"])
    assert.ok(
      files.some(({ file }) => file.endsWith(kind)),
      `no ${kind} was counted`,
    );
  assert.ok(total <= limit, `${total} bytes gzipped, ${limit} allowed`);
});

test("URLs are relative and what they name exists", () => {
  for (const page of pages()) {
    for (const [, url] of html(page).matchAll(/\b(?:src|href)="([^"]*)"/g)) {
      if (/^(#|data:|https:)/.test(url)) continue; // links out are links, loads are checked below
      assert.ok(!url.startsWith("/"), `${page}: ${url} is not relative`);
      assert.ok(existsSync(join(dist, url.replace(/[?#].*/, ""))), `${page}: ${url} does not exist`);
    }
    assert.doesNotMatch(html(page), /<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="https?:/, page);
  }
});

test("nothing needs unsafe-inline or unsafe-eval", () => {
  for (const page of pages())
    assert.doesNotMatch(html(page), /<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle="|\son\w+="/, page);
  for (const name of all().filter((name) => name.endsWith(".js")))
    assert.doesNotMatch(readFileSync(join(dist, name), "utf8"), /\beval\(|new Function\(/, name);
});

test("scripts, styles and modules carry their content's hash in the name", () => {
  const plain = all().filter(
    (name) => /\.(js|css|wasm|ttf)$/.test(name) && !name.startsWith("assets/") && !/-[0-9A-Z]{8}\.\w+$/.test(name),
  );
  assert.deepEqual(plain, []);
});

test("what is shipped comes with its licence", () => {
  const text = readFileSync(join(dist, "licences.txt"), "utf8");
  for (const words of ["Omar Cornut", "JetBrains Mono Project Authors", "Luca Ongaro", "mmscope"])
    assert.ok(text.includes(words), words);
});
