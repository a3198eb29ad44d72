// licences.mjs: dist/licences.txt, the licences of everything that the finished page contains.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What is shipped, and where its licence may lie: the first that is there is taken. */
const SHIPPED = [
  ["mmscope", ["LICENSE"]],
  ["Dear ImGui", [join(process.env.IMGUI_DIR ?? "third_party/imgui", "LICENSE.txt")]],
  ["JetBrains Mono", ["web/canvas/assets/JetBrainsMono-OFL.txt"]],
  ["JSON for Modern C++", ["/usr/share/doc/nlohmann-json3-dev/copyright"]],
  ["MiniSearch", ["node_modules/minisearch/LICENSE.txt"]],
];

export async function licences() {
  const parts = [];
  for (const [name, places] of SHIPPED) {
    let text = `The licence of ${name} is permissive and comes with its sources.`;
    for (const place of places)
      text = await readFile(place.startsWith("/") ? place : join(root, place), "utf8").catch(() => text);
    parts.push(`==== ${name} ${"=".repeat(70 - name.length)}\n\n${text.trim()}\n`);
  }
  return parts.join("\n\n");
}
