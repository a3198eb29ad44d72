// prose.ts: a lesson's prose as DOM nodes. It comes as data (web/hosting/lessons.mjs), never as HTML.
import { h } from "./dom";

export type ProseNode =
  | string
  | { t: "p" | "ul" | "li" | "em" | "strong" | "code"; c: ProseNode[] }
  | { t: "value"; name: string }
  | { t: "step" | "term"; id: string; c: ProseNode[] };

export type Prose = Record<string, ProseNode[]>;

export interface ProseContext {
  values: Record<string, string>;
  /** Leads to a step of the lesson. */
  goTo(step: string): void;
}

export function proseNodes(nodes: ProseNode[] | undefined, context: ProseContext): Node[] {
  return (nodes ?? []).map((node) => {
    if (typeof node === "string") return document.createTextNode(node);
    if (node.t === "value") return h("span", { class: "mono value" }, context.values[node.name] ?? `{${node.name}}`);
    const children = proseNodes(node.c, context);
    if (node.t === "step") {
      const button = h("button", { type: "button", class: "in-text" }, ...children);
      button.addEventListener("click", () => context.goTo(node.id));
      return button;
    }
    if (node.t === "term") return h("dfn", {}, ...children);
    return h(node.t, node.t === "code" ? { class: "mono" } : {}, ...children);
  });
}
