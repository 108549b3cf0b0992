import { z } from "zod";
import { isSoundId, LONGEST_ID } from "../contracts/event.ts";

export const Id = z.string().max(LONGEST_ID).refine(isSoundId);

/** Some sources write ids as numbers. */
export const DistinctId = z.union([Id, z.number().transform(String)]);

/** Any object, as it is: z.record would copy it key by key. */
export const Properties = z.custom<Record<string, unknown>>(isObject);

/** Asked of every event: a schema would make an error of each that has none, which takes longer than all the rest. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Clocks of servers differ by less; PostHog and Segment correct those of devices. */
const AHEAD_MS = 60 * 60 * 1000;

/**
 * A time as the source has it, in UTC. No usable time, or one that is still to come, counts as `now`,
 * milliseconds since 1970.
 */
export function isoTime(timestamp: string | null | undefined, now: number): string {
  const ms = Date.parse(timestamp ?? "");
  return new Date(ms >= 0 && ms < now + AHEAD_MS ? ms : now).toISOString();
}

/** Where a body is not of the expected shape, and which of its ids are too long; it repeats no values. */
export function placesOf({ issues }: z.ZodError): string {
  const placeOf = ({ path }: z.core.$ZodIssue) => path.join(".") || "the body";
  const isTooLong = (issue: z.core.$ZodIssue): boolean =>
    issue.code === "too_big" || (issue.code === "invalid_union" && issue.errors.flat().some(isTooLong));
  const long = new Set(issues.filter(isTooLong).map(placeOf));
  const wrong = new Set(issues.map(placeOf).filter((place) => !long.has(place)));
  return [
    ...(wrong.size > 0 ? [`${[...wrong].join(", ")} missing or not of the expected type`] : []),
    ...(long.size > 0 ? [`${[...long].join(", ")} longer than ${LONGEST_ID} characters`] : []),
  ].join("; ");
}
