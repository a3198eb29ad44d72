// nodes.ts: prose as DOM nodes. It comes as data (web/hosting/prose.mjs), never as HTML.
import { h } from "./dom";
import { language } from "./locale";

export type ProseNode =
  | string
  | { t: "p" | "ul" | "li" | "em" | "strong" | "code"; c: ProseNode[] }
  | { t: "value"; name: string }
  | { t: "step" | "term"; id: string; c: ProseNode[] };

export type Prose = { title: string } & Record<string, ProseNode[]>;

export interface ProseContext {
  values: Record<string, string>;
  /** Leads to a step of the lesson. Without it such links are words like all others. */
  goTo?(step: string): void;
}

/**
 * A button that is a part of a sentence. A <button> is a box, and the comma behind it may end up alone on the next line.
 */
export function wordButton(
  attributes: Record<string, string>,
  children: Node[],
  press: (button: HTMLElement) => void,
): HTMLElement {
  const button = h("span", { role: "button", tabindex: 0, ...attributes }, ...children);
  button.addEventListener("click", () => press(button));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press(button);
  });
  return button;
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
      const { goTo } = context;
      return goTo ? wordButton({ class: "in-text" }, children, () => goTo(node.id)) : h("span", {}, ...children);
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
