import { HOUR_MS } from "../lib/durations.ts";
import { Source } from "./event.ts";

/** How a source differs from the others. */
interface SourceFacts {
  /** The name of the source on pages and in messages. */
  label: string;
  /** The source's name for the id of an event. */
  eventIdLabel: string;
  /** Whether its events come to POST /webhooks/<source>. */
  hasWebhook: boolean;
  /** Whether persons can be read there, with the right settings. */
  hasPersons: boolean;
  /** How long after an event its person may be missing at the source. A person that is missing later was deleted. */
  personDelayMs: number;
  /** Whether we store the person properties of its events, because no other service has all of them. */
  storesPersons: boolean;
  /** Whether we ask the source before we merge two ids: it may keep them apart although an event joins them. */
  checksMerges: boolean;
  /** The time of an event that orders the changes of a person. */
  personTime: "receivedAt" | "occurredAt";
}

/** One row for each source. A new name in `Source` does not compile without its row. */
export const SOURCES = {
  posthog: {
    label: "PostHog",
    eventIdLabel: "Event uuid",
    hasWebhook: true,
    hasPersons: true,
    personDelayMs: 0,
    storesPersons: false,
    // PostHog does not merge two identified persons, but forwards the event.
    checksMerges: true,
    // PostHog applies changes of a person in the order of arrival, not of their timestamps.
    personTime: "receivedAt",
  },
  segment: {
    label: "Segment",
    eventIdLabel: "Message id",
    hasWebhook: true,
    hasPersons: true,
    // Segment builds profiles apart from its deliveries.
    personDelayMs: HOUR_MS,
    // An identify carries only some traits, and not every plan has the Profile API.
    storesPersons: true,
    checksMerges: false,
    personTime: "occurredAt",
  },
  sweep: {
    label: "daily sweep",
    eventIdLabel: "Event uuid",
    hasWebhook: false,
    hasPersons: false,
    personDelayMs: 0,
    storesPersons: false,
    checksMerges: false,
    personTime: "occurredAt",
  },
} as const satisfies Record<Source, SourceFacts>;

type SourcesWith<Fact extends keyof SourceFacts> = {
  [Name in Source]: (typeof SOURCES)[Name][Fact] extends true ? Name : never;
}[Source];

/** The sources that send events by webhook. */
export type WebhookSource = SourcesWith<"hasWebhook">;
/** The sources at which persons can be read. */
export type PersonSourceName = SourcesWith<"hasPersons">;

export function isPersonSource(source: Source): source is PersonSourceName {
  return SOURCES[source].hasPersons;
}

export const PERSON_SOURCES = Source.options.filter(isPersonSource);
