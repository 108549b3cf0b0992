import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { setAtPath } from "../lib/json.ts";

type Payload = Record<string, unknown>;
type Issue = z.core.$ZodIssue;

/** Ends the loop for a default that does not fit its own schema. */
const MOST_TRIES = 50;
/** One call's digest may have a thousand payloads, and converting a schema takes longer than fitting one. */
const publishedSchemas = new WeakMap<z.ZodObject, object>();
const ABOUT_LENGTH = new Set<unknown>(["too_small", "too_big"]);

/**
 * The payload of a run for the present schema, when the run began with another one. A field that is new, or does not
 * fit any more, gets its default, also inside another field; without a default it becomes null or absent where the
 * schema allows that. `misfit` names the fields for which there is no value; it contains no values.
 */
export function completePayload(payload: Payload, schema: z.ZodObject): { payload: Payload } | { misfit: string } {
  let completed = payload;
  for (let tries = 1; ; tries += 1) {
    const read = schema.safeParse(completed);
    if (read.success) return { payload: { ...completed, ...read.data } };
    const published = publishedOf(schema);
    const issues = read.error.issues.filter((issue) => !isAboutForm(issue, published));
    if (issues.length === 0) return { payload: completed };
    const before = completed;
    for (const issue of issues) completed = resolved(completed, issue, { schema, published });
    if (tries === MOST_TRIES || isDeepStrictEqual(before, completed))
      return { misfit: [...new Set(issues.map(({ path }) => path.join(".")))].join(", ") };
  }
}

function publishedOf(schema: z.ZodObject): object {
  const known = publishedSchemas.get(schema);
  if (known !== undefined) return known;
  const published = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  publishedSchemas.set(schema, published);
  return published;
}

/** The payload with one issue resolved; the same payload where nothing is left to try. */
function resolved(
  payload: Payload,
  issue: Issue,
  { schema, published }: { schema: z.ZodObject; published: object },
): Payload {
  const { path } = issue;
  if (issue.code === "unrecognized_keys")
    return issue.keys.reduce((rest, key) => setAtPath(rest, [...path, key], undefined), payload);
  const byDefault = defaultAt(published, path);
  if (byDefault !== undefined) return setAtPath(payload, path, byDefault);
  if (valueAt(payload, path) !== undefined && !isInList(payload, path)) return setAtPath(payload, path, undefined);
  if (allowsNull(payload, path, schema)) return setAtPath(payload, path, null);
  const around = path.slice(
    0,
    path.findLastIndex((_, index) => index > 0 && !isInList(payload, path.slice(0, index))),
  );
  return around.length === 0 ? payload : setAtPath(payload, around, undefined);
}

/** The form and length of a text, and rules in code, count only when the event arrives. A link to another host never counts as fitting. */
function isAboutForm(issue: Issue, published: object): boolean {
  if (issue.code === "invalid_union")
    return issue.errors.some((alternative) => alternative.every((one) => isAboutForm(one, {})));
  if (issue.code === "custom") return defaultAt(published, issue.path) === undefined;
  if (issue.code === "invalid_format") return issue.format !== "url" || defaultAt(published, issue.path) === undefined;
  return ABOUT_LENGTH.has(issue.code) && (issue as { origin?: string }).origin === "string";
}

/** The default in the published schema at a path; undefined where it has none. */
function defaultAt(published: unknown, [key, ...rest]: PropertyKey[]): unknown {
  const {
    default: own,
    properties,
    items,
    additionalProperties,
    anyOf,
    oneOf,
    allOf,
  } = (published ?? {}) as {
    default?: unknown;
    properties?: Record<PropertyKey, unknown>;
    [keyword: string]: unknown;
  };
  if (key === undefined && own !== undefined) return own;
  const inside = typeof key === "number" ? items : (properties?.[key ?? ""] ?? additionalProperties);
  const found = key === undefined ? undefined : defaultAt(inside, rest);
  if (found !== undefined) return found;
  const alternatives = [anyOf, oneOf, allOf].flatMap((some) => (Array.isArray(some) ? some : []));
  return alternatives
    .map((one) => defaultAt(one, key === undefined ? [] : [key, ...rest]))
    .find((one) => one !== undefined);
}

function allowsNull(payload: Payload, path: PropertyKey[], schema: z.ZodObject): boolean {
  if (path.length === 0 || valueAt(payload, path) === null) return false;
  const { error } = schema.safeParse(setAtPath(payload, path, null));
  return !error?.issues.some((issue) => path.every((key, index) => issue.path[index] === key));
}

function isInList(payload: Payload, path: PropertyKey[]): boolean {
  return Array.isArray(valueAt(payload, path.slice(0, -1)));
}

function valueAt(value: unknown, path: PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key], value);
}
