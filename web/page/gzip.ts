// gzip.ts: a log's bytes in chunks, unpacked on the way if they are gzipped. The browser's own decompressor does it; one
// without it gets fflate, which is loaded only then.

export async function* unzipped(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (!(bytes[0] === 0x1f && bytes[1] === 0x8b)) {
    yield bytes;
    return;
  }
  if (typeof DecompressionStream === "function") {
    const reader = new Blob([bytes as Uint8Array<ArrayBuffer>])
      .stream()
      .pipeThrough(new DecompressionStream("gzip"))
      .getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  }
  const { Gunzip } = await import("fflate");
  const out: Uint8Array[] = [];
  const gunzip = new Gunzip((chunk) => out.push(chunk));
  const step = 1 << 16;
  for (let at = 0; at < bytes.length; at += step) {
    gunzip.push(bytes.subarray(at, at + step), at + step >= bytes.length);
    yield* out.splice(0);
  }
}
