import { z } from "zod";
import { ANONYMOUS, Id, type LifecycleEvent } from "../../contracts/event.ts";
import type { SegmentNames } from "../../contracts/product.ts";
import { inSnakeCase, propertiesOfTraits } from "../../lib/segment-traits.ts";
import { DistinctId, EventId, isoTime, Properties, pathsOf } from "../event-fields.ts";
import type { Parsed } from "../ingest.ts";

const text = z.string().nullish().catch(null);

/** The fields that all of Segment's calls have. Source: https://www.twilio.com/docs/segment/connections/spec/common */
const Message = z.object({
  type: Id,
  messageId: EventId,
  /** Some libraries send an empty userId until the person signs in. */
  userId: DistinctId.or(z.literal("")).nullish(),
  /** Some libraries send an empty anonymousId when there is a userId. */
  anonymousId: DistinctId.nullish().catch(null),
  /** When the event happened. Segment corrects the times of a sender with a wrong clock. */
  timestamp: text,
  originalTimestamp: text,
  context: z
    .object({ traits: Properties.nullish().catch(null), timezone: text, locale: text })
    .nullish()
    .catch(null),
});
type Message = z.output<typeof Message>;

const Track = z.object({ event: Id, properties: Properties.nullish() });
const Identify = z.object({ traits: Properties.nullish() });
const Viewed = z.object({ name: Id.nullish().catch(null), properties: Properties.nullish() });
const Alias = z.object({ previousId: DistinctId });

/** The fields that differ by the type of call. */
type CallFields = Pick<
  LifecycleEvent,
  "name" | "properties" | "isIdentityEvent" | "previousId" | "forcesMerge" | "noPersonReason"
> & {
  /** The traits of an identify. RudderStack puts them into `context.traits` instead. */
  traits?: Record<string, unknown>;
};

const PARSERS: Record<string, (body: unknown, names: SegmentNames) => CallFields> = {
  track(body, names) {
    const { event, properties } = Track.parse(body);
    return { name: names.get(event) ?? event, properties: inSnakeCase(properties ?? {}) };
  },
  identify(body) {
    const traits = propertiesOfTraits(Identify.parse(body).traits ?? {});
    return { name: "identify", properties: {}, isIdentityEvent: true, traits };
  },
  alias: (body) => ({
    ...{ name: "alias", properties: {}, isIdentityEvent: true },
    ...{ previousId: Alias.parse(body).previousId, forcesMerge: true },
  }),
  group: () => ({
    name: "group",
    properties: {},
    isIdentityEvent: true,
    noPersonReason: "about a group, and not a person",
  }),
  page: (body, names) => viewed(body, "Page", names),
  screen: (body, names) => viewed(body, "Screen", names),
};

/**
 * A call of Segment as an event, or what is missing. The event's uuid is the `messageId`. A call without a usable time
 * gets `now`. Only a `userId` identifies a person; an `anonymousId` belongs to a device.
 */
export function parseSegmentEvent(body: unknown, { now, names }: { now: number; names: SegmentNames }): Parsed {
  const message = Message.safeParse(body);
  if (!message.success) return misfit(message.error);
  const { type } = message.data;
  const parse = Object.hasOwn(PARSERS, type) ? PARSERS[type] : undefined;
  if (parse === undefined) return { misfit: whyNot(type) };
  try {
    return eventOf(message.data, parse(body, names), now);
  } catch (error) {
    if (error instanceof z.ZodError) return misfit(error);
    throw error;
  }
}

function eventOf(message: Message, { traits, ...fields }: CallFields, now: number): Parsed {
  const { messageId, userId, anonymousId, timestamp, originalTimestamp, context } = message;
  const isBlank = userId?.trim() === "";
  const knownId = isBlank ? null : userId;
  const distinctId = knownId ?? anonymousId;
  if (distinctId == null) {
    const why = isBlank ? "userId missing or not of the expected type" : "it has neither userId nor anonymousId";
    return { misfit: `not an event of Segment's: ${why}` };
  }
  const allTraits = { ...propertiesOfTraits(context?.traits ?? {}), ...traits };
  const personProperties = {
    ...(context?.timezone && { $timezone: context.timezone }),
    ...(context?.locale && { locale: context.locale }),
    ...allTraits,
  };
  return {
    event: {
      source: "segment",
      uuid: messageId,
      distinctId,
      occurredAt: isoTime(timestamp ?? originalTimestamp, now),
      personProperties: Object.keys(personProperties).length === 0 ? null : personProperties,
      ...(traits !== undefined && { changedProperties: Object.keys(allTraits) }),
      ...(knownId == null && { noPersonReason: ANONYMOUS }),
      ...(traits !== undefined && knownId != null && anonymousId != null && { deviceId: anonymousId }),
      ...fields,
    },
  };
}

function viewed(body: unknown, what: "Page" | "Screen", names: SegmentNames): CallFields {
  const { name, properties } = Viewed.parse(body);
  const segmentName = name ? `Viewed ${name} ${what}` : `Viewed a ${what}`;
  return { name: names.get(segmentName) ?? segmentName, properties: inSnakeCase(properties ?? {}) };
}

function whyNot(type: string): string {
  if (type === "delete") return "a delete call deletes nobody here; use npm run person -- delete";
  return `Segment's "${type.slice(0, 40)}" calls have no effect here`;
}

function misfit(error: z.ZodError): Parsed {
  return { misfit: `not an event of Segment's: ${pathsOf(error)}` };
}
