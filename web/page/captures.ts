// captures.ts: the recorded boots that the page can fetch: assets/captures/<name>.gz. Locale: "machine.<name>".

export const CAPTURES = [
  "x64-6.1-1G",
  "x64-6.1-1G-holes",
  "x64-6.1-4G",
  "x64-6.1-4G-q35",
  "x64-6.1-64G",
  "x64-6.1-numa2-1g3g",
  "x64-6.1-numa2-2g2g",
  "x64-6.1-numa4-4x1g",
  "x64-5.10-1G",
  "x64-6.12-1G",
  "x64-7.2-1G",
  "i386-6.1-1G",
  "i386-6.1pae-1G",
  "arm64-6.1-512M",
  "arm64-6.12-16k-1G",
  "arm64-7.2-16k-1G",
  "armhf-6.1-1G",
] as const;

/** The boot that the page begins with. */
export const FIRST = CAPTURES[0];

/** Its log, gzipped. */
export async function fetchCapture(name: string = FIRST): Promise<Uint8Array> {
  const response = await fetch(new URL(`./assets/captures/${name}.gz`, document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}
