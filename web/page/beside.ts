// beside.ts: from the lab to the page of machines side by side, with the machine on the desk if that page knows it by name.
import { byId, h } from "./dom";
import { t } from "./locale";
import type { Machines } from "./machines";
import type { Page } from "./page";

export function startBeside(page: Page, machines: Machines): void {
  const link = h("a", { id: "beside" }, t("beside"));
  byId("view-panel").append(link);
  page.onStory(() => {
    link.href = machines.has(machines.current) ? `./compare.html#m=${machines.current}` : "./compare.html";
  });
}
