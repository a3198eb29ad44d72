// prose.mjs: what is told, in lessons and in the glossary, as data; there is never HTML in it. A NODE is a text, or
//
//   { "t": "p" | "ul" | "li" | "em" | "strong" | "code", "c": [NODE…] }
//   { "t": "value", "name": "base" }                      {base}: what the core's `values` say
//   { "t": "step", "id": "waiting", "c": [NODE…] }        [text](step:waiting)
//   { "t": "term", "id": "zone", "c": [NODE…] }           [text](term:zone): the glossary's word
//
// It is written in a small part of Markdown: headings that name keys, paragraphs, lists with dashes, *em*, **strong**,
// `code`, those links and {values}. Anything else is refused with its line.
import MarkdownIt from "markdown-it";

const markdown = new MarkdownIt("commonmark", { html: false });
const kept = { paragraph: "p", bullet_list: "ul", list_item: "li", em: "em", strong: "strong" };

/** Text with its {values} taken out. */
function withValues(text) {
  return text
    .split(/(\{[a-z][a-z0-9_]*\})/)
    .filter((part) => part !== "")
    .map((part) => (/^\{[a-z][a-z0-9_]*\}$/.test(part) ? { t: "value", name: part.slice(1, -1) } : part));
}

/** markdown-it's flat tokens as nodes; `refuse(token, why)` throws. */
function nodes(tokens, refuse) {
  const root = { c: [] };
  const open = [root];
  const add = (...more) => {
    const to = open.at(-1).c;
    for (const node of more)
      if (typeof node === "string" && typeof to.at(-1) === "string") to[to.length - 1] += node;
      else to.push(node);
  };
  for (const token of tokens) {
    const [, name, end] = token.type.match(/^(.*?)(?:_(open|close))?$/);
    if (end === "close") {
      open.pop();
    } else if (end === "open") {
      let node = { t: kept[name], c: [] };
      if (name === "link") {
        const [, t, id] =
          token.attrGet("href").match(/^(step|term):([a-z0-9_-]+)$/) ?? refuse(token, "a link is step:… or term:…");
        node = { t, id, c: [] };
      } else if (!node.t) {
        refuse(token, `${name.replaceAll("_", " ")} is no part of a lesson's prose`);
      }
      add(node);
      open.push(node);
    } else if (token.type === "inline") {
      add(...nodes(token.children, (child, why) => refuse({ ...child, map: token.map }, why)));
    } else if (token.type === "text") {
      add(...withValues(token.content));
    } else if (token.type === "code_inline") {
      add({ t: "code", c: withValues(token.content) });
    } else if (token.type === "softbreak") {
      add(" ");
    } else {
      refuse(token, `${token.type.replaceAll("_", " ")} is no part of a lesson's prose`);
    }
  }
  // A short list's items need no paragraphs of their own.
  const flat = (node) =>
    node.t === "li" ? { ...node, c: node.c.flatMap((child) => (child.t === "p" ? child.c : [child])) } : node;
  const walk = (node) => (node.c ? flat({ ...node, c: node.c.map((child) => (child.t ? walk(child) : child)) }) : node);
  return walk(root).c;
}

/** The prose of a lesson: { key: [NODE…] }; the title is one text. */
export function proseOf(text, file) {
  const refuse = (token, why) => {
    throw new Error(`${file}:${(token.map?.[0] ?? 0) + 1}:1: ${why}`);
  };
  const tokens = markdown.parse(text, {});
  const prose = {};
  for (let at = 0; at < tokens.length; ) {
    const heading = tokens[at];
    if (heading.type !== "heading_open") refuse(heading, "text before the first heading");
    const name = tokens[at + 1].content;
    let end = at + 3;
    while (end < tokens.length && tokens[end].type !== "heading_open") end++;
    const body = tokens.slice(at + 3, end);
    if (heading.tag === "h1") {
      if (body.length > 0) refuse(body[0], "the title has no text");
      prose.title = name;
    } else if (heading.tag !== "h2" || !/^[a-z0-9_.-]+$/.test(name) || name in prose) {
      refuse(
        heading,
        heading.tag === "h2" && name in prose ? `'${name}' is there already` : "a heading is ## and a key",
      );
    } else {
      prose[name] = nodes(body, refuse);
    }
    at = end;
  }
  return prose;
}
