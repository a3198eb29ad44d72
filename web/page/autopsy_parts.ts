// autopsy_parts.ts: what the autopsy needs once it is opened: its wasm module, its words, two reports to look at.
import createAutopsy from "../../build/web/autopsy.js";
import wasmUrl from "../../build/web/autopsy.wasm";
import fragmented from "../../tests/data/autopsy/fragmented.txt";
import noSwap from "../../tests/data/autopsy/no_swap.txt";

export { default as words } from "words:autopsy";

export const examples: Record<string, string> = { fragmented, "no-swap": noSwap };

export async function startModule(): Promise<AutopsyModule> {
  const response = await fetch(new URL(wasmUrl, import.meta.url));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return createAutopsy({ wasmBinary: await response.arrayBuffer() });
}
