import { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";

/** What every database gives back as it was: no NUL, and no half of a character. */
const Id = z
  .string()
  .min(1)
  .refine((text) => text.isWellFormed() && !text.includes("\0"));

const YEAR_10_000 = Date.parse("9999-12-31T23:59:59.999Z");

/** Any object, as it is: z.record would copy it key by key. */
const Properties = z.custom<Record<string, unknown>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

const Names = z.array(z.string());

/** The body of PostHog's HTTP Webhook destination; users may add keys to it and rearrange it. */
const Delivery = z.object({
  event: z.object({
    uuid: Id,
    event: Id,
    distinct_id: z.union([Id, z.number().transform(String)]),
    timestamp: z.string().nullish(),
    properties: Properties.nullish(),
  }),
  person: z.object({ id: z.string().nullish(), properties: Properties.nullish() }).nullish(),
});

/** PostHog's body as an event, or what is missing. An event without a usable time counts as of `now`. */
export function readPostHogEvent(body: unknown, now: number): { event: LifecycleEvent } | { misfit: string } {
  const delivery = Delivery.safeParse(body);
  if (!delivery.success) {
    const places = [...new Set(delivery.error.issues.map(({ path }) => path.join(".") || "the body"))];
    return { misfit: `not a PostHog event: ${places.join(", ")} missing or not of the expected type` };
  }

  const { event, person } = delivery.data;
  const properties = event.properties ?? {};
  return {
    event: {
      uuid: event.uuid,
      name: event.event,
      distinctId: event.distinct_id,
      occurredAt: isoTime(event.timestamp, now),
      properties,
      personProperties: snapshotOf({ properties, person: person?.id ? (person.properties ?? {}) : null }),
    },
  };
}

/** The event's own `$set` is newer than the person that travelled with it, and `$set_once` only fills gaps. */
function snapshotOf({
  properties,
  person,
}: {
  properties: Record<string, unknown>;
  person: Record<string, unknown> | null;
}): Record<string, unknown> | null {
  const set = Properties.safeParse(properties.$set).data;
  const setOnce = Properties.safeParse(properties.$set_once).data;
  if (person === null && set === undefined && setOnce === undefined) return null;

  const snapshot = { ...setOnce, ...person, ...set };
  for (const name of Names.safeParse(properties.$unset).data ?? []) delete snapshot[name];
  return snapshot;
}

function isoTime(timestamp: string | null | undefined, now: number): string {
  const ms = Date.parse(timestamp ?? "");
  return new Date(ms >= 0 && ms < YEAR_10_000 ? ms : now).toISOString();
}
