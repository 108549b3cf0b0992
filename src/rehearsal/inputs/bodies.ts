import { ANONYMOUS, type LifecycleEvent } from "../../contracts/event.ts";
import type { SegmentNames } from "../../contracts/product.ts";
import { parsePostHogEvent } from "../../sources/posthog/event.ts";

/** The id of every person in a body that we write. Only its presence counts. */
const PERSON_ID = "person";

/** A body from which the source's parser makes this event again. Null if no body of the source can say it. */
export function bodyOf(event: LifecycleEvent, names: SegmentNames): Record<string, unknown> | null {
  return event.source === "segment" ? segmentBody(event, names) : postHogBody(event);
}

function postHogBody(event: LifecycleEvent): Record<string, unknown> {
  const { uuid, name, distinctId, occurredAt, properties, personProperties, noPersonReason } = event;
  const body = {
    event: { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt },
    person: personProperties === null ? null : { id: PERSON_ID, properties: personProperties },
  };
  if (noPersonReason !== undefined) return body;
  const parsed = parsePostHogEvent(body, Date.parse(occurredAt));
  if ("misfit" in parsed || parsed.event.noPersonReason !== ANONYMOUS) return body;
  // The event of a visitor who became this person later, and to whom the event was assigned then.
  const { $process_person_profile: _, ...others } = properties;
  return { ...body, event: { ...body.event, properties: { ...others, $is_identified: true } } };
}

function segmentBody(event: LifecycleEvent, names: SegmentNames): Record<string, unknown> | null {
  const { uuid, distinctId, occurredAt, personProperties, deviceId, noPersonReason } = event;
  const call = callOf(event, names);
  if (call === null) return null;
  const ids =
    noPersonReason === ANONYMOUS ? { anonymousId: distinctId } : { userId: distinctId, anonymousId: deviceId };
  const { changed, others } = traitsOf(event);
  const identify = call.type === "identify" && { traits: changed };
  const context = call.type === "identify" ? others : { traits: personProperties ?? {} };
  return { messageId: uuid, timestamp: occurredAt, ...ids, ...call, ...identify, context };
}

function callOf(
  { name, properties, isIdentityEvent, previousId }: LifecycleEvent,
  names: SegmentNames,
): ({ type: string } & Record<string, unknown>) | null {
  if (!isIdentityEvent) return { type: "track", event: segmentNameOf(name, names), properties };
  if (name === "alias") return previousId === undefined ? null : { type: "alias", previousId };
  return { type: name === "group" ? "group" : "identify" };
}

/** Segment's name of an event. A name that the map gives to another event belongs to no event of Segment. */
function segmentNameOf(name: string, names: SegmentNames): string {
  for (const [theirs, ours] of names) if (ours === name) return theirs;
  return name;
}

/**
 * The traits of an identify, and its context. The context also has the first and the last name, because the parser makes
 * a name of them where the same object has none.
 */
function traitsOf({ personProperties, changedProperties = [] }: LifecycleEvent) {
  const entries = Object.entries(personProperties ?? {});
  const isChanged = ([name]: [string, unknown]) => changedProperties.includes(name);
  const { $timezone: timezone, locale } = Object.fromEntries(entries.filter((entry) => !isChanged(entry)));
  const isPart = ([name]: [string, unknown]) => name === "first_name" || name === "last_name";
  const changed = entries.filter(isChanged);
  const parts = Object.fromEntries(changed.filter(isPart));
  const traits = Object.fromEntries(changed.filter((entry) => !isPart(entry)));
  return { changed: traits, others: { timezone, locale, traits: parts } };
}
