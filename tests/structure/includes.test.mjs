// Dependencies point one way (docs/architecture.md). CMake links only downward; this looks at every #include.
import assert from "node:assert/strict";
import { test } from "node:test";
import { code, cpp, matches } from "../support/tree.mjs";

// What each module may include besides itself.
const below = {
  base: [],
  desc: ["base"],
  trace: ["base"],
  mm: ["base", "desc", "trace"],
  lab: ["base", "desc", "trace", "mm"],
  io: ["base", "desc", "trace", "mm", "lab"],
  query: ["base", "desc", "trace", "mm", "lab"],
  lesson: ["base", "desc", "trace", "mm", "lab", "io", "query"],
  cli: ["base", "desc", "trace", "mm", "lab", "io", "query", "lesson"],
  canvas: ["base", "desc", "trace", "mm", "lab"],
};

const moduleOf = (path) => path.match(/^(?:core|web)\/(\w+)\//)?.[1];
const includes = (path) =>
  [...code(path).matchAll(/^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]/gm)].map(([, kind, name]) => ({ kind, name }));

for (const module of Object.keys(below))
  test(`${module} includes only ${["itself", ...below[module]].join(", ")}`, () => {
    const wrong = [];
    for (const path of cpp("core", "web").filter((path) => moduleOf(path) === module))
      for (const { name } of includes(path)) {
        const target = name.match(/^(\w+)\//)?.[1];
        if (target in below && target !== module && !below[module].includes(target))
          wrong.push(`${path} includes ${name}`);
        if (name.includes("..")) wrong.push(`${path} includes ${name}: name it from the include root`);
      }
    assert.deepEqual(wrong, []);
  });

const only = (what, pattern, allowed, ...folders) =>
  test(what, () => {
    const wrong = cpp(...folders)
      .filter((path) => !allowed.test(path))
      .flatMap((path) =>
        includes(path)
          .filter(({ name }) => pattern.test(name))
          .map(({ name }) => `${path} includes ${name}`),
      );
    assert.deepEqual(wrong, []);
  });

only("emscripten is included in wasm/ only", /^emscripten/, /^wasm\//, "core", "web", "wasm", "tests");
only(
  "Dear ImGui is included in the canvas, its tests and wasm/ only",
  /^imgui/,
  /^(web\/canvas|wasm|tests\/unit)\//,
  "core",
  "web",
  "wasm",
  "tests",
);
only("JSON is parsed in core/io and core/lesson only", /^nlohmann\//, /^core\/(io|lesson)\//, "core", "web", "wasm");
only(
  "the model has no clock, thread, chance, locale or stream of its own",
  /^(iostream|chrono|ctime|time\.h|thread|mutex|atomic|future|random|locale|regex)$/,
  /^$/,
  "core",
);

test("the page's code includes no platform", () => {
  const wrong = cpp("core", "web").flatMap((path) => matches(path, code(path), /__EMSCRIPTEN__|\bEM_ASM\b|\bEM_JS\b/));
  assert.deepEqual(wrong, []);
});

test("an era is tested by its rows, never by its name, outside core/desc", () => {
  const name = /\bEra::v\d|[!=]=\s*"\d+\.\d+"|"\d+\.\d+"\s*[!=]=/;
  const wrong = cpp("core", "web", "wasm")
    .filter((path) => !path.startsWith("core/desc/"))
    .flatMap((path) => matches(path, code(path), name));
  assert.deepEqual(wrong, []);
});

test("every header is included once, by #pragma once", () => {
  assert.deepEqual(
    cpp("core", "web", "wasm", "tests").filter((path) => path.endsWith(".hpp") && !/^#pragma once$/m.test(code(path))),
    [],
  );
});
