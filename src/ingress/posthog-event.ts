import { z } from "zod";
import { IDENTITY_EVENTS, type LifecycleEvent } from "../contracts/event.ts";
import { DistinctId, Id, isObject, isoTime, Properties, placesOf } from "./event-parts.ts";
import type { Read } from "./take-event.ts";

const Names = z.array(z.string());

/** The body of PostHog's HTTP Webhook destination; users may add keys to it and rearrange it. */
const Delivery = z.object({
  event: z.object({
    uuid: Id,
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
      ...nobodyIn({ name, distinctId, properties }),
    },
  };
}

/** Where each event that merges says the id that is given up. */
const FORMER_ID = new Map([
  ["$identify", "$anon_distinct_id"],
  ["$create_alias", "alias"],
  ["$merge_dangerously", "alias"],
]);

/**
 * What it says of who its person is. An identify speaks of all of the person; any event may set some of it.
 * Source: https://posthog.com/docs/data/identify#alias-assigning-multiple-distinct-ids-to-the-same-user
 */
function whoIn({
  name,
  properties,
  personProperties,
}: Pick<LifecycleEvent, "name" | "properties" | "personProperties">): Pick<
  LifecycleEvent,
  "saysWho" | "sets" | "formerId"
> {
  const { $set, $set_once } = properties;
  if ($set === undefined && $set_once === undefined && !IDENTITY_EVENTS.includes(name)) return {};
  const former = properties[FORMER_ID.get(name) ?? ""];
  const set = name === "$identify" ? personProperties : { ...object($set), ...object($set_once) };
  const sets = Object.keys(set ?? {});
  return {
    ...(IDENTITY_EVENTS.includes(name) && { saysWho: true }),
    ...(sets.length > 0 && { sets }),
    ...((typeof former === "string" || typeof former === "number") && { formerId: String(former) }),
  };
}

/** PostHog's own word comes first, because server libraries never set `$is_identified` and user ids may well be UUIDs. */
function nobodyIn({
  name,
  distinctId,
  properties,
}: Pick<LifecycleEvent, "name" | "distinctId" | "properties">): Pick<LifecycleEvent, "nobody"> {
  if (name === "$groupidentify") return { nobody: "about a group, and not a person" };
  if (properties.$process_person_profile === false) return { nobody: "anonymous" };
  const { $is_identified } = properties;
  const isAnonymous = typeof $is_identified === "boolean" ? !$is_identified : properties.$device_id === distinctId;
  return isAnonymous ? { nobody: "anonymous" } : {};
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

function object(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined;
}
