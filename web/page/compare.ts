// compare.ts: two to five boots side by side, step by step, and what changed between two eras. The machines run in the
// same module as the lab's; nothing here needs a canvas.
import words from "words:compare";
import { CAPTURES, fetchCapture } from "./captures";
import { Chooser, type Selection } from "./compare_chooser";
import { type Chosen, type CompareLink, readCompare, writeCompare } from "./compare_link";
import { openOwn } from "./compare_own";
import { shortNames, summary } from "./compare_sentence";
import type { Choices, Compared, MomentState } from "./compare_state";
import { CompareView } from "./compare_view";
import { breathe, byId, h, setText } from "./dom";
import { EraChanges } from "./era_changes";
import { unzipped } from "./gzip";
import { startKeys } from "./keys";
import { LinkRefusal, type OwnMachine, write } from "./link_state";
import { addWords, localise, t } from "./locale";
import { startModule } from "./module";
import { run, startSite } from "./site";

const MIB = 1 << 20;
const SLICE_MS = 12;
const PLAY_MS = 180; // between two moments
const SETTLE_MS = 300; // until links are written anew
const CALLS = 200; // at a time, of each machine
/** Where one begins: the struct pages are there, and the zones. */
const FIRST_STEP = "free_area_init";

class Page {
  private readonly view = new CompareView();
  private readonly chooser: Chooser;
  private readonly eras: EraChanges;
  private readonly slider = byId<HTMLInputElement>("moment");
  private readonly choices: Choices;
  private readonly logs = new Map<string, Promise<Uint8Array>>();
  private selection: Selection = { machines: [], ram: 0, cpus: 0 }; // of what is shown
  private compared: Compared | null = null;
  private names: string[] = [];
  private state: MomentState | null = null;
  private phasesOf: Compared["phases"] | null = null; // whose buttons there are
  private job = 0; // loading
  private turn = 0; // seeking
  private timer = 0; // playing
  private settling = 0;
  private written = ""; // the fragment that we put into the address

  constructor(
    private readonly module: MmscopeModule,
    private readonly compare: MmscopeCompare,
  ) {
    this.choices = JSON.parse(compare.choices()) as Choices;
    this.eras = new EraChanges(compare, () => this.settle());
    this.chooser = new Chooser(
      this.choices,
      (wanted) => void this.choose(wanted),
      () => openOwn((bytes) => this.read(bytes)),
    );
    const press = (id: string, action: () => void) => byId(id).addEventListener("click", action);
    press("first", () => this.go(0));
    press("back", () => this.go(this.at - 1));
    press("step", () => this.go(this.at + 1));
    press("last", () => this.go(this.compare.moments()));
    press("back-shared", () => this.go(this.compare.shared(-1)));
    press("step-shared", () => this.go(this.compare.shared(1)));
    press("play", () => (this.timer ? this.pause() : this.play()));
    press("copy-link", () => void this.copy());
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    document.addEventListener("visibilitychange", () => document.hidden && this.pause());
    const click = (id: string) => () => byId(id).click();
    startKeys(
      [
        { keys: ["ArrowRight", "."], name: "step", run: click("step") },
        { keys: ["ArrowLeft", ","], name: "back", run: click("back") },
        { keys: ["Shift+ArrowRight"], name: "in", run: click("step-shared") },
        { keys: ["Shift+ArrowLeft"], name: "in-back", run: click("back-shared") },
        { keys: [" "], name: "play", run: click("play") },
        { keys: ["Home"], name: "jump", run: click("first") },
        { keys: ["End"], name: "jump", run: click("last") },
      ],
      () => false,
    );
    addEventListener("hashchange", () => location.hash !== this.written && void this.follow());
  }

  private get at(): number {
    return this.state?.at ?? 0;
  }

  // ---- which machines --------------------------------------------------------------------------------------------------

  /** What the address asks for, or what one begins with. */
  async follow(): Promise<void> {
    let link: CompareLink | null = null;
    try {
      link = await readCompare(location.hash);
    } catch (error) {
      if (!(error instanceof LinkRefusal)) throw error;
      complain(t("link.refused", { reason: t(error.key, error.values) }));
      if (this.compared) return; // what is there stays
    }
    const begin = this.compared ? this.selection : this.chooser.start();
    if (link?.from !== undefined || link?.to !== undefined) this.showEras(link);
    const wanted = {
      machines: link?.machines.length ? link.machines : begin.machines,
      ram: link?.ram ?? begin.ram,
      cpus: link?.cpus ?? begin.cpus,
    };
    const refused = await this.load(wanted);
    if (refused === "") return;
    if (refused !== null) {
      complain(t("link.refused", { reason: refused }));
      if (this.compared || (await this.load(this.chooser.start())) !== null) return;
      link = null;
    }
    let at = link?.at ?? this.compare.after(link?.after ?? FIRST_STEP);
    if (link?.after !== undefined && at < 0) complain(t("link.after", { function: link.after }));
    if (at > this.compare.moments()) complain(t("compare.moment-missing", { at, moments: this.compare.moments() }));
    if (at < 0) at = this.compare.moments();
    await this.seek(at);
  }

  private showEras({ from, to }: CompareLink): void {
    const now = this.eras.chosen;
    const missing = [from, to].find((era) => era !== undefined && !this.eras.has(era));
    if (missing !== undefined) complain(t("compare.era-missing", { era: missing }));
    else this.eras.choose(from ?? now.from, to ?? now.to);
  }

  private async choose(wanted: Selection): Promise<void> {
    complain(null);
    // The same step again, as far as the machines then have it.
    const step = this.state?.machines.find(({ here }) => here)?.name;
    const atEnd = this.at === this.compare.moments();
    const refused = await this.load(wanted);
    if (refused === "") return;
    if (refused !== null) {
      complain(refused);
      this.chooser.show(this.selection);
      return;
    }
    const again = step ? this.compare.after(step) : 0;
    await this.seek(atEnd || again < 0 ? this.compare.moments() : again);
  }

  /** Null when they stand beside each other; else why not, or "" when others were asked for meanwhile. */
  private async load(wanted: Selection): Promise<string | null> {
    const job = ++this.job;
    this.turn++;
    this.pause();
    const before = this.selection;
    const failed = await this.boot(wanted, job);
    if (job !== this.job) return "";
    if (failed !== null) {
      // What was there is played again: the module has room for one comparison.
      if (before.machines.length > 0 && (await this.boot(before, job)) === null) await this.seek(this.at);
      progress(null);
      return failed;
    }
    progress(null);
    this.selection = wanted;
    this.compared = JSON.parse(this.compare.machines()) as Compared;
    this.names = shortNames(this.compared);
    this.chooser.show(wanted);
    this.view.begin(this.compared, this.names);
    if (wanted.machines.length === 1) byId("chooser").toggleAttribute("open", true);
    this.slider.max = String(this.compared.moments);
    for (const control of document.querySelectorAll<HTMLButtonElement>("#transport button, #moment"))
      control.disabled = false;
    return null;
  }

  private async boot({ machines, ram, cpus }: Selection, job: number): Promise<string | null> {
    this.compare.clear();
    for (const [i, machine] of machines.entries()) {
      const refused = await this.addMachine(machine, ram, cpus);
      if (job !== this.job) return "";
      if (refused) return t("compare.refused", { machine: i + 1, reason: refused });
    }
    for (let share = 0; share < 1; ) {
      const begun = performance.now();
      while (share < 1 && performance.now() - begun < SLICE_MS) share = this.compare.play(64);
      if (share >= 1) break;
      progress(share);
      await breathe();
      if (job !== this.job) return "";
    }
    return null;
  }

  private async addMachine(machine: Chosen, ram: number, cpus: number): Promise<string> {
    if ("build" in machine) return this.compare.addBuild(machine.build, ram * MIB, cpus, machine.parameters);
    if ("script" in machine) return this.compare.addScript(machine.script, machine.title);
    if (this.choices.presets.some(({ name }) => name === machine.name)) return this.compare.addPreset(machine.name);
    if (!CAPTURES.some((name) => name === machine.name)) return t("compare.unknown", { machine: machine.name });
    const log = this.logs.get(machine.name) ?? fetchCapture(machine.name);
    this.logs.set(machine.name, log);
    try {
      return await feed(this.compare, await log);
    } catch (error) {
      this.logs.delete(machine.name);
      return t("compare.not-fetched", { reason: String(error instanceof Error ? error.message : error) });
    }
  }

  /** A log or a script of one's own becomes a script, which a link can hold; a text is what is wrong with it. */
  private async read(bytes: Uint8Array): Promise<OwnMachine | string> {
    const one = new this.module.Compare();
    try {
      let refused = await feed(one, bytes);
      if (refused) {
        const text = new TextDecoder().decode(bytes);
        const isScript = /^\s*(#.*\s+)*(machine|[a-z]\w+_\w+)\s/.test(text);
        if (isScript) refused = one.addScript(text, t("machine.yours"));
      }
      if (refused) return refused;
      while (one.play(64) < 1) await breathe();
      const title = (JSON.parse(one.machines()) as Compared).machines[0]?.title ?? "";
      return {
        script: one.script(0),
        title: [...title]
          .filter((c) => c >= " ")
          .slice(0, 200)
          .join(""),
      };
    } finally {
      one.delete();
    }
  }

  // ---- which moment ----------------------------------------------------------------------------------------------------

  private go(moment: number): void {
    this.pause();
    complain(null);
    void this.seek(moment);
  }

  private async seek(moment: number): Promise<void> {
    const turn = ++this.turn;
    const to = Math.min(Math.max(moment, 0), this.compare.moments());
    this.slider.value = String(to);
    for (let there = false; !there; ) {
      const begun = performance.now();
      while (!there && performance.now() - begun < SLICE_MS) there = this.compare.seek(to, CALLS);
      if (there) break;
      await breathe();
      if (turn !== this.turn) return;
    }
    this.show();
  }

  private show(): void {
    const state = JSON.parse(this.compare.moment()) as MomentState | null;
    if (!state || !this.compared) return;
    this.state = state;
    const { moments, phases } = this.compared;
    this.slider.value = String(state.at);
    const values = { at: state.at, moments, phase: state.phase || t("compare.before") };
    setText(byId("where"), t("compare.where", values));
    this.slider.setAttribute("aria-valuetext", t("compare.where", values));
    // A button at the end of its way stays focusable, so that a keyboard does not fall off it.
    for (const id of ["first", "back", "back-shared"]) mark(byId(id), "aria-disabled", state.at === 0 && "true");
    for (const id of ["last", "step", "step-shared"]) mark(byId(id), "aria-disabled", state.at >= moments && "true");
    setText(byId("sentence"), this.names.length > 1 ? summary(state, this.names) : t("compare.alone"));
    this.view.show(state);
    this.phases(phases, state.at);
    byId("comparison").dataset.ready = "all";
    this.settle();
  }

  private phases(phases: Compared["phases"], at: number): void {
    const box = byId("phases");
    if (this.phasesOf !== phases)
      box.replaceChildren(
        ...phases.map(({ name, first }) => {
          const button = h("button", { type: "button" }, name || t("compare.before"));
          button.addEventListener("click", () => this.go(first + 1));
          return h("li", {}, button);
        }),
      );
    this.phasesOf = phases;
    const now = phases.filter(({ first }) => first < at).length - 1;
    for (const [i, button] of box.querySelectorAll("button").entries())
      mark(button, "aria-current", i === now && "step");
  }

  private play(): void {
    if (this.at >= this.compare.moments()) void this.seek(0);
    byId("sentence").setAttribute("aria-live", "off");
    const tick = async () => {
      if (this.at >= this.compare.moments()) return this.pause();
      await this.seek(this.at + 1);
      if (this.timer) this.timer = window.setTimeout(tick, PLAY_MS);
    };
    this.timer = window.setTimeout(tick, 0);
    setText(byId("play"), t("pause"));
  }

  private pause(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    byId("sentence").setAttribute("aria-live", "polite");
    setText(byId("play"), t("play"));
  }

  // ---- links -----------------------------------------------------------------------------------------------------------

  private link(): Promise<string> {
    const { machines, ram, cpus } = this.selection;
    const madeUp = machines.some((machine) => "build" in machine);
    return writeCompare({ machines, ...(madeUp && { ram, cpus }), at: this.at, ...this.eras.chosen });
  }

  /** When nothing moves for a while: the address, and the links to the lab. */
  private settle(): void {
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => void this.settled(), SETTLE_MS);
  }

  private async settled(): Promise<void> {
    if (!this.state) return;
    const { turn } = this;
    try {
      const fragment = await this.link();
      if (turn !== this.turn) return;
      this.written = fragment;
      history.replaceState(null, "", fragment);
    } catch (error) {
      if (!(error instanceof LinkRefusal)) throw error; // too large: said when it is asked for
    }
    for (const [i, machine] of this.selection.machines.entries()) {
      const href = await this.labLink(machine, i);
      if (turn !== this.turn) return;
      this.view.lab(i, href);
    }
  }

  private async labLink(machine: Chosen, i: number): Promise<string | null> {
    const made = this.state?.machines[i]?.made ?? 0;
    if ("name" in machine) return `./lab.html#machine=${machine.name}&call=${made}`;
    const own =
      "script" in machine
        ? machine
        : { script: this.compare.script(i), title: this.compared?.machines[i]?.title ?? "" };
    try {
      return `./lab.html${await write({ machine: own, at: [made, 0, 0] })}`;
    } catch (error) {
      if (error instanceof LinkRefusal) return null;
      throw error;
    }
  }

  private async copy(): Promise<void> {
    try {
      this.written = await this.link();
    } catch (error) {
      if (!(error instanceof LinkRefusal)) throw error;
      return complain(t(error.key, error.values));
    }
    history.replaceState(null, "", this.written);
    const text = byId<HTMLInputElement>("link-text");
    text.value = location.href;
    text.hidden = false;
    text.focus();
    text.select();
    await navigator.clipboard?.writeText(location.href).then(
      () => setText(byId("link-said"), t("link.copied")),
      () => setText(byId("link-said"), t("link.by-hand")),
    );
  }
}

async function feed(compare: MmscopeCompare, bytes: Uint8Array): Promise<string> {
  compare.logBegin();
  try {
    for await (const chunk of unzipped(bytes)) {
      if (!compare.logFeed(chunk)) break; // refused: logFinish says why
      await breathe();
    }
  } catch {
    return t("log.gzip");
  }
  return compare.logFinish();
}

function mark(element: Element, attribute: string, value: string | false): void {
  if (value === false) element.removeAttribute(attribute);
  else element.setAttribute(attribute, value);
}

function complain(message: string | null): void {
  const box = byId("message");
  box.hidden = message === null;
  setText(box, message ?? "");
}

/** How far the boots are, 0 to 1; null when they are through. */
function progress(share: number | null): void {
  const box = byId("busy");
  box.hidden = share === null;
  if (share !== null) byId<HTMLProgressElement>("busy-share").value = share;
}

async function start(): Promise<void> {
  await startSite();
  addWords(words);
  localise(document, words);
  const { module, later } = await startModule();
  await later();
  await new Page(module, new module.Compare()).follow();
}

run(start);
