// main.ts: the page. It starts the module, puts a machine on the desk, and keeps three readers of it in step: the story
// on the left, the canvas on the right, the tables below. All of them read; only the player moves.
import fontUrl from "../canvas/assets/JetBrainsMono-subset.ttf";
import { type CanvasBridge, CanvasHost, type CanvasTheme } from "./canvas-host";
import { byId, h, painted } from "./dom";
import { Loader, type Outcome } from "./loader";
import { localise, t } from "./locale";
import { startLogDialog } from "./log-dialog";
import { startModule } from "./module";
import type { Story, Window } from "./state";
import { showStory } from "./story";
import { Tables } from "./tables";
import { startTheme } from "./theme";
import { Transport } from "./transport";

const FIRST_CAPTURE = "./assets/captures/x64-6.1-1G.gz";
const FALLBACK_PRESET = "qemu-1g";
const PANELS = ["memblock", "zones", "buddy"];

let theme: CanvasTheme = "dark";
let host: CanvasHost | null = null;

async function start(): Promise<void> {
  localise(document);
  startTheme((now) => {
    theme = now;
    host?.setTheme(now);
  });
  busy(t("loading.module"), 0);
  const capture = fetchCapture(); // on its way while the module compiles
  capture.catch(() => {}); // said where it is awaited
  let module: MmscopeModule;
  let font: Uint8Array;
  try {
    [module, font] = await Promise.all([startModule(), fetchFont()]);
  } catch (error) {
    busy(null, 1);
    message(t("failed.module", { reason: String(error instanceof Error ? error.message : error) }));
    return;
  }
  const page = new Page(new module.Lab());
  page.openCanvas(font);
  await painted();
  await page.firstMachine(capture);
}

async function fetchFont(): Promise<Uint8Array> {
  const response = await fetch(new URL(fontUrl, import.meta.url));
  return new Uint8Array(await response.arrayBuffer());
}

async function fetchCapture(): Promise<Uint8Array> {
  await painted(); // the page first
  const response = await fetch(new URL(FIRST_CAPTURE, document.baseURI));
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

class Page {
  private readonly loader: Loader;
  private readonly transport: Transport;
  private readonly tables: Tables;
  private readonly machines = byId<HTMLSelectElement>("machine");
  private seen = -1;
  private story: Story | null = null;
  private captured: Uint8Array | null = null;
  private chosen = "";

  constructor(private readonly lab: MmscopeLab) {
    this.loader = new Loader(lab, busy);
    this.transport = new Transport({
      step: (level, n) => this.move(() => lab.step(level, n)),
      seek: (call) => this.move(() => lab.seek(call, 0)),
      after: (name) => lab.after(name),
    });
    this.tables = new Tables({
      read: (name, from, count) => JSON.parse(lab.table(name, from, count)) as Window | null,
      addressEnd: () => this.story?.addressEnd ?? 2 ** 32,
    });
    this.fillMachines();
    this.fillPanels();
    startLogDialog((bytes, name) => this.playLog(bytes, name), message);
  }

  openCanvas(font: Uint8Array): void {
    host = new CanvasHost({
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
      host = null;
    } else {
      host.setTheme(theme);
      (byId("canvas-place") as HTMLElement & { host?: CanvasHost }).host = host; // for tests: frames drawn
    }
  }

  /** A press on the canvas moves the playhead too: look after each frame whether there is something new to read. */
  private watched(bridge: CanvasBridge | null): CanvasBridge | null {
    if (!bridge) return null;
    const frame = bridge.frame.bind(bridge);
    bridge.frame = (seconds) => {
      const more = frame(seconds);
      if (this.lab.generation() !== this.seen) queueMicrotask(() => this.refresh());
      return more;
    };
    return bridge;
  }

  async firstMachine(capture: Promise<Uint8Array>): Promise<void> {
    try {
      this.captured = await capture;
      await this.put(() => this.loader.log(this.captured ?? new Uint8Array()), "capture");
    } catch (error) {
      message(t("failed.capture", { reason: String(error instanceof Error ? error.message : error) }));
      await this.put(() => this.loader.preset(FALLBACK_PRESET), FALLBACK_PRESET);
    }
  }

  private move(how: () => void): void {
    how();
    this.refresh();
    host?.invalidate();
  }

  private refresh(): void {
    this.seen = this.lab.generation();
    const story = JSON.parse(this.lab.story()) as Story | null;
    if (!story) return;
    this.story = story;
    showStory(story);
    this.transport.show(story);
    this.tables.refresh();
  }

  // ---- machines --------------------------------------------------------------------------------------------------

  private fillMachines(): void {
    const presets = JSON.parse(this.lab.presets()) as { name: string; title: string }[];
    this.machines.append(
      h("optgroup", { label: t("machine.capture") }, h("option", { value: "capture" }, t("machine.first"))),
      h(
        "optgroup",
        { label: t("machine.presets") },
        ...presets.map((p) => h("option", { value: p.name }, p.title || p.name)),
      ),
    );
    this.machines.addEventListener("change", async () => {
      const name = this.machines.value;
      message(null);
      if (name === "capture") {
        try {
          this.captured ??= await fetchCapture();
          await this.put(() => this.loader.log(this.captured ?? new Uint8Array()), name);
        } catch (error) {
          message(t("failed.capture", { reason: String(error instanceof Error ? error.message : error) }));
          this.machines.value = this.chosen;
        }
      } else if (name !== "yours") await this.put(() => this.loader.preset(name), name);
    });
  }

  /** Null, or why the log was refused. */
  private async playLog(bytes: Uint8Array, name: string): Promise<string | null> {
    const refused = await this.put(() => this.loader.log(bytes), "yours");
    if (refused === null) {
      let yours = this.machines.querySelector<HTMLOptionElement>('option[value="yours"]');
      if (!yours) {
        yours = h("option", { value: "yours" });
        this.machines.prepend(yours);
      }
      yours.textContent = this.story?.title || name;
      this.machines.value = "yours";
      message(null);
    }
    return refused;
  }

  private async put(load: () => Promise<Outcome | "superseded">, name: string): Promise<string | null> {
    const outcome = await load();
    if (outcome === "superseded") return null;
    if (!outcome.ok) {
      this.machines.value = this.chosen;
      return t(outcome.line ? "log.refused-at" : "log.refused", { line: outcome.line, reason: outcome.reason });
    }
    this.chosen = name;
    this.machines.value = name;
    this.transport.ready(true);
    // The first look is at memory as the firmware describes it: one step earlier there is nothing to see.
    this.move(() => this.lab.seek(this.firstLook(), 0));
    if (this.story?.stopped)
      message(
        t("log.stopped", { call: this.story.place.calls, calls: this.story.place.calls, reason: this.story.stopped }),
      );
    return null;
  }

  private firstLook(): number {
    return Math.max(this.lab.after("e820__memblock_setup"), 0);
  }

  // ---- small screens: one panel at a time ------------------------------------------------------------------------

  private fillPanels(): void {
    const tabs = byId("panel-tabs");
    for (const id of PANELS) {
      const radio = h("input", {
        type: "radio",
        name: "panel",
        value: id,
        id: `panel-${id}`,
        checked: id === PANELS[0],
      });
      radio.addEventListener("change", () => {
        this.lab.showPanel(id);
        host?.invalidate();
      });
      tabs.append(h("label", { class: "mono" }, radio, h("span", {}, t(`panel.${id}`))));
    }
  }
}

function busy(word: string | null, share: number): void {
  const box = byId("busy");
  box.hidden = word === null;
  byId("busy-word").textContent = word ?? "";
  byId<HTMLProgressElement>("busy-bar").value = share;
}

function message(text: string | null): void {
  const box = byId("message");
  box.hidden = text === null;
  box.textContent = text ?? "";
}

void start();
