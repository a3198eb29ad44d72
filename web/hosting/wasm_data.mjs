// wasm_data.mjs: what a wasm module puts into memory when it starts, as an image of that memory, and a module with other
// data. Only what a linked program has is understood: active data segments at constant addresses.
//
//     section 11:  segment 1024 "…"  segment 1096 "…"   ──► image  0 0 0 … "…" 0 0 "…"   (the index is the address)
//
//     const image = readImage(wasm); image.fill(0, 1024, 1030); write(withData(wasm, image, [...stretches(image, 8)]));
const DATA = 11;
const I32_CONST = 0x41;
const END = 0x0b;

/** The sections of a module: id, and the bytes [at, end) with head, [start, end) without. */
function* sections(wasm) {
  for (let at = 8; at < wasm.length; ) {
    const [size, start] = readUnsigned(wasm, at + 1);
    yield { id: wasm[at], at, start, end: start + size };
    at = start + size;
  }
}

/** The memory as the module leaves it before any of its code runs, up to the last word that it sets. */
export function readImage(wasm) {
  const section = [...sections(wasm)].find(({ id }) => id === DATA);
  if (!section) return new Uint8Array();
  const segments = [];
  let [count, at] = readUnsigned(wasm, section.start);
  for (; count > 0; count--) {
    if (wasm[at] !== 0 || wasm[at + 1] !== I32_CONST) throw new Error("a data segment without a constant address");
    const [address, after] = readUnsigned(wasm, at + 2);
    const [size, start] = readUnsigned(wasm, after + 1);
    segments.push({ address, bytes: wasm.subarray(start, start + size) });
    at = start + size;
  }
  const size = Math.max(0, ...segments.map(({ address, bytes }) => address + bytes.length));
  const image = new Uint8Array(Math.ceil(size / 4) * 4);
  for (const { address, bytes } of segments) image.set(bytes, address);
  return image;
}

/** The same module, but what it puts into memory are these stretches of the image. */
export function withData(wasm, image, stretches) {
  const segments = stretches.flatMap(([from, to]) => [
    Uint8Array.from([0, I32_CONST, ...signed(from), END, ...unsigned(to - from)]),
    image.subarray(from, to),
  ]);
  const body = Buffer.concat([Uint8Array.from(unsigned(stretches.length)), ...segments]);
  const old = [...sections(wasm)].find(({ id }) => id === DATA) ?? { at: wasm.length, end: wasm.length };
  const head = Uint8Array.from([DATA, ...unsigned(body.length)]);
  return Buffer.concat([wasm.subarray(0, old.at), head, body, wasm.subarray(old.end)]);
}

/** The stretches [from, to) of an image that are not zero, together with gaps of less than `gap` zeros between them. */
export function* stretches(image, gap) {
  for (let from = 0; ; ) {
    while (from < image.length && image[from] === 0) from++;
    if (from === image.length) return;
    let to = from;
    for (let at = from; at < image.length && at - to < gap; at++) if (image[at] !== 0) to = at + 1;
    yield [from, to];
    from = to;
  }
}

// LEB128, as everywhere in wasm. Addresses are written signed and are never negative.
function readUnsigned(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, at];
  }
}
function unsigned(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}
function signed(value) {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}
