// captures.ts: the recorded boots that the page can fetch: assets/captures/<name>.gz. Locale: "machine.<name>".

export const CAPTURES = ["x64-6.1-1G"] as const;

/** The boot that the page begins with. */
export const FIRST = CAPTURES[0];

/** Its log, gzipped. */
export async function fetchCapture(name: string = FIRST): Promise<Uint8Array> {
  const response = await fetch(new URL(`./assets/captures/${name}.gz`, document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
