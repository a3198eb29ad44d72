// loader.ts: a machine comes onto the desk. A log is read and a boot is played once, both in slices of a few
// milliseconds, so that the page stays alive with 50 MB of log or a terabyte of RAM. What was there before stays until
// the new one is complete.
import { breathe } from "./dom";
import { unzipped } from "./gzip";
import { t } from "./locale";

export interface Refusal {
  line: number;
  column: number;
  reason: string;
}
export type Outcome = { ok: true } | ({ ok: false } & Refusal);

/** What is being done and how far it is, 0 to 1; null when it is over. */
export type Progress = (word: string | null, share: number) => void;

const SLICE_BYTES = 1 << 18;
const SLICE_MS = 12;

export class Loader {
  private job = 0;

  constructor(
    private readonly lab: MmscopeLab,
    private readonly progress: Progress,
  ) {}

  /** Bytes of a log, gzipped or not. False as `superseded`: another machine was asked for meanwhile. */
  async log(bytes: Uint8Array): Promise<Outcome | "superseded"> {
    const job = ++this.job;
    this.lab.logBegin();
    let seen = 0;
    let slice = performance.now();
    try {
      for await (const chunk of unzipped(bytes)) {
        for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
          if (!this.lab.logFeed(chunk.subarray(at, at + SLICE_BYTES))) break; // refused: finish says why
          if (performance.now() - slice < SLICE_MS) continue;
          this.progress(t("loading.read"), Math.min((seen + at) / Math.max(bytes.length, seen + chunk.length), 1));
          await breathe();
          if (job !== this.job) return "superseded";
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

  async preset(name: string): Promise<Outcome | "superseded"> {
    const job = ++this.job;
    if (!this.lab.loadPreset(name)) return { ok: false, line: 0, column: 0, reason: name };
    return this.play(job);
  }

  private async play(job: number): Promise<Outcome | "superseded"> {
    for (let share = 0; share < 1; ) {
      const begun = performance.now();
      while (share < 1 && performance.now() - begun < SLICE_MS) share = this.lab.prepare(16);
      if (share >= 1) break;
      this.progress(t("loading.play"), share);
      await breathe();
      if (job !== this.job) return "superseded";
    }
    this.progress(null, 1);
    return { ok: true };
  }
}
