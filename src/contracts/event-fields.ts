import { z } from "zod";
import { isSoundId, LONGEST_ID } from "./event.ts";

export const Id = z.string().max(LONGEST_ID).refine(isSoundId);

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Of an event. A uuid in lower case, because it is the same in any. */
export const EventId = Id.transform((id) => (UUID.test(id) ? id.toLowerCase() : id));

/** Of a number as an id. */
export const INEXACT = "a number that is not a safe integer, so its digits may be wrong: send it as text";

/** Some sources write ids as numbers. JSON's parser makes one number of several that are larger than is safe. */
export const DistinctId = z.union([Id, z.number().refine(Number.isSafeInteger, INEXACT).transform(String)]);

/** Any object, as it is: z.record would copy it key by key. */
export const Properties = z.custom<Record<string, unknown>>(isObject);

/** Asked of every event: a schema would make an error of each that has none, which takes longer than all the rest. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A zone that `Date.parse` knows, or a distance from UTC. */
const ZONE = /(?<![a-z])(z|utc?|gmt|[ecmp][sd]t)(?![a-z])|:\d\d(\.\d+)?\s*[+-]\d/i;

/**
 * A time as the source has it, in UTC, which is also the zone of a time without one. No usable time, or one
 * that is still to come, counts as `now`, milliseconds since 1970.
 */
export function isoTime(timestamp: string | null | undefined, now: number): string {
  const time = timestamp?.trim() ?? "";
  // V8 reads a time without zone in the zone of the process.
  const ms = Date.parse(ZONE.test(time) ? time : `${time}Z`);
  return new Date(ms >= 0 && ms <= now ? ms : now).toISOString();
}

/** Where a body is not of the expected shape, and which of its ids cannot be kept as they are; it repeats no values. */
export function placesOf({ issues }: z.ZodError): string {
  const placesWhere = (isSo: (issue: z.core.$ZodIssue) => boolean) => [...new Set(issues.filter(isSo).map(placeOf))];
  const long = placesWhere((issue) => isWithin(issue, ({ code }) => code === "too_big"));
  const inexact = placesWhere((issue) => isWithin(issue, ({ message }) => message === INEXACT));
  const wrong = placesWhere((issue) => ![...long, ...inexact].includes(placeOf(issue)));
  return [
    ...(wrong.length > 0 ? [`${wrong.join(", ")} missing or not of the expected type`] : []),
    ...(long.length > 0 ? [`${long.join(", ")} longer than ${LONGEST_ID} characters`] : []),
    ...(inexact.length > 0 ? [`${inexact.join(", ")} is ${INEXACT}`] : []),
  ].join("; ");
}

function placeOf({ path }: z.core.$ZodIssue): string {
  return path.join(".") || "the body";
}

/** Whether it holds of an issue, or of one of those by which nothing of a union fits. */
function isWithin(issue: z.core.$ZodIssue, isSo: (issue: z.core.$ZodIssue) => boolean): boolean {
  return isSo(issue) || (issue.code === "invalid_union" && issue.errors.flat().some((one) => isWithin(one, isSo)));
}
