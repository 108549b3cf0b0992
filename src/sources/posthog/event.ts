import { z } from "zod";
import { ANONYMOUS, IDENTITY_EVENTS, Id, type LifecycleEvent } from "../../contracts/event.ts";
import { flag } from "../../contracts/property-types.ts";
import { DistinctId, EventId, INEXACT, isObject, isoTime, Properties, pathsOf } from "../event-fields.ts";
import type { Parsed } from "../ingest.ts";

const Names = z.array(z.string());

/** The body of PostHog's HTTP Webhook destination. Users may add keys and change their order. */
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

/** PostHog's body as an event, or what is missing. An event without a usable time gets `now`. */
export function parsePostHogEvent(body: unknown, now: number): Parsed {
  const delivery = Delivery.safeParse(body);
  if (!delivery.success) return { misfit: `not a PostHog event: ${pathsOf(delivery.error)}` };

  const { event, person } = delivery.data;
  const properties = event.properties ?? {};
  const { uuid, event: name, distinct_id: distinctId, timestamp } = event;
  const previous = previousIdIn(name, properties);
  if ("misfit" in previous) return previous;
  const personProperties = snapshotOf(properties, person?.id ? (person.properties ?? {}) : null);
  return {
    event: {
      source: "posthog",
      uuid,
      name,
      distinctId,
      properties,
      personProperties,
      occurredAt: isoTime(timestamp, now),
      ...identityIn(name, properties, personProperties),
      ...previous,
      ...noPersonReasonIn(name, distinctId, properties),
    },
  };
}

type Fields = LifecycleEvent["properties"];

/**
 * The property with the previous id, for each event that merges.
 * Source: https://posthog.com/docs/data/identify#alias-assigning-multiple-distinct-ids-to-the-same-user
 */
export const PREVIOUS_ID: ReadonlyMap<string, string> = new Map([
  ["$identify", "$anon_distinct_id"],
  ["$create_alias", "alias"],
  ["$merge_dangerously", "alias"],
]);

function previousIdIn(
  name: string,
  properties: Fields,
): Pick<LifecycleEvent, "previousId" | "forcesMerge"> | { misfit: string } {
  const property = PREVIOUS_ID.get(name);
  const previousId = property === undefined ? undefined : properties[property];
  const forcesMerge = name === "$merge_dangerously" && { forcesMerge: true };
  if (typeof previousId === "string") return { previousId, ...forcesMerge };
  if (typeof previousId !== "number") return {};
  if (Number.isSafeInteger(previousId)) return { previousId: String(previousId), ...forcesMerge };
  return { misfit: `not a PostHog event: event.properties.${property} is ${INEXACT}` };
}

/** An `$identify` may change all person properties, other events those in their `$set` and `$set_once`. */
function identityIn(
  name: string,
  { $set, $set_once }: Fields,
  personProperties: Fields | null,
): Pick<LifecycleEvent, "isIdentityEvent" | "changedProperties"> {
  const isIdentityEvent = IDENTITY_EVENTS.includes(name);
  if ($set === undefined && $set_once === undefined && !isIdentityEvent) return {};
  const set = name === "$identify" ? personProperties : { ...object($set), ...object($set_once) };
  const changedProperties = Object.keys(set ?? {});
  return { ...(isIdentityEvent && { isIdentityEvent }), ...(changedProperties.length > 0 && { changedProperties }) };
}

/**
 * The properties that PostHog sets decide. Server libraries do not set `$is_identified`; then only a distinct id that
 * is the device id is anonymous. The form of an id decides nothing, because user ids may be UUIDs.
 */
function noPersonReasonIn(
  name: string,
  distinctId: string,
  properties: Fields,
): Pick<LifecycleEvent, "noPersonReason"> {
  if (name === "$groupidentify") return { noPersonReason: "about a group, and not a person" };
  const [hasProfile, isIdentified] = [properties.$process_person_profile, properties.$is_identified].map(booleanIn);
  const isAnonymous = hasProfile === false || !(isIdentified ?? properties.$device_id !== distinctId);
  return isAnonymous ? { noPersonReason: ANONYMOUS } : {};
}

/** The event's `$set` is newer than the person in the same body. `$set_once` only sets properties without a value. */
function snapshotOf({ $set, $set_once, $unset }: Fields, person: Fields | null): Fields | null {
  const set = object($set);
  const setOnce = object($set_once);
  if (person === null && set === undefined && setOnce === undefined) return null;

  const snapshot = { ...setOnce, ...person, ...set };
  if ($unset !== undefined) for (const name of Names.safeParse($unset).data ?? []) delete snapshot[name];
  return snapshot;
}

function booleanIn(value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  const reading = flag(value);
  return typeof reading === "string" ? undefined : reading.value;
}

function object(value: unknown): Record<string, unknown> | undefined {
  return isObject(value) ? value : undefined;
}
