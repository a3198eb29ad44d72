// page.ts: what all parts of the page share: the lab, the canvas, the story of the step that is shown. Parts listen; the
// playhead is moved through move(), the picture is drawn anew through changed().
//
//     page.onStory((story) => …);                       after every move, and once at the beginning
//     page.move(() => page.lab.step("call", 1));
import { type CanvasBridge, CanvasHost } from "./canvas-host";
import { byId } from "./dom";
import { Loader, type Outcome } from "./loader";
import { t } from "./locale";
import type { Story } from "./state";
import { onTheme, theme } from "./theme";

type Listener = (story: Story) => void;

export class Page {
  readonly loader: Loader;
  host: CanvasHost | null = null;
  story: Story | null = null;
  private readonly listeners: Listener[] = [];
  private readonly newMachine: (() => void)[] = [];
  private readonly atRest: (() => void)[] = [];
  private readonly locks: ((on: boolean) => void)[] = [];
  private moving = false;
  private still = false;
  private readonly frames: (() => void)[] = [];
  private seen = -1;

  constructor(readonly lab: MmscopeLab) {
    this.loader = new Loader(lab, busy);
    byId("busy-cancel").addEventListener("click", () => this.loader.cancel());
  }

  openCanvas(font: Uint8Array): void {
    const host = new CanvasHost({
      parent: byId("canvas-place"),
      label: t("picture.label"),
      font,
      open: (selector) => this.watched(this.lab.openCanvas(selector)),
    });
    if (host.unavailable) {
      const note = byId("no-canvas");
      note.hidden = false;
      note.textContent = t(`no-canvas.${host.unavailable}`);
      byId("picture").classList.add("without");
      byId("picture").append(byId("twin"));
      return;
    }
    this.host = host;
    host.setTheme(theme());
    onTheme((now) => host.setTheme(now));
    (byId("canvas-place") as HTMLElement & { host?: CanvasHost }).host = host; // for tests: frames drawn
  }

  /** A press on the canvas moves the playhead too: look after each frame whether there is something new to read. */
  private watched(bridge: CanvasBridge | null): CanvasBridge | null {
    if (!bridge) return null;
    const frame = bridge.frame.bind(bridge);
    bridge.frame = (seconds) => {
      const more = frame(seconds);
      if (this.lab.generation() !== this.seen) queueMicrotask(() => this.refresh());
      for (const listener of this.frames) queueMicrotask(listener);
      return more;
    };
    return bridge;
  }

  onStory(listener: Listener): void {
    this.listeners.push(listener);
    if (this.story) listener(this.story);
  }
  /** Another machine lies on the desk; the story follows. */
  onMachine(listener: () => void): void {
    this.newMachine.push(listener);
  }

  /** After each picture: a press on the canvas may have changed more than the playhead. */
  onFrame(listener: () => void): void {
    this.frames.push(listener);
  }

  /** The boot plays by itself: what nobody sees may wait until it rests. */
  get playing(): boolean {
    return this.moving;
  }
  set playing(now: boolean) {
    this.moving = now;
    if (!now) for (const listener of this.atRest) listener();
  }
  onRest(listener: () => void): void {
    this.atRest.push(listener);
  }

  /**
   * The clock stands still, as in an exam: only a lesson moves the playhead, and nothing tells of more than how memory
   * looks at this moment.
   */
  lock(on: boolean): void {
    if (on === this.still) return;
    this.still = on;
    this.lab.lock(on);
    document.body.toggleAttribute("data-locked", on);
    for (const listener of this.locks) listener(on);
    this.move(() => {});
  }
  get locked(): boolean {
    return this.still;
  }
  onLock(listener: (on: boolean) => void): void {
    this.locks.push(listener);
  }

  /** Behind which call the page allocator has what the kernel itself can use; -1: behind none. */
  handoff(): number {
    const call = this.lab.after("memblock_free_all");
    return call >= 0 ? call : this.lab.after("free_all_bootmem"); // before memblock
  }
  /** To that place; a long way in slices, once the part of the page that can do that is there (long_seek.ts). */
  seek(call: number, event = 0): void {
    this.move(() => this.lab.seek(call, event));
  }
  move(how: () => void): void {
    how();
    this.refresh();
    this.changed();
  }
  /** There is something to be seen that is not a move: a selection, a filter. */
  changed(): void {
    this.host?.invalidate();
  }

  private refresh(): void {
    this.seen = this.lab.generation();
    const story = JSON.parse(this.lab.story()) as Story | null;
    if (!story) return;
    if (this.still) for (const told of ["call", "event", "path", "answer"] as const) delete story[told];
    this.story = story;
    for (const listener of this.listeners) listener(story);
  }

  /** Null when the machine is on the desk; else why not. What was there before is still there then. */
  async put(load: () => Promise<Outcome>): Promise<string | null> {
    const outcome = await load();
    if (!outcome.ok) {
      if (!outcome.reason) return ""; // cancelled, or another one was asked for
      return t(outcome.line ? "log.refused-at" : "log.refused", { line: outcome.line, reason: outcome.reason });
    }
    for (const listener of this.newMachine) listener();
    // The first look is at memory as the firmware describes it: one step earlier there is nothing to see.
    this.move(() => this.lab.seek(Math.max(this.lab.after("e820__memblock_setup"), 0), 0));
    if (this.story?.stopped) {
      const { calls } = this.story.place;
      message(t("log.stopped", { call: calls, calls, reason: this.story.stopped }));
    } else message(null);
    return null;
  }
}

/** What is being done and how far it is; said only when it takes long enough to be wondered about. */
function busy(word: string | null, share: number): void {
  byId("busy").hidden = word === null;
  byId("busy-word").textContent = word ?? "";
  byId<HTMLProgressElement>("busy-bar").value = share;
}

export function message(text: string | null): void {
  const box = byId("message");
  box.hidden = !text;
  box.textContent = text ?? "";
}
