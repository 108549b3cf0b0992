import { dropEmptyObjects } from "../../lib/json.ts";
import type { Schema } from "./manifest.ts";
import { fits, requiredOf, takesNull } from "./schema-fits.ts";

/** Added by schema libraries, without effect. */
const UNIMPORTANT = ["$schema", "$id"];

/** The fields of a JSON schema. */
export function propertiesOf({ properties }: Schema): Record<string, { default?: unknown }> {
  return (properties as Record<string, { default?: unknown }> | undefined) ?? {};
}

export interface SchemaDifference {
  /** A description for people. */
  what: string;
  /** How a value of the old schema fits the new one, if a field that does not fit is left out. */
  before: "fits" | "fits without it" | "takes the default" | "may not fit";
}

/**
 * The changes from one JSON schema to another, per field. Order does not matter, and neither do empty objects,
 * because Novu's database drops them.
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
