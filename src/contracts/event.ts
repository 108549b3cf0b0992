import { z } from "zod";

/** PostHog's own events about the identity of a person. */
export const IDENTITY_EVENTS = ["$identify", "$set", "$create_alias", "$merge_dangerously"];

/** The events that PostHog must forward for these workflows. Only our own sweep makes the event of a cohort. */
export function eventsToForward(workflows: Array<{ events: string[] }>): string[] {
  const events = new Set([...workflows.flatMap(({ events }) => events), ...IDENTITY_EVENTS]);
  events.delete(COHORT_ENTERED);
  return [...events];
}

/** PostHog does not accept longer distinct ids either; PostgreSQL indexes 2,700 bytes at most. */
export const LONGEST_ID = 200;

/** Whether each database can store and find this id unchanged: it is short, and has no NUL and no lone surrogate. */
export function isSoundId(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_ID && text.isWellFormed() && !text.includes("\0");
}

export const Id = z.string().max(LONGEST_ID).refine(isSoundId);

/** The `noPersonReason` of an event of a visitor. The event is ingested again when the visitor becomes a person. */
export const ANONYMOUS = "anonymous";

/**
 * The source of an event; `sweep` is our own search for inactive people and for members of cohorts. `SOURCES` has a row
 * for each source.
 */
export const Source = z.enum(["posthog", "segment", "sweep"]);
export type Source = z.infer<typeof Source>;

/** An action of a person, from any source, with our names for its fields. */
export const LifecycleEvent = z.object({
  source: Source,
  /** The source's own id; the same each time the event is sent. */
  uuid: z.string().min(1),
  name: z.string().min(1),
  distinctId: z.string().min(1),
  /** When the event happened, not when it arrived; ISO 8601 in UTC. */
  occurredAt: z.iso.datetime(),
  /** When we received the event, ISO 8601. */
  receivedAt: z.iso.datetime().optional(),
  properties: z.record(z.string(), z.unknown()),
  /** The person's properties that came with the event; null when none came. */
  personProperties: z.record(z.string(), z.unknown()).nullable(),
  /** Whether the event is about the identity of its person: an identify, alias, merge or group call. */
  isIdentityEvent: z.boolean().optional(),
  /** The names of the person properties that the event sets. */
  changedProperties: z.array(z.string()).optional(),
  /** Another distinct id of the person. Both become one person, unless the source keeps two identified people apart. */
  previousId: z.string().optional(),
  /** Whether the source merges both ids in any case, also of two identified people. */
  forcesMerge: z.boolean().optional(),
  /** The anonymous id of the device that was used. */
  deviceId: z.string().optional(),
  /** The reason why the event belongs to no known person, such as "anonymous"; absent for an event of a person. */
  noPersonReason: z.string().optional(),
});
export type LifecycleEvent = z.infer<typeof LifecycleEvent>;

/** The reason why an event or a body was ignored, wholly or in part. It has few values, because metrics count them. */
export type Cause =
  | "not JSON"
  | "not an event"
  /** One of our own reports, sent back by PostHog. */
  | "echo"
  /** An event of a colleague or a test, as listed in INTERNAL_USERS. */
  | "internal"
  | "no workflow"
  | "filtered"
  | "no person"
  | "not merged"
  | "does not fit"
  /** The event was used, but a link in it was replaced by the workflow's fallback. */
  | "replaced"
  /** The event was used, but without its email address, which cannot be read. */
  | "left out"
  | "cannot be stored";

/** People whose events are ignored: an email domain, one email or distinct id, or a pattern. */
export type InternalRule = { domain: string } | { exactly: string } | { pattern: RegExp };

/** The event of an inactive person, forwarded by PostHog or made by our own sweep. */
export const USER_INACTIVE = "user_inactive";

/** The event of a person who entered a cohort of PostHog. Only our own sweep makes it. */
export const COHORT_ENTERED = "cohort_entered";

/** The properties of an event of our sweep that are read. */
export const SweptProperties = z.object({
  /** The only workflow that an event of our sweep may start; absent in an event of PostHog. */
  swept_for: z.string().nullish().catch(null),
  /** The cohort that the person entered. */
  cohort_id: z.number().nullish().catch(null),
});
