// say.ts: a short word about what was just done ("Link copied"), seen and announced, gone after a while.
import { byId } from "./dom";

const SHOWN_MS = 6000;
let timer = 0;

export function say(text: string): void {
  const box = byId("said");
  clearTimeout(timer);
  box.textContent = text;
  timer = window.setTimeout(() => {
    box.textContent = "";
  }, SHOWN_MS);
}
