// tools.ts: puts together what a learner does beside stepping: strides, jumps, bookmarks, kernel calls of one's own, links,
// layouts, help and keys.
import { Bookmarks } from "./bookmarks";
import { byId } from "./dom";
import { GoTo } from "./goto";
import { Help } from "./help";
import { type Shortcut, startKeys } from "./keys";
import type { LateSide } from "./late_side";
import { Layout } from "./layout";
import { Links } from "./links";
import { t } from "./locale";
import type { Machines } from "./machines";
import type { Page } from "./page";
import { say } from "./say";
import { ScriptBox } from "./script";
import type { Sides } from "./sides";
import { Strides } from "./strides";
import type { Transport } from "./transport";

/** Resolves when the page is where its address says. */
export async function startTools(
  page: Page,
  later: MmscopeLater,
  transport: Transport,
  sides: Sides,
  machines: Machines,
  live: LateSide,
): Promise<void> {
  const strides = new Strides(page, later, transport);
  const bookmarks = new Bookmarks(page, later);
  const goTo = new GoTo(page, later, bookmarks, strides);
  const layout = new Layout(page, later);
  new ScriptBox(page, later, sides);
  const links = new Links(page, later, machines, bookmarks, layout);

  byId("busy-cancel").addEventListener("click", () => {
    byId("machine").focus(); // the button is gone
    say(t("loading.cancelled"));
  });

  const press = (id: string) => () => byId(id).click();
  const ask = () => {
    sides.show("ask");
    byId("ask-box").focus();
  };
  const shortcuts: Shortcut[] = [
    { keys: ["ArrowRight", "."], name: "step", run: press("step") },
    { keys: ["ArrowLeft", ","], name: "back", run: press("back") },
    { keys: ["Shift+ArrowRight"], name: "in", run: () => strides.go("in", 1) },
    { keys: ["Shift+ArrowLeft"], name: "in-back", run: () => strides.go("in", -1) },
    { keys: ["o"], name: "out", run: () => strides.go("out", 1) },
    { keys: ["O"], name: "out-back", run: () => strides.go("out", -1) },
    { keys: [" "], name: "play", run: press("play") },
    { keys: ["/"], name: "ask", run: ask },
    { keys: ["m"], name: "allocate", run: () => void live.open() },
    { keys: ["b"], name: "bookmark", run: () => goTo.add("") },
    { keys: ["g"], name: "jump", run: () => goTo.focusJump() },
    { keys: ["a"], name: "autopsy", run: press("autopsy") },
    { keys: ["f"], name: "focus", run: () => layout.focusNext() },
    { keys: ["p"], name: "projector", run: () => layout.project(!layout.projecting) },
    { keys: ["?"], name: "help", run: () => help.open() },
    // Whatever is open closes itself.
    { keys: ["Escape"], name: "close", run: () => {} },
  ];
  const help = new Help(shortcuts);
  startKeys(shortcuts, () => page.locked);
  await links.follow();
}
