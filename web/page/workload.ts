// workload.ts: somebody uses the machine: thousands of requests and frees, seeded, made at the playhead in a branch. Run,
// paused, stepped; what has come of it in figures of the core. The timeline goes back and forth over all of it.
import { field, fill } from "./alloc_fields";
import { h, setText } from "./dom";
import { makeCalls } from "./live_call";
import { t } from "./locale";
import type { Page } from "./page";
import { count } from "./units";

interface Usage {
  mixes: string[];
  /** The boot has come so far that somebody could use the machine. */
  ready: boolean;
  /** Order. */
  pageblock: number;
  mix?: string;
  seed?: number;
  calls?: number;
  refused?: number;
  held?: number;
  zones: {
    nid: number;
    zone: string;
    free: number;
    managed: number;
    largest: number;
    unusable: number;
    extfrag: number;
  }[];
}

const SPEEDS = [100, 1000, 4000];
const STEP = 1000;

export class WorkloadPane {
  private readonly mix = h("select", { id: "load-mix" });
  private readonly about = h("p", { class: "quiet", id: "load-about" });
  private readonly seed = h("input", { type: "text", id: "load-seed", class: "mono", value: "1", maxlength: 15, inputmode: "numeric" });
  private readonly cpus = h("select", { id: "load-cpus" });
  private readonly speed = h("select", { id: "load-speed" });
  private readonly run = h("button", { type: "button", class: "primary" }, t("load.run"));
  private readonly step = h("button", { type: "button" }, t("load.step", { n: count(STEP) }));
  private readonly said = h("p", { class: "result", role: "status" });
  private readonly error = h("p", { class: "wrong-call" });
  private readonly zones = h("ul", { class: "load-zones" });
  private frame = 0;
  private choices = "";

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    readonly view: HTMLElement,
  ) {
    this.mix.setAttribute("aria-describedby", "load-about");
    this.mix.addEventListener("change", () => this.tellMix());
    this.run.addEventListener("click", () => (this.frame ? this.pause() : this.start()));
    this.step.addEventListener("click", () => {
      this.pause();
      this.make(STEP);
    });
    fill(this.speed, SPEEDS, (n) => count(n));
    this.speed.value = "1000";
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.pause();
    });
    page.onMachine(() => this.pause());
    view.append(
      h("p", { class: "quiet alloc-how" }, t("load.how")),
      field("load-mix", t("load.mix"), this.mix),
      this.about,
      h(
        "div",
        { class: "alloc-row" },
        field("load-seed", t("load.seed"), this.seed),
        field("load-cpus", t("load.cpus"), this.cpus),
        field("load-speed", t("load.speed"), this.speed),
      ),
      h("div", { class: "buttons slab-buttons" }, this.run, this.step),
      h("div", { class: "alloc-said" }, this.said, this.error),
      h("h3", {}, t("load.zones")),
      this.zones,
    );
  }

  focus(): void {
    this.mix.focus();
  }

  refresh(): void {
    const now = JSON.parse(this.later.usage()) as Usage | null;
    if (!now) return;
    this.choose(now);
    const { calls = 0, refused = 0, held = 0 } = now;
    setText(
      this.said,
      calls ? t("load.said", { calls: count(calls), refused: count(refused), held: count(held) }) : t("load.none"),
    );
    this.zones.replaceChildren(
      ...now.zones.map((zone) => {
        const bar = h("i", {});
        bar.style.width = `${zone.unusable / 10}%`;
        return h(
          "li",
          {},
          h("p", {}, t("load.zone", { ...zone, free: count(zone.free), managed: count(zone.managed) })),
          h("div", { class: "load-bar", "aria-hidden": "true" }, bar),
          h("p", { class: "quiet" }, figures(zone, now.pageblock)),
        );
      }),
    );
  }

  // ---- calls ---------------------------------------------------------------------------------------------------------

  private line(calls: number): string {
    const cpus = this.cpus.value === "" ? "" : ` cpus=${this.cpus.value}`;
    return `workload ${this.mix.value} ${calls} seed=${this.seed.value.trim() || 1}${cpus}`;
  }

  /** False when the call cannot be made. */
  private make(calls: number): boolean {
    setText(this.error, "");
    this.error.removeAttribute("role");
    const made = makeCalls(this.page, this.later, [this.line(calls)]);
    if (!made.ok) {
      this.error.setAttribute("role", "alert");
      setText(this.error, made.reason);
    }
    return made.ok;
  }

  private start(): void {
    if (!this.make(Number(this.speed.value))) return;
    this.said.setAttribute("aria-live", "off"); // it would talk without end; it is said when it rests
    setText(this.run, t("load.pause"));
    this.page.playing = true;
    const go = () => {
      const place = this.page.story?.place;
      // Somebody has moved the playhead, or looks at something else.
      const left = !place || place.call !== place.calls || this.view.hidden || !this.view.isConnected;
      if (left || !this.make(Number(this.speed.value))) this.pause();
      else this.frame = requestAnimationFrame(go);
    };
    this.frame = requestAnimationFrame(go);
  }

  private pause(): void {
    if (!this.frame) return;
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.page.playing = false;
    this.said.removeAttribute("aria-live");
    setText(this.run, t("load.run"));
  }

  private choose(now: Usage): void {
    const cpus = (JSON.parse(this.later.allocator(0, 0)) as { cpus: number }).cpus;
    const is = JSON.stringify([now.mixes, cpus]);
    if (is === this.choices) return;
    this.choices = is;
    fill(this.mix, now.mixes, (mix) => t(`load.mix.${mix}`));
    fill(
      this.cpus,
      Array.from({ length: cpus }, (_, i) => i + 1),
      String,
    );
    this.cpus.value = String(cpus);
    this.tellMix();
  }
  private tellMix(): void {
    setText(this.about, t(`load.about.${this.mix.value}`));
  }
}

function figures(zone: Usage["zones"][number], order: number): string {
  const share = (zone.unusable / 10).toFixed(1);
  const lines = [t("load.unusable", { share, order })];
  if (zone.extfrag >= 0) lines.push(t("load.extfrag", { index: (zone.extfrag / 1000).toFixed(3) }));
  return lines.join(" ");
}
