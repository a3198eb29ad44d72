// main.ts: the first load. It starts the module, opens the canvas and boots the recorded 1 GiB machine, so that there is
// something to step through as soon as possible; all the rest of the page (more.ts) comes while that is looked at.
import words from "words:first";
import shared from "words:shared";
import fontUrl from "../canvas/assets/JetBrainsMono-subset.ttf";
import { fetchCapture } from "./captures";
import { byId, painted } from "./dom";
import { startWords, t } from "./locale";
import { startModule } from "./module";
import { message, Page } from "./page";
import { showStory } from "./story";
import { startTheme } from "./theme";
import { Transport } from "./transport";

async function start(): Promise<void> {
  await startWords(shared, words);
  startTheme();
  byId("busy").hidden = false;
  byId("busy-word").textContent = t("loading.module");
  const capture = painted().then(() => fetchCapture()); // the page first; then on its way while the module compiles
  capture.catch(() => {}); // said where it is awaited
  try {
    const [started, font] = await Promise.all([startModule(), fetchFont()]);
    const { module, later } = started;
    const page = new Page(new module.Lab());
    page.openCanvas(font);
    await painted();
    const transport = new Transport(page);
    page.onMachine(() => transport.ready());
    page.onStory(showStory);
    page.onStory((story) => transport.show(story));
    let failed: string | null = null;
    try {
      const bytes = await capture;
      failed = await page.put(() => page.loader.log(bytes));
    } catch (error) {
      failed = reason(error);
    }
    const { startMore } = await import("./more");
    await later();
    await startMore(page, new module.Later(page.lab), transport, failed);
  } catch (error) {
    byId("busy").hidden = true;
    message(t("failed.module", { reason: reason(error) }));
  }
}

function reason(error: unknown): string {
  return String(error instanceof Error ? error.message : error);
}

async function fetchFont(): Promise<Uint8Array> {
  const response = await fetch(new URL(fontUrl, import.meta.url));
  return new Uint8Array(await response.arrayBuffer());
}

void start();
