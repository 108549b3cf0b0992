import { createHash } from "node:crypto";
import { z } from "zod";
import { Id, LONGEST_ID } from "../contracts/event.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id of an event. A uuid is changed to lower case, because upper and lower case mean the same uuid. */
export const EventId = Id.transform((id) => (UUID.test(id) ? id.toLowerCase() : id));

/** The reason to refuse a number as an id. */
export const INEXACT = "a number that is not a safe integer, so its digits may be wrong: send it as text";

/** Some sources write ids as numbers. JSON.parse turns several unsafe integers into the same number. */
export const DistinctId = z.union([Id, z.number().refine(Number.isSafeInteger, INEXACT).transform(String)]);

/** Any object, without a copy; z.record would copy it key by key. */
export const Properties = z.custom<Record<string, unknown>>(isObject);

/** A plain check, because a schema creates an error for each value that is not an object, which takes much longer. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A zone that `Date.parse` reads, or an offset from UTC. */
const ZONE = /(?<![a-z])(z|utc?|gmt|[ecmp][sd]t)(?![a-z])|:\d\d(\.\d+)?\s*[+-]\d/i;

/** A time as this function writes it, which is the usual case. V8 also reads days that a month does not have. */
const UTC_TIME = /^\d{4}-(0[1-9]|1[0-2])-([01]\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * A source's time in UTC. A time without a zone is UTC too. A time that is missing, unreadable or in the future becomes
 * `now`, milliseconds since 1970.
 */
export function isoTime(timestamp: string | null | undefined, now: number): string {
  if (timestamp != null && UTC_TIME.test(timestamp)) {
    const ms = Date.parse(timestamp);
    return ms >= 0 && ms <= now ? timestamp : new Date(now).toISOString();
  }
  const time = timestamp?.trim() ?? "";
  // V8 reads a time without a zone in the zone of the process.
  const ms = Date.parse(ZONE.test(time) ? time : `${time}Z`);
  return new Date(ms >= 0 && ms <= now ? ms : now).toISOString();
}

/** Names the paths of a body that have the wrong type, or an id that cannot be stored. Quotes no values. */
export function pathsOf({ issues }: z.ZodError): string {
  const pathsWhere = (isSo: (issue: z.core.$ZodIssue) => boolean) => [...new Set(issues.filter(isSo).map(pathOf))];
  const long = pathsWhere((issue) => isWithin(issue, ({ code }) => code === "too_big"));
  const inexact = pathsWhere((issue) => isWithin(issue, ({ message }) => message === INEXACT));
  const wrong = pathsWhere((issue) => ![...long, ...inexact].includes(pathOf(issue)));
  return [
    ...(wrong.length > 0 ? [`${wrong.join(", ")} missing or not of the expected type`] : []),
    ...(long.length > 0 ? [`${long.join(", ")} longer than ${LONGEST_ID} characters`] : []),
    ...(inexact.length > 0 ? [`${inexact.join(", ")} is ${INEXACT}`] : []),
  ].join("; ");
}

function pathOf({ path }: z.core.$ZodIssue): string {
  return path.join(".") || "the body";
}

/** Whether the check is true for the issue itself, or for an issue inside its union. */
function isWithin(issue: z.core.$ZodIssue, isSo: (issue: z.core.$ZodIssue) => boolean): boolean {
  return isSo(issue) || (issue.code === "invalid_union" && issue.errors.flat().some((one) => isWithin(one, isSo)));
}

/** Generated once for this project. */
const NAMESPACE = Buffer.from("6b1f7a5e2c0d4c5f9a39d1f2f0c4b7e1", "hex");

/** A uuid from a name (RFC 9562, version 5). PostHog silently replaces an invalid uuid. */
export function uuidV5(name: string): string {
  const bytes = createHash("sha1").update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x50;
  bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}
