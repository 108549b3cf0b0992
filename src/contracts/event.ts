import { z } from "zod";

/** PostHog's own events about who somebody is. */
export const IDENTITY_EVENTS = ["$identify", "$set", "$create_alias", "$merge_dangerously"];

/** What PostHog is to forward for these workflows: what they listen to, and who somebody is. */
export function eventsToForward(workflows: Array<{ events: string[] }>): string[] {
  return [...new Set([...workflows.flatMap(({ events }) => events), ...IDENTITY_EVENTS])];
}

/** PostHog takes no longer distinct ids either; PostgreSQL's indexes take 2,700 bytes. */
export const LONGEST_ID = 200;

/** Whether every database keeps, finds and gives back this id as it is: it is short, and has no NUL and no half of a character. */
export function isSoundId(text: string): boolean {
  return text.length > 0 && text.length <= LONGEST_ID && text.isWellFormed() && !text.includes("\0");
}

/** Why an event of a visitor is nobody's; it is looked at again when the visitor's id gets a person. */
export const ANONYMOUS = "anonymous";

/** Who tells us of events; `sweep` is our own look at who is away. */
export const Source = z.enum(["posthog", "segment", "sweep"]);
export type Source = z.infer<typeof Source>;

/** Something a person did, whatever source told us; its names are ours, whatever the source calls them. */
export const LifecycleEvent = z.object({
  source: Source,
  /** The source's own id: the same event told again has the same one. */
  uuid: z.string().min(1),
  name: z.string().min(1),
  distinctId: z.string().min(1),
  /** When it happened, not when it arrived; ISO 8601 in UTC. */
  occurredAt: z.iso.datetime(),
  /** When it came to us, ISO 8601. */
  receivedAt: z.iso.datetime().optional(),
  properties: z.record(z.string(), z.unknown()),
  /** The person's properties as they travelled with the event; null when none came. */
  personProperties: z.record(z.string(), z.unknown()).nullable(),
  /** Whether its very point is who the person is. */
  saysWho: z.boolean().optional(),
  /** The names of the person's properties that it sets. */
  sets: z.array(z.string()).optional(),
  /** Another distinct id of theirs: both are one person from now on, unless the source keeps two identified people apart. */
  formerId: z.string().optional(),
  /** Whether the source makes one person of both, whoever they were. */
  mergesAnybody: z.boolean().optional(),
  /** The anonymous id of the device on which they did it. */
  deviceId: z.string().optional(),
  /** Why it is nobody's in particular, such as "anonymous"; absent when it is a person's. */
  nobody: z.string().optional(),
});
export type LifecycleEvent = z.infer<typeof LifecycleEvent>;
