import "../../../web/page/tokens.css";
import "../../../web/page/canvas-host.css";
import "./demo.css";
import fontUrl from "../../../web/canvas/assets/JetBrainsMono-subset.ttf";
import { type CanvasBridge, CanvasHost } from "../../../web/page/canvas-host";

interface DemoModule {
  openCanvas(selector: string): CanvasBridge | null;
}

const { default: createModule } = (await import(new URL("canvas_demo.js", location.href).href)) as {
  default(): Promise<DemoModule>;
};
const [module, font] = await Promise.all([createModule(), fetch(fontUrl).then((response) => response.arrayBuffer())]);
const parent = document.querySelector<HTMLElement>("#picture");
if (parent) {
  const host = new CanvasHost({
    parent,
    label: "demo picture",
    font: new Uint8Array(font),
    open: (selector) => module.openCanvas(selector),
  });
  const theme = new URLSearchParams(location.search).get("theme");
  if (theme === "light" || theme === "contrast" || theme === "dark") {
    document.documentElement.dataset.theme = theme;
    host.setTheme(theme);
  }
  Object.assign(globalThis, { host });
  document.body.dataset.canvas = host.unavailable ?? "ready";
}
