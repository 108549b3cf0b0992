import { isDeepStrictEqual } from "node:util";
import type { Schema } from "./manifest.ts";

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
export function fits(old: Schema, now: Schema): boolean {
  const after = alternativesOf(now);
  return alternativesOf(old).every((one) => after.some((other) => fitsOne(one, other)));
}

export function requiredOf({ required }: Schema): Set<unknown> {
  return new Set(Array.isArray(required) ? required : []);
}

/** If a run lacks such a field, it gets null. */
export function takesNull(schema: Schema): boolean {
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
  const [before, after] = [partsOf(old), partsOf(now)];
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

/** `anyOf` and a list of types mean the same. */
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

function partsOf({ properties }: Schema): Record<string, Schema> {
  return (properties as Record<string, Schema> | undefined) ?? {};
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
