// wrong.ts: the place where a line that was typed goes wrong. The core counts columns in bytes, from 1.

/** That column as an index of the line's characters. */
export function indexOf(line: string, column: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(line).subarray(0, Math.max(column - 1, 0))).length;
}

/** What stands before it, what is wrong (a word, or one sign, or "␣" at the end), what stands behind. */
export function partsAt(line: string, column: number, word: RegExp): [before: string, wrong: string, after: string] {
  const from = indexOf(line, column);
  const wrong = word.exec(line.slice(from))?.[0] || line.slice(from, from + 1);
  return [line.slice(0, from), wrong || "␣", line.slice(from + wrong.length)];
}
