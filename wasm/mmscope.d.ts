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
  /** While it is locked nothing that is pressed on the canvas moves the playhead. */
  lock(locked: boolean): void;
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

  /** Sheet of web/page/asked.ts, or null. */
  inspect(path: string): string;
  /** Marks the thing in the picture and brings it into view; false if there is no such thing. */
  select(path: string): boolean;
  clearSelection(): void;
  /** The path of what is selected, or ""; selections() counts the changes of it. */
  selection(): string;
  selections(): number;

  /** Answer of web/page/asked.ts, or null. */
  ask(text: string): string;
  /** Words that may replace the one at the end. */
  complete(text: string): string;
  /** Begins a search; what is wrong with the query, or "". */
  search(query: string): string;
  /** Looks at so many further calls; how far it is, 0 to 1. */
  searchOn(calls: number): number;
  /** Hits of web/page/asked.ts, or null. */
  hits(from: number, count: number): string;
  /** {"call","event"} of the next (1) or previous (-1) hit from the playhead, or null. */
  hitNear(direction: number): string;

  /** Begins the life of a page frame, by its PFN or an address in it; followOn() goes on like searchOn(). */
  follow(at: number, address: boolean): void;
  followOn(calls: number): number;
  /** Life of web/page/asked.ts, or null. */
  life(): string;

  /** [{"part","label"}]: the lines of the accounting that the picture shows at full strength; [] = all. */
  filter(): string;
  toggleFilter(part: string, label: string): void;
  showAll(): void;
  /** The largest range that is held under this name. */
  selectOwner(label: string): boolean;

  // Lessons: JSON as core/lesson/lesson_json.hpp says, web/page/lesson.ts has the shapes.
  /** The machine that this seed picks: {"capture"|"preset"|"script"}; {"error"} when the text is no lesson. */
  lessonMachine(text: string, seed: number): string;
  /** Takes the lesson on the machine that lies on the desk, "practice" or "exam"; {"error"} when the text is none. */
  lessonBegin(text: string, seed: number, mode: string): string;
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
  /** Ends an exam; the results. */
  lessonFinish(): string;
  /** Null while something is open, or the exam is not finished. */
  lessonResults(): string;
  /** A JSON list of texts: with lesson, seed and mode all that the run consists of. */
  lessonInputs(): string;
  /** {"taken","of"}: on a run that has just begun, as far as the lesson is still the same. lessonEnter() then. */
  lessonReplay(inputs: string): string;
  /** To hand in (core/lesson/receipt.hpp); null while there are no results. The name may be "". */
  lessonReceipt(name: string): string;
  /** Does a receipt again, on the desk's machine, which must be the one that lessonMachine names for its seed. */
  lessonGrade(receipt: string, lesson: string): string;
  /** `mmscope lessons check` on the desk's machine, which must be machine number `machine` of the lesson. A lesson of
   *  several machines is checked with one after the other, from 0; the last report is the whole one. */
  lessonCheck(text: string, machine: number, prose: string): string;
  /** Selects what a step points at and shows a part of the address axis, in bytes; "" and 0, 0 = nothing and all. */
  lessonLook(path: string, from: number, to: number): void;
  /** Moves the playhead to a place that an outcome names. */
  lessonShow(call: number, event: number): void;

  /** {"ok":true}, or line, column and reason as logFinish. prepare() puts it on the desk. */
  loadScript(text: string, title: string): string;
  /** The machine on the desk as loadScript takes it. */
  scriptText(): string;
  /** Completion of web/page/script.ts. */
  completion(line: string): string;
  /** Made of web/page/script.ts: a kernel call at the playhead, in a branch of its own. */
  makeCall(line: string): string;
  /** Branches of web/page/script.ts. */
  branches(): string;
  switchBranch(id: number): boolean;

  // The running allocator: JSON as web/page/live_call.ts says.
  /** Allocator, with at most `count` of the blocks that calls have got and still have. */
  allocator(from: number, count: number): string;
  /** Usage of web/page/workload.ts. */
  usage(): string;
  /** The Block among them that this page lies in, or null. */
  holding(pfn: number): string;
  /** GfpMeaning: what the flags of a request mean on this machine. */
  gfp(text: string): string;
  /** [{"name","about"}] */
  gfpWords(): string;
  /** Walk: the way of the call on show; null when it is not about pages. */
  walk(): string;
  /** Row of the event on show, or null. */
  told(): string;

  // The slab allocator: JSON as web/page/objects.ts says.
  /** Caches. */
  caches(): string;
  /** Cache with at most so many of its slabs, or null. */
  cache(id: number, most: number): string;
  /** Slot of the object at a physical address, or null. */
  object(address: number): string;

  // Struct page, memory models and the allocators before memblock: JSON as web/page/page_choice.ts and page_old.ts say.
  /** Choices. */
  pageChoices(): string;
  /** Layout; options as "memcg,aligned"; `against` another era, or "". */
  pageLayout(era: string, bits: number, options: string, pfn: number, against: string): string;
  /** FlagsWord in a memory model. */
  pageFlags(era: string, options: string, pfn: number, model: string): string;
  /** Models: five of them. */
  pageModels(era: string, options: string, pfn: number): string;
  /** OldMemory. */
  oldMemory(): string;

  seek(call: number, event: number, part: number): void;
  /** Works for at most `calls` calls towards it; true when it is there. */
  seekSome(call: number, event: number, calls: number): boolean;
  /** "in", "over", "out"; forwards when direction > 0. */
  stride(how: string, direction: number): void;
  /** View of web/page/links.ts. */
  view(): string;
  /** The panel that has all the place below the strip, or "". */
  setFocus(panel: string): void;
  /** What the middle panel shows: "sections", "zones", or "" for what the boot has reached. */
  pin(panel: string): void;
  setAxis(from: number, to: number): void;
  clearBookmarks(): void;
  addBookmark(call: number, event: number, part: number): void;
  delete(): void;
}

/** Boots side by side (wasm/compare.cpp); JSON as web/page/compare_state.ts says. */
interface MmscopeCompare {
  /** Choices: presets, builds of machines to make up, and their limits. */
  choices(): string;
  /** The names of the eras, oldest first. */
  eras(): string;
  /** EraStep[]: what changed from one era to the other; null if there is no such era. */
  changes(from: string, to: string): string;

  clear(): void;
  /** Machines come one after the other. What is wrong with this one, or "". */
  addPreset(name: string): string;
  addBuild(release: string, ram: number, cpus: number, parameters: string): string;
  addScript(text: string, title: string): string;
  logBegin(): void;
  logFeed(bytes: Uint8Array): boolean;
  logFinish(): string;
  /** Plays at most so many calls of the machines that were added; how far it is, 0 to 1. */
  play(calls: number): number;

  moments(): number;
  /** Compared, or null. */
  machines(): string;
  /** Works for at most so many calls of each machine; true when all are there. */
  seek(moment: number, calls: number): boolean;
  /** MomentState, or null. */
  moment(): string;
  /** The nearest moment forwards (1) or backwards (-1) at which all machines make a call. */
  shared(direction: number): number;
  /** The moment right after the first call of a kernel function that any machine makes; -1 if none does. */
  after(name: string): number;
  /** A machine as addScript takes it. */
  script(machine: number): string;
  delete(): void;
}

interface MmscopeModule {
  Lab: new () => MmscopeLab;
  /** Only when the later half is there (web/page/module.ts). */
  Later: new (
    lab: MmscopeLab,
  ) => MmscopeLater;
  /** Likewise. */
  Compare: new () => MmscopeCompare;
  /** Makes Later and Compare known. */
  _mmscope_later(): void;
}

interface MmscopeOptions {
  wasmBinary?: ArrayBuffer;
  printErr?: (line: string) => void;
  instantiateWasm?: (imports: WebAssembly.Imports, receive: (instance: WebAssembly.Instance) => void) => object;
}

/** wasm/autopsy.cpp */
interface AutopsyModule {
  /** Why a request for pages failed, from a kernel's own report: Answer of web/page/autopsy.ts. */
  autopsy(text: string): string;
}
declare module "*/autopsy.js" {
  const create: (options?: MmscopeOptions) => Promise<AutopsyModule>;
  export default create;
}
declare module "*/mmscope.js" {
  const create: (options?: MmscopeOptions) => Promise<MmscopeModule>;
  export default create;
}
declare module "*.def" {
  /** From core/query/fields.def: the key of a field, and what it means (web/hosting/glossary.mjs). */
  const meanings: Record<string, string>;
  export default meanings;
}
declare module "*.txt" {
  const text: string;
  export default text;
}
declare module "*.wasm" {
  const url: string;
  export default url;
}
declare module "*.ttf" {
  const url: string;
  export default url;
}
