import type { Schema } from "./manifest.ts";

/** Said by whoever made the schema, and of no consequence. */
const UNIMPORTANT = ["$schema", "$id"];

/** The fields of a JSON schema. */
export function propertiesOf({ properties }: Schema): Record<string, { default?: unknown }> {
  return (properties as Record<string, { default?: unknown }> | undefined) ?? {};
}

/** What has changed from one JSON schema to another, field by field; the order of things does not count. */
export function differenceOf(before: Schema, after: Schema): string[] {
  if (plain(before) === plain(after)) return [];
  const [old, now] = [propertiesOf(before), propertiesOf(after)];
  const [needed, needs] = [requiredOf(before), requiredOf(after)];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const differences = fields.flatMap((field) => {
    if (old[field] === undefined) return [`"${field}" added${needs.has(field) ? ", required" : ""}`];
    if (now[field] === undefined) return [`"${field}" removed`];
    if (plain(old[field]) !== plain(now[field])) return [`"${field}" changed`];
    if (needed.has(field) !== needs.has(field))
      return [`"${field}" is ${needs.has(field) ? "now" : "no longer"} required`];
    return [];
  });
  return differences.length > 0 ? differences : ["schema changed"];
}

function requiredOf({ required }: Schema): Set<unknown> {
  return new Set(Array.isArray(required) ? required : []);
}

/** The same text for what means the same. */
function plain(value: unknown): string {
  return JSON.stringify(value, (key, inner: unknown) => {
    if (UNIMPORTANT.includes(key)) return undefined;
    if (key === "required" && Array.isArray(inner)) return inner.length === 0 ? undefined : [...inner].sort();
    if (inner === null || typeof inner !== "object" || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
