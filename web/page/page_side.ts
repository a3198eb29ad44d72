// page_side.ts: the tab "Page": a page's struct page, its flags, the memory models, and the allocators before memblock.
// What is on it comes when it is first shown.
import { LateSide } from "./late_side";
import { addWords } from "./locale";
import type { Machines } from "./machines";
import type { Page } from "./page";
import type { Sides } from "./sides";

export function startPageSide(page: Page, later: MmscopeLater, sides: Sides, machines: Machines): LateSide {
  return new LateSide(page, sides, "page", async (panel) => {
    const [{ PagePanes }, { default: words }] = await Promise.all([import("./page_panes"), import("words:pages")]);
    addWords(words);
    return new PagePanes(page, later, panel, machines);
  });
}
