import { parseJson } from "../lib/json.ts";
import { isObject } from "./event-fields.ts";

const PLAIN_NAME = /^[A-Za-z_$][\w$.-]{0,60}$/;
/** Enough to show the shape of a body. */
const MOST_ENTRIES = 50;
const DEEPEST = 6;

/**
 * The shape of a body: names of keys and types of values. A body without a readable person is stored like this,
 * because a deletion of its person could not find it.
 */
export function withoutValues(body: string): string {
  const parsed = parseJson(body);
  if (parsed === undefined) return `not JSON, ${body.length} characters`;
  return JSON.stringify(shapeOf(parsed, 0));
}

function shapeOf(value: unknown, depth: number): unknown {
  if (value === null) return null;
  if (typeof value === "string") return value === "" ? "" : `text of ${value.length}`;
  if (typeof value !== "object") return typeof value;
  if (depth === DEEPEST) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((one) => shapeOf(one, depth + 1));
  if (!isObject(value)) return "…";
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ENTRIES)
      .map(([name, one], index) => [PLAIN_NAME.test(name) ? name : `key ${index + 1}`, shapeOf(one, depth + 1)]),
  );
}
