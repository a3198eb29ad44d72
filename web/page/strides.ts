// strides.ts: the second row of the transport: in, over and out of kernel functions in both directions, and how fast
// play goes. Where it lies is goto.ts' business.
import { byId, h } from "./dom";
import { t } from "./locale";
import type { Page } from "./page";
import type { Transport } from "./transport";

type Way = "in" | "over" | "out";

const SVG = "http://www.w3.org/2000/svg";
/** A dot for the function, an arrow for the way; backwards they are mirrored. */
const SIGNS: Record<Way, string> = {
  in: "M2 3 L9 10 M9 5 V10 H4",
  over: "M2 10 C3 2 12 2 13 9 M9.5 7.5 L13 9.5 L15 6",
  out: "M7 11 L14 4 M9 4 H14 V9",
};
const DOTS: Record<Way, [number, number]> = { in: [12.5, 12.5], over: [7.5, 12.5], out: [3.5, 12.5] };
const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

function sign(way: Way): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SIGNS[way]);
  const dot = document.createElementNS(SVG, "circle");
  const [x, y] = DOTS[way];
  dot.setAttribute("cx", String(x));
  dot.setAttribute("cy", String(y));
  dot.setAttribute("r", "2");
  svg.append(path, dot);
  return svg;
}

export class Strides {
  readonly row: HTMLElement;

  constructor(
    private readonly page: Page,
    private readonly later: MmscopeLater,
    transport: Transport,
  ) {
    const button = (way: Way, direction: 1 | -1) => {
      const name = t(`stride.${way}.${direction > 0 ? "on" : "back"}`);
      const made = h("button", { type: "button", class: direction > 0 ? "stride" : "stride mirrored", title: name });
      made.setAttribute("aria-label", name);
      made.append(sign(way));
      made.addEventListener("click", () => this.go(way, direction));
      return made;
    };
    const speed = h(
      "select",
      { id: "speed", "aria-label": t("speed"), title: t("speed") },
      ...SPEEDS.map((s) => h("option", { value: s, selected: s === 1 }, `${s}×`)),
    );
    speed.addEventListener("change", () => {
      transport.speed = Number(speed.value);
    });
    this.row = h(
      "div",
      { class: "strides", role: "group", "aria-label": t("strides") },
      button("out", -1),
      button("over", -1),
      button("in", -1),
      button("in", 1),
      button("over", 1),
      button("out", 1),
      speed,
    );
    byId("story").querySelector(".transport")?.append(this.row);
  }

  go(way: Way, direction: 1 | -1): void {
    this.page.move(() => this.later.stride(way, direction));
  }
}
