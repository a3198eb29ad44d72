// lesson_schema.mjs: what web/lessons/lesson.schema.json has to say about a lesson.json, at its place in the text.
//
//   schemaProblems('{ "format": 2 … }')   [{ line: 1, column: 13, path: "format", reason: "must be 1" }, …]
import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { findNodeAtLocation, parseTree } from "jsonc-parser";

export const schema = JSON.parse(readFileSync(new URL("../lessons/lesson.schema.json", import.meta.url), "utf8"));

// The rules about which fields go together name fields that stand elsewhere in the schema.
const validate = new Ajv({ allErrors: true, strictRequired: false, verbose: true }).compile(schema);

/** An error about a part of a rule is no news beside the one about the rule. */
const ownRule = ({ keyword, schemaPath }) =>
  keyword !== "if" && !/\/(contains|oneOf|propertyNames)\/./.test(schemaPath);

function reasonOf({ keyword, params, parentSchema, message }) {
  if (keyword === "required") return `"${params.missingProperty}" is missing`;
  if (keyword === "additionalProperties") {
    const known = Object.keys(parentSchema.properties).join(", ");
    return `there is no field '${params.additionalProperty}'; there are: ${known}`;
  }
  if (keyword === "enum") return `one of ${params.allowedValues.join(", ")}`;
  if (keyword === "const") return `must be ${JSON.stringify(params.allowedValue)}`;
  if (keyword === "false schema") return "this field does not belong here";
  if (keyword === "contains") {
    const [[name, wanted]] = Object.entries(parentSchema.contains.properties);
    return `there is none with "${name}": "${wanted.const}"`;
  }
  return message;
}

/** Line and column of an offset, from 1. */
export function placeIn(text, offset) {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
}

/** `text` must be JSON. */
export function schemaProblems(text) {
  if (validate(JSON.parse(text))) return [];
  const tree = parseTree(text);
  return validate.errors.filter(ownRule).map((error) => {
    const segments = error.instancePath
      .split("/")
      .slice(1)
      .map((name) => (/^\d+$/.test(name) ? Number(name) : name.replaceAll("~1", "/").replaceAll("~0", "~")));
    const path = segments.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
    const node = findNodeAtLocation(tree, segments);
    return { ...placeIn(text, node?.offset ?? 0), path: path.replace(/^\./, ""), reason: reasonOf(error) };
  });
}
