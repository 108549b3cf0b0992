import { z } from "zod";

/** PostHog's own events about who somebody is. */
export const IDENTITY_EVENTS = ["$identify", "$set", "$create_alias", "$merge_dangerously"];

/** What PostHog is to forward for these workflows: what they listen to, and who somebody is. */
export function eventsToForward(workflows: Array<{ events: string[] }>): string[] {
  return [...new Set([...workflows.flatMap(({ events }) => events), ...IDENTITY_EVENTS])];
}

/** Something a person did, whatever source told us. */
export const LifecycleEvent = z.object({
  /** The source's own id: the same event told again has the same one. */
  uuid: z.string().min(1),
  name: z.string().min(1),
  distinctId: z.string().min(1),
  /** When it happened, not when it arrived; ISO 8601 in UTC. */
  occurredAt: z.iso.datetime(),
  properties: z.record(z.string(), z.unknown()),
  /** The person's properties as they travelled with the event; null when none came. */
  personProperties: z.record(z.string(), z.unknown()).nullable(),
});
export type LifecycleEvent = z.infer<typeof LifecycleEvent>;
