// split_data.mjs: the data of the wasm module in two halves, after its functions (split.mjs). What only the later half
// can reach is zero in the first file and a data segment of the later one, which shares its memory.
//
//     first.wasm  code ──► table ──► strings            stay
//     later.wasm  code ──► table of its own ──► strings  go along
//
// The linker's map says where each constant object lies; strings lie in one blob, each up to its zero. An object is
// reached by a constant of the code or an aligned word of an object reached before: any number that may be an address is
// taken for one, so what a number means by chance stays as well. LLVM names an object by an address inside it or by its
// end. The exception is `table - 65`, where an index never is below 65; such a table nobody seems to name. So an object
// goes only if the later half names it, and what neither half names stays.
import { readFile, writeFile } from "node:fs/promises";
import { readImage, stretches, withData } from "./wasm_data.mjs";

/** Moves data from one file to the other. `texts` are the two as wasm-dis prints them; returns the number of bytes. */
export async function splitData(first, later, map, texts) {
  const [firstWasm, laterWasm] = [await readFile(first), await readFile(later)];
  const image = readImage(firstWasm);
  if (readImage(laterWasm).length > 0) throw new Error("the later half has data already");
  const moved = laterObjects(image, readMap(map, image), ...texts.map(constants));
  const [stay, go] = [new Uint8Array(image), new Uint8Array(image.length)];
  for (const { from, to } of moved) {
    stay.fill(0, from, to);
    go.set(image.subarray(from, to), from);
  }
  // Zeros compress to nothing, but the head of a segment does not. A gap of the later half may hold data that stay: they
  // are written once more.
  await writeFile(first, withData(firstWasm, stay, [...stretches(stay, 128)]));
  await writeFile(later, withData(laterWasm, image, [...stretches(go, 8)]));
  return moved.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The constant objects of wasm-ld's map, by address: [from, to), and whether it is text, which holds no addresses. */
export function readMap(map, image) {
  const objects = [];
  let section = "";
  for (const line of map.slice(map.search(/ DATA$/m)).split("\n")) {
    const [, address, size, indent, name] = line.match(/^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+)( +)(.*)/) ?? [];
    if (indent?.length === 1) section = name; // .rodata; what stands in .data may have been written to
    if (indent?.length !== 9 || section !== ".rodata") continue;
    const from = Number.parseInt(address, 16);
    const to = from + Number.parseInt(size, 16);
    if (!name.startsWith("<internal>:")) objects.push({ from, to, text: false });
    else
      for (let at = from, end; at < to; at = end) {
        end = image.indexOf(0, at) + 1;
        if (end === 0 || end > to) throw new Error("the linker's map is none of this module: a string does not end");
        objects.push({ from: at, to: end, text: true });
      }
  }
  objects.sort((a, b) => a.from - b.from);
  if (objects.length === 0) throw new Error("the linker's map names no constant object");
  if (objects.some(({ from }, i) => from < objects[i - 1]?.to)) throw new Error("objects overlap in the linker's map");
  return objects;
}

/**
 * Every number in the code of a half that may be an address: a constant, half a 64-bit one, the offset of a load. Where a
 * data segment begins is none: a table with zeros in it is in several.
 */
function constants(text) {
  const found = new Set();
  const code = text.replaceAll(/^ *\(data .*$/gm, "");
  for (const [, word, pair, offset] of code.matchAll(/i32\.const (-?\d+)|i64\.const (-?\d+)|offset=(\d+)/g))
    if (pair === undefined) found.add(Number(word ?? offset));
    else for (const shift of [0n, 32n]) found.add(Number(BigInt.asUintN(32, BigInt(pair) >> shift)));
  return found;
}

/** The objects that the later half names, unless something else may name them: the first half, data of unknown use. */
function laterObjects(image, objects, first, later) {
  const named = reach(image, objects, later);
  const others = new Uint8Array(image);
  for (const { from, to } of named) others.fill(0, from, to);
  const kept = reach(image, objects, [...first, ...words(others, 0, others.length)]);
  return [...named].filter((object) => !kept.has(object));
}

/** The objects at these addresses, those that they point at, and so on. */
function reach(image, objects, addresses) {
  const reached = new Set();
  const add = (address) => {
    for (const object of [objectAt(objects, address), objectAt(objects, address - 1)])
      if (object && (address < object.to || !object.text)) reached.add(object); // a table has an address more: its end
  };
  for (const address of addresses) add(address);
  for (const { from, to, text } of reached) if (!text) for (const word of words(image, from, to)) add(word);
  return reached;
}

function objectAt(objects, address) {
  let low = 0;
  for (let high = objects.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (objects[middle].to > address) high = middle;
    else low = middle + 1;
  }
  return objects[low]?.from <= address ? objects[low] : undefined;
}

/** The aligned words of [from, to). */
function* words(image, from, to) {
  const view = new DataView(image.buffer, image.byteOffset, Math.min(to, image.length));
  for (let at = Math.ceil(from / 4) * 4; at + 4 <= view.byteLength; at += 4) yield view.getUint32(at, true);
}
