import { z } from "zod";

/** What every database gives back as it was: no NUL, and no half of a character. */
export const Id = z
  .string()
  .min(1)
  .refine((text) => text.isWellFormed() && !text.includes("\0"));

/** Some sources write ids as numbers. */
export const DistinctId = z.union([Id, z.number().transform(String)]);

/** Any object, as it is: z.record would copy it key by key. */
export const Properties = z.custom<Record<string, unknown>>(isObject);

/** Asked of every event: a schema would make an error of each that has none, which takes longer than all the rest. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const YEAR_10_000 = Date.parse("9999-12-31T23:59:59.999Z");

/** A time as the source has it, in UTC; what is no usable time counts as `now`, milliseconds since 1970. */
export function isoTime(timestamp: string | null | undefined, now: number): string {
  const ms = Date.parse(timestamp ?? "");
  return new Date(ms >= 0 && ms < YEAR_10_000 ? ms : now).toISOString();
}

/** Where a body is not of the expected shape; its values are nobody's business. */
export function placesOf({ issues }: z.ZodError): string {
  return [...new Set(issues.map(({ path }) => path.join(".") || "the body"))].join(", ");
}
