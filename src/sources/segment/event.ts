import { z } from "zod";
import { ANONYMOUS, type LifecycleEvent } from "../../contracts/event.ts";
import { DistinctId, EventId, Id, isoTime, Properties, placesOf } from "../../contracts/event-fields.ts";
import { inSnakeCase, propertiesOfTraits } from "../../lib/segment-traits.ts";
import type { Read } from "../ingest.ts";

const text = z.string().nullish().catch(null);

/** What each of Segment's calls has. Source: https://www.twilio.com/docs/segment/connections/spec/common */
const Message = z.object({
  type: Id,
  messageId: EventId,
  /** Some libraries leave it empty until somebody signs in. */
  userId: DistinctId.or(z.literal("")).nullish(),
  /** Some libraries leave it empty where there is a userId. */
  anonymousId: DistinctId.nullish().catch(null),
  /** When it happened, set right by Segment for a sender whose clock is wrong. */
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

/** What an event is besides what each of them has. */
type Said = Pick<LifecycleEvent, "name" | "properties" | "saysWho" | "formerId" | "mergesAnybody" | "nobody"> & {
  /** Of an identify. RudderStack puts them into `context.traits` instead. */
  traits?: Record<string, unknown>;
};

/** The names of a team's events at Segment, each with its name here. */
export type SegmentNames = ReadonlyMap<string, string>;

const READERS: Record<string, (body: unknown, names: SegmentNames) => Said> = {
  track(body, names) {
    const { event, properties } = Track.parse(body);
    return { name: names.get(event) ?? event, properties: inSnakeCase(properties ?? {}) };
  },
  identify(body) {
    const traits = propertiesOfTraits(Identify.parse(body).traits ?? {});
    return { name: "identify", properties: {}, saysWho: true, traits };
  },
  alias: (body) => ({
    ...{ name: "alias", properties: {}, saysWho: true },
    ...{ formerId: Alias.parse(body).previousId, mergesAnybody: true },
  }),
  group: () => ({ name: "group", properties: {}, saysWho: true, nobody: "about a group, and not a person" }),
  page: (body, names) => viewed(body, "Page", names),
  screen: (body, names) => viewed(body, "Screen", names),
};

/**
 * One of Segment's calls as an event, or what is missing. `messageId` is its id. One without a usable
 * time counts as of `now`. Only a `userId` makes somebody known: an `anonymousId` is a device's.
 */
export function readSegmentEvent(body: unknown, { now, names }: { now: number; names: SegmentNames }): Read {
  const message = Message.safeParse(body);
  if (!message.success) return misfit(message.error);
  const { type } = message.data;
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  if (read === undefined) return { misfit: whyNot(type) };
  try {
    return eventOf(message.data, read(body, names), now);
  } catch (error) {
    if (error instanceof z.ZodError) return misfit(error);
    throw error;
  }
}

function eventOf(message: Message, { traits, ...said }: Said, now: number): Read {
  const { messageId, userId, anonymousId, timestamp, originalTimestamp, context } = message;
  const isBlank = userId?.trim() === "";
  const knownId = isBlank ? null : userId;
  const distinctId = knownId ?? anonymousId;
  if (distinctId == null) {
    const why = isBlank ? "userId missing or not of the expected type" : "it has neither userId nor anonymousId";
    return { misfit: `not an event of Segment's: ${why}` };
  }
  const told = { ...propertiesOfTraits(context?.traits ?? {}), ...traits };
  const personProperties = {
    ...(context?.timezone && { $timezone: context.timezone }),
    ...(context?.locale && { locale: context.locale }),
    ...told,
  };
  return {
    event: {
      source: "segment",
      uuid: messageId,
      distinctId,
      occurredAt: isoTime(timestamp ?? originalTimestamp, now),
      personProperties: Object.keys(personProperties).length === 0 ? null : personProperties,
      ...(traits !== undefined && { sets: Object.keys(told) }),
      ...(knownId == null && { nobody: ANONYMOUS }),
      ...(traits !== undefined && knownId != null && anonymousId != null && { deviceId: anonymousId }),
      ...said,
    },
  };
}

function viewed(body: unknown, what: "Page" | "Screen", names: SegmentNames): Said {
  const { name, properties } = Viewed.parse(body);
  const theirs = name ? `Viewed ${name} ${what}` : `Viewed a ${what}`;
  return { name: names.get(theirs) ?? theirs, properties: inSnakeCase(properties ?? {}) };
}

function whyNot(type: string): string {
  if (type === "delete") return "nobody is deleted by an event: npm run person -- delete does it";
  return `nothing is done with Segment's "${type.slice(0, 40)}"`;
}

function misfit(error: z.ZodError): Read {
  return { misfit: `not an event of Segment's: ${placesOf(error)}` };
}
