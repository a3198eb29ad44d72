// more.ts: everything that can wait until the first picture stands: machines, sides, tables, lessons, tools. Each part has
// a file of its own; this starts them in their order.
import words from "words:later";
import { Ask } from "./ask";
import { startAutopsy } from "./autopsy";
import { startBeside } from "./beside";
import { byId } from "./dom";
import { Lessons } from "./lessons";
import { startLiveSide } from "./live_side";
import { addWords, localise } from "./locale";
import { startLogDialog } from "./log-dialog";
import { startLongSeeks } from "./long_seek";
import { Machines } from "./machines";
import { noticeLanguage } from "./notice";
import { startOwners } from "./owners";
import { message, type Page } from "./page";
import { startPageSide } from "./page_side";
import { Sides } from "./sides";
import { startTables } from "./tables";
import { startTelling } from "./telling";
import { Thing } from "./thing";
import { startTools } from "./tools";
import type { Transport } from "./transport";

/** `failed`: why the recorded boot is not on the desk, or null. */
export async function startMore(
  page: Page,
  later: MmscopeLater,
  transport: Transport,
  failed: string | null,
): Promise<void> {
  page.changed(); // the other panels
  addWords(words);
  localise(document, words);
  for (const link of document.querySelectorAll("link[data-later]")) link.setAttribute("media", "all");
  noticeLanguage();
  startTelling(page, later);
  startLongSeeks(page, later);
  const sides = new Sides();
  const machines = new Machines(page, later);
  startAutopsy();
  startLogDialog((bytes, name) => machines.playLog(bytes, name), message);
  const thing = new Thing(page, later, sides);
  new Ask(page, later, sides);
  const live = startLiveSide(page, later, sides, thing);
  startPageSide(page, later, sides, machines);
  startTables(page, later, (path) => thing.open(path));
  startOwners(page, later, () => thing.focus());
  const lessons = new Lessons(page, later, sides, machines);
  if (failed !== null) await machines.instead(failed);
  startBeside(page, machines);
  await startTools(page, later, transport, sides, machines, live);
  if (document.querySelector("meta[name=preview]")) (await import("./preview")).startPreview(lessons, later);
  else await lessons.follow();
  byId("story").dataset.ready = "all";
}
