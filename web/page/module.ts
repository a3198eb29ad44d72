// module.ts: fetches and starts the wasm module, in two halves (web/hosting/split.mjs): the first picture needs only the
// first. The binaries are fetched as bytes, so that a host with the wrong MIME type serves them as well as any other.
import createMmscope from "../../build/web/mmscope.js";
import firstUrl from "../../build/web/split/first.wasm";
import laterUrl from "../../build/web/split/later.wasm";

export interface Started {
  module: MmscopeModule;
  /** Resolves when the rest of the functions are there: only then may `module.Later` be used. */
  later(): Promise<void>;
}

export async function startModule(): Promise<Started> {
  const compiled = await WebAssembly.compile(await fetched(firstUrl));
  let first: WebAssembly.Exports = {};
  const module = await new Promise<MmscopeModule>((done, failed) => {
    createMmscope({
      instantiateWasm(imports, receive) {
        // What is not there yet has its place in the function table taken by a function that says so.
        const absent = () => {
          throw new Error("called before the later half of the module was there");
        };
        imports.later = new Proxy({}, { get: () => absent });
        WebAssembly.instantiate(compiled, imports).then((instance) => {
          first = instance.exports;
          receive(instance);
        }, failed);
        return {};
      },
    }).then(done, failed);
  });
  return {
    module,
    async later() {
      await WebAssembly.instantiate(await fetched(laterUrl), { first: { ...first } as WebAssembly.ModuleImports });
      module._mmscope_later();
    },
  };
}

async function fetched(url: string): Promise<ArrayBuffer> {
  const response = await fetch(new URL(url, import.meta.url));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
