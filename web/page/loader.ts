// loader.ts: a machine comes onto the desk. A log is read and a boot is played once, both in slices of a few
// milliseconds, so that the page stays alive with 50 MB of log or a terabyte of RAM. What was there before stays until
// the new one is complete; what takes longer than a moment shows how far it is and can be cancelled.
import { breathe } from "./dom";
import { unzipped } from "./gzip";
import { t } from "./locale";

export interface Refusal {
  line: number;
  column: number;
  reason: string;
}
/** A refusal without a reason: it was cancelled, or another machine was asked for meanwhile. */
export type Outcome = { ok: true } | ({ ok: false } & Refusal);
const GIVEN_UP: Outcome = { ok: false, line: 0, column: 0, reason: "" };

/** What is being done and how far it is, 0 to 1; null when it is over. */
export type Progress = (word: string | null, share: number) => void;

const SLICE_BYTES = 1 << 18;
const SLICE_MS = 12;
const SHOW_AFTER_MS = 200;

export class Loader {
  private job = 0;
  private begun = 0;

  constructor(
    private readonly lab: MmscopeLab,
    private readonly progress: Progress,
  ) {}

  /** Gives up what is being loaded. */
  cancel(): void {
    this.job++;
    this.lab.forget();
    this.progress(null, 1);
  }

  /** Bytes of a log, gzipped or not. */
  async log(bytes: Uint8Array): Promise<Outcome> {
    const job = this.start();
    this.lab.logBegin();
    let seen = 0;
    let slice = performance.now();
    try {
      for await (const chunk of unzipped(bytes)) {
        for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
          if (!this.lab.logFeed(chunk.subarray(at, at + SLICE_BYTES))) break; // refused: finish says why
          if (performance.now() - slice < SLICE_MS) continue;
          this.show(t("loading.read"), Math.min((seen + at) / Math.max(bytes.length, seen + chunk.length), 1));
          await breathe();
          if (job !== this.job) return GIVEN_UP;
          slice = performance.now();
        }
        seen += chunk.length;
      }
    } catch {
      this.progress(null, 1);
      return { ok: false, line: 0, column: 0, reason: t("log.gzip") };
    }
    const outcome = JSON.parse(this.lab.logFinish()) as Outcome;
    if (!outcome.ok) {
      this.progress(null, 1);
      return outcome;
    }
    return this.play(job);
  }

  /** What `load` puts into the module; it answers true, or why not. */
  async script(load: () => true | string): Promise<Outcome> {
    const job = this.start();
    const loaded = load();
    if (loaded !== true) return { ok: false, line: 0, column: 0, reason: loaded };
    return this.play(job);
  }

  private start(): number {
    this.begun = performance.now();
    return ++this.job;
  }

  private show(word: string, share: number): void {
    if (performance.now() - this.begun > SHOW_AFTER_MS) this.progress(word, share);
  }

  private async play(job: number): Promise<Outcome> {
    for (let share = 0; share < 1; ) {
      const begun = performance.now();
      while (share < 1 && performance.now() - begun < SLICE_MS) share = this.lab.prepare(16);
      if (share >= 1) break;
      this.show(t("loading.play"), share);
      await breathe();
      if (job !== this.job) return GIVEN_UP;
    }
    this.progress(null, 1);
    return { ok: true };
  }
}
