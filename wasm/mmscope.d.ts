// What the wasm module gives the page (wasm/bindings.cpp and wasm/platform.cpp), by hand: Emscripten 3.1.6 writes no
// declarations. tests/browser/module.test.mjs compares the names with the real module.

/** A play of a boot, and the desk on which the canvas finds it. */
interface MmscopeLab {
  logBegin(): void;
  /** False once the log is refused. */
  logFeed(bytes: Uint8Array): boolean;
  /** {"ok":true}, or {"ok":false,"line","column","reason"}. The machine on the desk stays until prepare() is through. */
  logFinish(): string;
  /** Plays at most `calls` further calls of what was loaded; how far it is, 0 to 1. At 1 it lies on the desk. */
  prepare(calls: number): number;
  forget(): void;

  seek(call: number, event: number): void;
  step(level: string, n: number): void;
  /** The position right after the first call of a kernel function; -1 if the boot does not make it. */
  after(name: string): number;
  /** Another number whenever there is something new to read. */
  generation(): number;
  /** Story of web/page/state.ts, or null. */
  story(): string;

  /** Null without WebGL2. */
  openCanvas(selector: string): import("../web/page/canvas-host").CanvasBridge | null;
  showPanel(id: string): void;
  delete(): void;
}

/** What can wait until the first picture stands (wasm/later.cpp). */
interface MmscopeLater {
  /** [{"name","title"}] */
  presets(): string;
  /** False if there is no preset of that name. prepare() puts it on the desk. */
  loadPreset(name: string): boolean;
  /** Window of web/page/state.ts, or null. */
  table(name: string, from: number, count: number): string;
  /** Of the state at the playhead: 16 hex digits, the same as natively. "" when there is no machine. */
  digest(): string;

  // Lessons: JSON as core/lesson/lesson_json.hpp says, web/page/lesson.ts has the shapes.
  /** Takes the lesson on the machine that lies on the desk; {"error"} when the text is none. */
  lessonBegin(text: string, seed: number): string;
  lessonEnd(): void;
  /** Moves the playhead to where the step stands. Null when there is no lesson (any more). */
  lessonEnter(step: number): string;
  lessonStep(): string;
  lessonAnswer(typed: string): string;
  lessonSkip(): string;
  lessonHint(): string;
  /** A kernel call of the exercise; it is made on the boot that is shown too. */
  lessonCall(line: string): string;
  lessonUndo(): string;
  lessonExercise(): string;
  /** Selects what a step points at and shows a part of the address axis, in bytes; "" and 0, 0 = nothing and all. */
  lessonLook(path: string, from: number, to: number): void;
  /** Moves the playhead to a place that an outcome names. */
  lessonShow(call: number, event: number): void;
  delete(): void;
}

interface MmscopeModule {
  Lab: new () => MmscopeLab;
  /** Only when the later half is there (web/page/module.ts). */
  Later: new (
    lab: MmscopeLab,
  ) => MmscopeLater;
  /** Makes Later known. */
  _mmscope_later(): void;
}

interface MmscopeOptions {
  wasmBinary?: ArrayBuffer;
  printErr?: (line: string) => void;
  instantiateWasm?: (imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) => object;
}

declare module "*/mmscope.js" {
  const create: (options?: MmscopeOptions) => Promise<MmscopeModule>;
  export default create;
}
declare module "*.wasm" {
  const url: string;
  export default url;
}
declare module "*.ttf" {
  const url: string;
  export default url;
}
