import { z } from "zod";
import { ANONYMOUS, IDENTITY_EVENTS, type LifecycleEvent } from "../../contracts/event.ts";
import {
  DistinctId,
  EventId,
  Id,
  INEXACT,
  isObject,
  isoTime,
  Properties,
  placesOf,
} from "../../contracts/event-fields.ts";
import { flag } from "../../contracts/property-types.ts";
import type { Read } from "../ingest.ts";

const Names = z.array(z.string());

/** The body of PostHog's HTTP Webhook destination; users may add keys to it and rearrange it. */
const Delivery = z.object({
  event: z.object({
    uuid: EventId,
    event: Id,
    distinct_id: DistinctId,
    timestamp: z.string().nullish(),
    properties: Properties.nullish(),
  }),
  person: z.object({ id: z.string().nullish(), properties: Properties.nullish() }).nullish(),
});

/** PostHog's body as an event, or what is missing. An event without a usable time counts as of `now`. */
export function readPostHogEvent(body: unknown, now: number): Read {
  const delivery = Delivery.safeParse(body);
  if (!delivery.success) return { misfit: `not a PostHog event: ${placesOf(delivery.error)}` };

  const { event, person } = delivery.data;
  const properties = event.properties ?? {};
  const { event: name, distinct_id: distinctId } = event;
  const former = formerIn({ name, properties });
  if ("misfit" in former) return former;
  const personProperties = snapshotOf({ properties, person: person?.id ? (person.properties ?? {}) : null });
  return {
    event: {
      source: "posthog",
      uuid: event.uuid,
      name,
      distinctId,
      occurredAt: isoTime(event.timestamp, now),
      properties,
      personProperties,
      ...whoIn({ name, properties, personProperties }),
      ...former,
      ...nobodyIn({ name, distinctId, properties }),
    },
  };
}

/**
 * Where each event that merges says the id that is given up.
 * Source: https://posthog.com/docs/data/identify#alias-assigning-multiple-distinct-ids-to-the-same-user
 */
const FORMER_ID = new Map([
  ["$identify", "$anon_distinct_id"],
  ["$create_alias", "alias"],
  ["$merge_dangerously", "alias"],
]);

function formerIn({
  name,
  properties,
}: Pick<LifecycleEvent, "name" | "properties">):
  | Pick<LifecycleEvent, "formerId" | "mergesAnybody">
  | { misfit: string } {
  const place = FORMER_ID.get(name);
  const former = place === undefined ? undefined : properties[place];
  const mergesAnybody = name === "$merge_dangerously" && { mergesAnybody: true };
  if (typeof former === "string") return { formerId: former, ...mergesAnybody };
  if (typeof former !== "number") return {};
  if (Number.isSafeInteger(former)) return { formerId: String(former), ...mergesAnybody };
  return { misfit: `not a PostHog event: event.properties.${place} is ${INEXACT}` };
}

/** Its word on who its person is. An identify speaks of all of the person; any event may set some of it. */
function whoIn({
  name,
  properties,
  personProperties,
}: Pick<LifecycleEvent, "name" | "properties" | "personProperties">): Pick<LifecycleEvent, "saysWho" | "sets"> {
  const { $set, $set_once } = properties;
  if ($set === undefined && $set_once === undefined && !IDENTITY_EVENTS.includes(name)) return {};
  const set = name === "$identify" ? personProperties : { ...object($set), ...object($set_once) };
  const sets = Object.keys(set ?? {});
  return {
    ...(IDENTITY_EVENTS.includes(name) && { saysWho: true }),
    ...(sets.length > 0 && { sets }),
  };
}

/** PostHog's own word comes first, because server libraries never set `$is_identified` and user ids may well be UUIDs. */
function nobodyIn({
  name,
  distinctId,
  properties,
}: Pick<LifecycleEvent, "name" | "distinctId" | "properties">): Pick<LifecycleEvent, "nobody"> {
  if (name === "$groupidentify") return { nobody: "about a group, and not a person" };
  const [hasProfile, isIdentified] = [properties.$process_person_profile, properties.$is_identified].map(saidBy);
  const isAnonymous = hasProfile === false || !(isIdentified ?? properties.$device_id !== distinctId);
  return isAnonymous ? { nobody: ANONYMOUS } : {};
}

/** The event's own `$set` is newer than the person that travelled with it, and `$set_once` only fills gaps. */
function snapshotOf({
  properties,
  person,
}: {
  properties: Record<string, unknown>;
  person: Record<string, unknown> | null;
}): Record<string, unknown> | null {
  const set = object(properties.$set);
  const setOnce = object(properties.$set_once);
  if (person === null && set === undefined && setOnce === undefined) return null;

  const snapshot = { ...setOnce, ...person, ...set };
  if (properties.$unset !== undefined)
    for (const name of Names.safeParse(properties.$unset).data ?? []) delete snapshot[name];
  return snapshot;
}

function saidBy(value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  const reading = flag(value);
  return typeof reading === "string" ? undefined : reading.value;
}

function object(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined;
}
