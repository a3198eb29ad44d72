// transport.ts: back, step, play, the timeline's slider. It moves the playhead and is told where it stands.
import { byId, setText } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import type { Story } from "./state";

/** Milliseconds between two steps of play. */
const PACE: Record<string, number> = { phase: 1200, call: 140, event: 60, block: 30 };

export class Transport {
  /** How much faster than its pace play goes. */
  speed = 1;
  private readonly back = byId<HTMLButtonElement>("back");
  private readonly forth = byId<HTMLButtonElement>("step");
  private readonly play = byId<HTMLButtonElement>("play");
  private readonly handoff = byId<HTMLButtonElement>("to-handoff");
  private readonly slider = byId<HTMLInputElement>("timeline");
  private readonly level = byId<HTMLSelectElement>("level");
  private readonly sentence = byId("sentence");
  private timer = 0;
  private atEnd = false;

  constructor(private readonly page: Page) {
    this.back.addEventListener("click", () => this.go(-1));
    this.forth.addEventListener("click", () => this.go(1));
    this.play.addEventListener("click", () => (this.timer ? this.stop() : this.start()));
    this.handoff.addEventListener("click", () => {
      this.stop();
      const call = page.handoff();
      if (call >= 0) this.seek(call);
    });
    this.slider.addEventListener("input", () => {
      this.stop();
      this.seek(Number(this.slider.value));
    });
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
    });
    page.onLock((on) => this.enable(!on));
  }

  /** There is a new machine. */
  ready(): void {
    this.enable(!this.page.locked);
  }

  private enable(on: boolean): void {
    this.stop();
    for (const control of [this.back, this.forth, this.play, this.handoff, this.slider, this.level])
      control.disabled = !on;
  }

  private seek(call: number): void {
    this.page.seek(call);
  }
  private step(n: number): void {
    this.page.move(() => this.page.lab.step(this.level.value, n));
  }

  show(story: Story): void {
    const { call, event, calls } = story.place;
    this.slider.max = String(calls);
    this.slider.value = String(call);
    const values = {
      call: story.inside ? call + 1 : call,
      calls,
      event,
      events: story.call?.events ?? 0,
      function: story.call?.name ?? "",
      phase: story.phase || t("phase."),
    };
    const atStart = call === 0 && !story.inside;
    this.slider.setAttribute(
      "aria-valuetext",
      t(atStart ? "where.start" : story.inside ? "where.long-event" : "where.long", values),
    );
    setText(byId("where"), t(story.inside ? "where.event" : "where", values));
    this.atEnd = call >= calls;
    setState(this.back, atStart);
    setState(this.forth, this.atEnd);
    if (this.atEnd) this.stop();
  }

  private go(n: number): void {
    this.stop();
    this.step(n);
  }

  private start(): void {
    if (this.atEnd) this.seek(0);
    // While it plays, a screen reader would be talked over: the sentence is announced again when it stops.
    this.sentence.setAttribute("aria-live", "off");
    const tick = () => {
      this.timer = window.setTimeout(tick, (PACE[this.level.value] ?? 140) / this.speed);
      this.step(1);
    };
    this.timer = window.setTimeout(tick, 0);
    this.page.playing = true;
    this.sign(true);
  }

  private stop(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.page.playing = false;
    this.sentence.removeAttribute("aria-live");
    this.sign(false);
  }

  private sign(playing: boolean): void {
    setText(byId("play-word"), t(playing ? "pause" : "play"));
    setText(byId("play-sign"), playing ? "❚❚" : "▸▸");
  }
}

/** A button at the end of its way stays focusable, so that a keyboard does not fall off it. */
function setState(button: HTMLButtonElement, idle: boolean): void {
  if (idle) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
}
