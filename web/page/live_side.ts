// live_side.ts: the tab "Allocate". What is on it comes when it is first shown.
import { LateSide } from "./late_side";
import { addWords } from "./locale";
import type { Page } from "./page";
import type { Sides } from "./sides";
import type { Thing } from "./thing";

export function startLiveSide(page: Page, later: MmscopeLater, sides: Sides, thing: Thing): LateSide {
  return new LateSide(page, sides, "allocate", async (panel) => {
    const [{ LivePanes }, { default: words }] = await Promise.all([import("./live_panes"), import("words:live")]);
    addWords(words);
    return new LivePanes(page, later, panel, (path) => thing.open(path));
  });
}
