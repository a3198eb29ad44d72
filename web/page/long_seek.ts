// long_seek.ts: a seek that takes longer than a frame goes in slices, between which the page lives and shows how far it is.
// What is near is reached at once, as without it; another seek, or any other move, gives up the one that is on its way.
import { breathe, byId } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";

const SLICE_MS = 8;
const SHOW_AFTER_MS = 200;

export function startLongSeeks(page: Page, later: MmscopeLater): void {
  let job = 0;
  let calls = 64; // so many fill a slice, as far as is known
  const move = page.move.bind(page);
  page.move = (how) => {
    job++;
    move(how);
  };
  const slice = (call: number, event: number): boolean => {
    const begun = performance.now();
    let there = false;
    move(() => {
      there = later.seekSome(call, event, calls);
    });
    const took = performance.now() - begun;
    if (took > SLICE_MS) calls = Math.max(1, calls >> 1);
    else if (took < SLICE_MS / 4) calls = Math.min(1024, calls << 1);
    return there;
  };
  page.seek = (call, event = 0) => {
    const mine = ++job;
    if (slice(call, event)) return;
    void (async () => {
      const begun = performance.now();
      const from = page.story?.place.call ?? 0;
      const box = byId("busy");
      for (let there = false; !there; ) {
        if (performance.now() - begun > SHOW_AFTER_MS) {
          const at = page.story?.place.call ?? 0;
          box.hidden = false;
          byId("busy-word").textContent = t("loading.seek", { call });
          byId<HTMLProgressElement>("busy-bar").value = call > from ? (at - from) / (call - from) : 0;
        }
        await breathe();
        if (mine !== job) break;
        there = slice(call, event);
      }
      box.hidden = true;
    })();
  };
  byId("busy-cancel").addEventListener("click", () => {
    job++;
    byId("busy").hidden = true;
  });
}
