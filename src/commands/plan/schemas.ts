import { isDeepStrictEqual } from "node:util";
import { dropEmptyObjects } from "../../lib/json.ts";
import type { Schema } from "./manifest.ts";

/** Keywords that schema libraries add and that have no effect. */
const UNIMPORTANT = ["$schema", "$id"];

/** The fields of a JSON schema. */
export function propertiesOf({ properties }: Schema): Record<string, Schema> {
  return (properties as Record<string, Schema> | undefined) ?? {};
}

export interface SchemaDifference {
  /** A description for people. */
  what: string;
  /** How a value of the old schema fits the new schema, if a field that does not fit is left out. */
  before: "fits" | "fits without it" | "takes the default" | "may not fit";
}

/**
 * The changes from one JSON schema to another, per field. The order of keys does not count. Empty objects do not count
 * either, because Novu's database drops them.
 */
export function differencesOf(before: Schema, after: Schema): SchemaDifference[] {
  const [old, now] = [dropEmptyObjects(before), dropEmptyObjects(after)];
  if (plain(old) === plain(now)) return [];
  const [oldFields, fields] = [propertiesOf(old), propertiesOf(now)];
  const differences = [...new Set([...Object.keys(oldFields), ...Object.keys(fields)])].flatMap((field) =>
    differenceOf(
      field,
      { old: oldFields[field], needed: requiredOf(old).has(field) },
      { now: fields[field], needs: requiredOf(now).has(field) },
    ),
  );
  return differences.length > 0
    ? differences
    : [{ what: "schema changed", before: fits(old, now) ? "fits" : "may not fit" }];
}

function differenceOf(
  field: string,
  { old, needed }: { old: Schema | undefined; needed: boolean },
  { now, needs }: { now: Schema | undefined; needs: boolean },
): SchemaDifference[] {
  if (now === undefined) return [{ what: `"${field}" removed`, before: "fits" }];
  const without =
    now.default !== undefined ? "takes the default" : needs && !takesNull(now) ? "may not fit" : "fits without it";
  if (old === undefined) return [{ what: `"${field}" added${needs ? ", required" : ""}`, before: without }];
  const isNewlyNeeded = needs && !needed;
  if (plain(old) !== plain(now)) {
    const before = fits(old, now) && !isNewlyNeeded ? "fits" : without;
    return [{ what: `"${field}" changed${isNewlyNeeded ? ", and is now required" : ""}`, before }];
  }
  if (needed === needs) return [];
  return [{ what: `"${field}" is ${needs ? "now" : "no longer"} required`, before: needs ? without : "fits" }];
}

/** The same text for equivalent schemas. */
function plain(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (UNIMPORTANT.includes(key)) return undefined;
    if (key === "required" && Array.isArray(inner)) return inner.length === 0 ? undefined : [...inner].sort();
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Keywords that are compared one by one, or that refuse no value. */
const KNOWN = new Set(
  ["type", "enum", "const", "properties", "required", "additionalProperties", "items"].concat([
    "default",
    "title",
    "description",
    "examples",
    "$schema",
    "$id",
  ]),
);

/** Whether the new schema accepts every value that the old one accepts; false if that is uncertain. */
function fits(old: Schema, now: Schema): boolean {
  const after = alternativesOf(now);
  return alternativesOf(old).every((one) => after.some((other) => fitsOne(one, other)));
}

function requiredOf({ required }: Schema): Set<unknown> {
  return new Set(Array.isArray(required) ? required : []);
}

/** Whether the schema takes null. A run without a field that takes null gets null for it. */
function takesNull(schema: Schema): boolean {
  return alternativesOf(schema).some((one) => one.type === "null" || valuesOf(one)?.includes(null));
}

function fitsOne(old: Schema, now: Schema): boolean {
  if (now.type !== undefined && old.type !== now.type && !(old.type === "integer" && now.type === "number"))
    return false;
  const values = valuesOf(now);
  if (values !== null && !valuesOf(old)?.every((value) => values.some((one) => isDeepStrictEqual(one, value))))
    return false;
  const others = Object.keys(now).filter((keyword) => !KNOWN.has(keyword));
  if (!others.every((keyword) => isDeepStrictEqual(old[keyword], now[keyword]))) return false;
  return fitsObject(old, now) && fitsItems(old, now);
}

function fitsObject(old: Schema, now: Schema): boolean {
  const [before, after] = [propertiesOf(old), propertiesOf(now)];
  const needed = requiredOf(old);
  const lacks = [...requiredOf(now)].some((field) => !needed.has(field) && after[String(field)]?.default === undefined);
  const isClosed = now.additionalProperties === false;
  if (lacks || (isClosed && Object.keys(before).some((field) => after[field] === undefined))) return false;
  return Object.entries(after).every(([field, part]) => before[field] === undefined || fits(before[field], part));
}

function fitsItems({ items: old }: Schema, { items: now }: Schema): boolean {
  if (now === undefined || isDeepStrictEqual(old, now)) return true;
  return isSchema(old) && isSchema(now) && fits(old, now);
}

/** The alternatives of a schema, from `anyOf`, `oneOf` or a list of types. */
function alternativesOf(schema: Schema): Schema[] {
  const { anyOf, oneOf, type, ...rest } = schema;
  const several = anyOf ?? oneOf;
  if (Array.isArray(several))
    return several
      .filter(isSchema)
      .flatMap((one) => alternativesOf({ ...rest, ...(type !== undefined && { type }), ...one }));
  return Array.isArray(type) ? type.map((one) => ({ ...rest, type: one })) : [schema];
}

function valuesOf(schema: Schema): unknown[] | null {
  if ("const" in schema) return [schema.const];
  return Array.isArray(schema.enum) ? schema.enum : null;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
