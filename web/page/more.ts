// more.ts: everything that can wait until the first picture stands: other machines, logs of one's own, tables.
import { byId } from "./dom";
import { startLessons } from "./lesson";
import { addWords, localise } from "./locale";
import words from "./locale/en.later.json";
import { startLogDialog } from "./log-dialog";
import { Machines } from "./machines";
import { message, type Page } from "./page";
import { Sides } from "./sides";
import { startTables } from "./tables";
import type { Transport } from "./transport";

/** `failed`: why the recorded boot is not on the desk, or null. */
export async function startMore(
  page: Page,
  later: MmscopeLater,
  _transport: Transport,
  failed: string | null,
): Promise<void> {
  page.changed(); // the other panels
  addWords(words);
  localise(document, words);
  document.querySelector<HTMLLinkElement>("link[data-later]")?.setAttribute("media", "all");
  const sides = new Sides();
  const machines = new Machines(page, later);
  startLogDialog((bytes, name) => machines.playLog(bytes, name), message);
  startTables(page, later);
  startLessons(page, later, sides, machines);
  if (failed !== null) await machines.instead(failed);
  byId("story").dataset.ready = "all";
}
