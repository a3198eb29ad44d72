// prose.ts: a lesson's prose as DOM nodes, with words of the glossary that can be asked for.
import { nodesOf, type ProseContext, type ProseNode } from "./nodes";
import { termNode } from "./term";

export type { Prose, ProseContext, ProseNode } from "./nodes";

export function proseNodes(nodes: ProseNode[] | undefined, context: ProseContext): Node[] {
  return nodesOf(nodes, context, termNode);
}
