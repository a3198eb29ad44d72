// canvas-host.ts: the DOM side of the canvas. It owns the <canvas>, its listeners, its size, the decision when to draw,
// and the mirror of controls over it (mirror.ts). What is drawn is up to the wasm module behind CanvasBridge.
//
//     const host = new CanvasHost({
//       parent: document.querySelector("#picture"),
//       label: t("picture.label"),
//       font: new Uint8Array(await (await fetch(fontUrl)).arrayBuffer()),
//       open: (selector) => module.openCanvas(selector),
//     });
//     if (host.unavailable) showTwinOnly(host.unavailable);
//     host.setTheme("light");
//     lab.onchange = () => host.invalidate();          // the machine changed: draw it
//
// Manners, because the canvas lives in somebody's page:
//   - listeners on its own elements only; Tab passes through it, Esc leaves it;
//   - the wheel and touch scroll the page until the canvas has focus; ctrl + wheel is always the browser's zoom;
//   - it draws three frames after an event (ImGui needs up to that to settle), more only while something moves, and
//     none while hidden or scrolled away. An idle canvas costs nothing.
import { MirrorOverlay, type MirrorSnapshot, MOVING_KEYS } from "./mirror";

/** The wasm side: `CanvasPlatform` of wasm/platform.hpp. */
export interface CanvasBridge {
  pointer(x: number, y: number, buttons: number, touch: boolean): void;
  pointerGone(): void;
  wheel(dx: number, dy: number): void;
  pinch(scale: number, x: number, y: number): void;
  key(key: string, down: boolean, modifiers: number): boolean;
  focus(focused: boolean): void;
  resize(width: number, height: number, dpr: number): void;
  frame(seconds: number): boolean;
  mirrorGeneration(): number;
  mirror(): string;
  click(id: number): boolean;
  focusItem(id: number): void;
  cursor(): string;
  setTheme(name: string): void;
  setScale(scale: number): void;
  setReducedMotion(still: boolean): void;
  setFont(ttf: Uint8Array): boolean;
  contextLost(): void;
  contextRestored(): void;
  delete(): void;
}

export type CanvasTheme = "dark" | "light" | "contrast";

/** Why there is no picture: the browser has no WebGL2, the font is not one, or the module failed. */
export type Unavailable = "webgl2" | "font" | "module";

export interface CanvasHostOptions {
  parent: HTMLElement;
  /** The canvas' accessible name, in the learner's language. */
  label: string;
  /** The TrueType file of the canvas. */
  font: Uint8Array;
  /** Null if WebGL2 is missing. */
  open(selector: string): CanvasBridge | null;
}

const FRAMES_PER_EVENT = 3;
const WHEEL_STEP = 100; // pixels of a mouse wheel's notch
const WHEEL_LINES = 3; // the same in lines

let canvases = 0;

export class CanvasHost {
  readonly element = document.createElement("div");
  readonly canvas = document.createElement("canvas");
  readonly unavailable: Unavailable | null;
  /** Frames drawn so far; a test reads it to prove that nothing is drawn when nothing happens. */
  frames = 0;

  private readonly bridge: CanvasBridge | null = null;
  private readonly overlay: MirrorOverlay;
  private readonly life = new AbortController();
  private readonly observers: { disconnect(): void }[] = [];
  private readonly heldKeys = new Map<string, string>(); // KeyboardEvent.code -> the key it was when it went down
  private readonly fingers = new Map<number, { x: number; y: number }>();
  private pinching = false;
  private pending = 0;
  private request = 0;
  private onScreen = true;
  private generation = 0;

  constructor(options: CanvasHostOptions) {
    this.element.className = "mm-canvas";
    this.canvas.id = `mm-canvas-${++canvases}`;
    this.canvas.tabIndex = 0;
    // An application takes its own arrow keys; a screen reader then passes them on.
    this.canvas.setAttribute("role", "application");
    this.canvas.setAttribute("aria-label", options.label);
    this.overlay = new MirrorOverlay({
      click: (id) => {
        this.element.scrollIntoView({ block: "nearest" }); // off screen nothing is drawn, so nothing would happen
        this.bridge?.click(id);
        this.invalidate();
      },
      focus: (id) => {
        this.bridge?.focusItem(id);
        this.invalidate();
      },
      key: (event) => this.passKey(event),
      focusLost: () => this.canvas.focus({ preventScroll: true }),
    });
    this.element.append(this.canvas, this.overlay.element);
    options.parent.append(this.element);

    const opened = open(options, `#${this.canvas.id}`);
    if (typeof opened === "string") {
      this.unavailable = opened;
      this.element.remove();
      return;
    }
    this.unavailable = null;
    this.bridge = opened;
    this.listen(opened);
    this.watch(opened);
  }

  /** Something to be seen has changed: draw. */
  invalidate(): void {
    this.pending = FRAMES_PER_EVENT;
    this.schedule();
  }

  setTheme(theme: CanvasTheme): void {
    this.bridge?.setTheme(theme);
    this.invalidate();
  }

  /** 1, or 1.5 for a projector. */
  setScale(scale: number): void {
    this.bridge?.setScale(scale);
    this.invalidate();
  }

  dispose(): void {
    this.life.abort();
    for (const observer of this.observers) observer.disconnect();
    cancelAnimationFrame(this.request);
    this.onScreen = false;
    this.element.remove();
    this.bridge?.delete();
  }

  // ---- input -------------------------------------------------------------------------------------------------------

  private listen(bridge: CanvasBridge): void {
    const { signal } = this.life;
    const on = <K extends keyof HTMLElementEventMap>(type: K, listener: (event: HTMLElementEventMap[K]) => void) =>
      this.canvas.addEventListener(type, listener as EventListener, { signal, passive: false });

    on("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      if (event.pointerType !== "touch") return this.movePointer(event);
      this.fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      if (this.fingers.size === 1) return this.movePointer(event);
      this.pinching = true; // the first finger was not a press after all
      bridge.pointerGone();
      this.invalidate();
    });
    on("pointermove", (event) => {
      if (this.pinching && this.fingers.has(event.pointerId)) this.movePinch(event);
      else this.movePointer(event);
    });
    on("pointerup", (event) => {
      if (!this.pinching) this.movePointer(event);
      if (event.pointerType === "touch") this.liftFinger(event); // a finger that is up points nowhere
    });
    on("pointercancel", (event) => this.liftFinger(event));
    on("pointerleave", (event) => {
      if (event.buttons === 0) this.liftFinger(event);
    });

    on("wheel", (event) => {
      if (!this.active || event.ctrlKey) return;
      event.preventDefault();
      const notch = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? WHEEL_STEP : WHEEL_LINES;
      bridge.wheel(-event.deltaX / notch, -event.deltaY / notch);
      this.invalidate();
    });

    on("keydown", (event) => {
      if (event.key === "Escape") this.canvas.blur();
      else if (this.passKey(event) && (MOVING_KEYS.has(event.key) || event.key === " ")) event.preventDefault();
    });
    on("keyup", (event) => this.passKey(event));

    on("focus", () => this.canvas.classList.add("mm-active"));
    on("blur", () => this.canvas.classList.remove("mm-active"));
    on("webglcontextlost" as keyof HTMLElementEventMap, (event) => {
      event.preventDefault(); // else it is never restored
      this.element.dataset.context = "lost";
      bridge.contextLost();
    });
    on("webglcontextrestored" as keyof HTMLElementEventMap, () => {
      delete this.element.dataset.context;
      bridge.contextRestored();
      this.invalidate();
    });

    // Focus may be on the canvas or on a control of the mirror: to ImGui both are "this window".
    const focus = (event: FocusEvent) => {
      const inside = event.type === "focusin" || this.element.contains(event.relatedTarget as Node | null);
      if (!inside) this.heldKeys.clear();
      bridge.focus(inside);
      this.invalidate();
    };
    this.element.addEventListener("focusin", focus, { signal });
    this.element.addEventListener("focusout", focus, { signal });
  }

  private get active(): boolean {
    return document.activeElement === this.canvas;
  }

  private movePointer(event: PointerEvent): void {
    this.bridge?.pointer(event.offsetX, event.offsetY, event.buttons, event.pointerType === "touch");
    this.invalidate();
  }

  private liftFinger(event: PointerEvent): void {
    this.fingers.delete(event.pointerId);
    if (this.fingers.size === 0) this.pinching = false;
    this.bridge?.pointerGone();
    this.invalidate();
  }

  private movePinch(event: PointerEvent): void {
    const before = spread(this.fingers);
    this.fingers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    const after = spread(this.fingers);
    if (before.distance > 0 && after.distance > 0)
      this.bridge?.pinch(after.distance / before.distance, after.x, after.y);
    this.invalidate();
  }

  /** True if the canvas knows the key. Tab and combinations with ctrl, alt or meta are the browser's. */
  private passKey(event: KeyboardEvent): boolean {
    const down = event.type === "keydown";
    if (down && (event.ctrlKey || event.altKey || event.metaKey)) return false;
    const key = down ? event.key : (this.heldKeys.get(event.code) ?? event.key);
    const modifiers = event.shiftKey ? 1 : 0;
    if (down) this.heldKeys.set(event.code, key);
    else this.heldKeys.delete(event.code);
    if (event.repeat) this.bridge?.key(key, false, modifiers); // each repetition is a press of its own
    const known = this.bridge?.key(key, down, modifiers) ?? false;
    if (known) this.invalidate();
    return known;
  }

  // ---- size, visibility, drawing -----------------------------------------------------------------------------------

  private watch(bridge: CanvasBridge): void {
    const { signal } = this.life;
    const size = new ResizeObserver(([entry]) => {
      if (!entry) return;
      const dpr = window.devicePixelRatio;
      const exact = entry.devicePixelContentBoxSize?.[0];
      const width = pixels(entry.contentRect.width * dpr, exact?.inlineSize);
      const height = pixels(entry.contentRect.height * dpr, exact?.blockSize);
      this.canvas.width = width;
      this.canvas.height = height;
      bridge.resize(width, height, dpr);
      this.draw(performance.now()); // a resized canvas is blank: fill it before the browser paints
      this.invalidate();
    });
    const observe = () => {
      size.disconnect();
      try {
        size.observe(this.canvas, { box: "device-pixel-content-box" });
      } catch {
        size.observe(this.canvas); // WebKit
      }
    };
    // Moved to another screen or zoomed, the CSS size may stay while the pixels change.
    const watchRatio = () => {
      observe();
      matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", watchRatio, {
        once: true,
        signal,
      });
    };
    watchRatio();

    const onScreen = new IntersectionObserver((entries) => {
      this.onScreen = entries.some((entry) => entry.isIntersecting);
      if (this.onScreen) this.invalidate();
    });
    onScreen.observe(this.element);
    this.observers.push(size, onScreen);

    document.addEventListener(
      "visibilitychange",
      () => {
        if (document.hidden) bridge.focus(false);
        else this.invalidate();
      },
      { signal },
    );
    const motion = matchMedia("(prefers-reduced-motion: reduce)");
    const setMotion = () => bridge.setReducedMotion(motion.matches);
    setMotion();
    motion.addEventListener("change", setMotion, { signal });
  }

  private schedule(): void {
    if (this.request !== 0 || !this.bridge || !this.onScreen || document.hidden) return;
    this.request = requestAnimationFrame((now) => {
      this.request = 0;
      if (!this.onScreen) return; // scrolled away meanwhile; coming back draws
      const more = this.draw(now);
      this.pending = more ? Math.max(this.pending - 1, 1) : this.pending - 1;
      if (this.pending > 0) this.schedule();
    });
  }

  private draw(now: number): boolean {
    const { bridge } = this;
    if (!bridge) return false;
    const more = bridge.frame(now / 1000);
    this.frames++;
    this.canvas.style.cursor = bridge.cursor();
    const generation = bridge.mirrorGeneration();
    if (generation !== this.generation) {
      this.generation = generation;
      this.overlay.update(JSON.parse(bridge.mirror()) as MirrorSnapshot);
    }
    return more;
  }
}

function open(options: CanvasHostOptions, selector: string): CanvasBridge | Unavailable {
  try {
    const bridge = options.open(selector);
    if (!bridge) return "webgl2";
    if (bridge.setFont(options.font)) return bridge;
    bridge.delete();
    return "font";
  } catch (error) {
    console.error(error);
    return "module";
  }
}

/** The browser's own count where it gives one that can be true (Chromium's device emulation leaves the ratio out). */
function pixels(computed: number, exact = computed): number {
  return Math.round(Math.abs(exact - computed) <= 1 ? exact : computed);
}

/** Distance and middle of the first two fingers. */
function spread(fingers: Map<number, { x: number; y: number }>): { distance: number; x: number; y: number } {
  const [a, b] = [...fingers.values()];
  if (!a || !b) return { distance: 0, x: 0, y: 0 };
  return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}
