// module.ts: fetches and starts the wasm module. The binary is fetched as bytes, so that a host with the wrong MIME type
// serves it as well as any other.
import createMmscope from "../../build/web/mmscope.js";
import wasmUrl from "../../build/web/mmscope.wasm";

export async function startModule(): Promise<MmscopeModule> {
  const response = await fetch(new URL(wasmUrl, import.meta.url));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return createMmscope({ wasmBinary: await response.arrayBuffer() });
}
