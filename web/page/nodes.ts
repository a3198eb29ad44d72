// nodes.ts: prose as DOM nodes. It comes as data (web/hosting/prose.mjs), never as HTML.
import { h } from "./dom";
import { language } from "./locale";

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

/** `term` makes a word of the glossary. */
export function nodesOf(
  nodes: ProseNode[] | undefined,
  context: ProseContext,
  term: (id: string, children: Node[]) => Node,
): Node[] {
  return (nodes ?? []).map((node) => {
    if (typeof node === "string") return document.createTextNode(language.text(node));
    if (node.t === "value") return h("span", { class: "mono value" }, context.values[node.name] ?? `{${node.name}}`);
    if (node.t === "code") return h("code", { class: "mono" }, ...node.c.map((part) => codePart(part, context)));
    const children = nodesOf(node.c, context, term);
    if (node.t === "step") {
      const button = h("button", { type: "button", class: "in-text" }, ...children);
      button.addEventListener("click", () => context.goTo(node.id));
      return button;
    }
    if (node.t === "term") return term(node.id, children);
    return h(node.t, {}, ...children);
  });
}

/** The kernel's words are the same in every language. */
function codePart(part: ProseNode, { values }: ProseContext): string {
  if (typeof part === "string") return part;
  return part.t === "value" ? (values[part.name] ?? `{${part.name}}`) : "";
}
