import { z } from "zod";

/**
 * The person properties that your workflows read. Declare yours here; the rest of the
 * person never travels. A property of another type than declared counts as absent.
 */
export const PersonProperties = z.object({
  email: declared(z.email()),
  /** In full. */
  name: declared(z.string()),
  first_name: declared(z.string()),
  last_name: declared(z.string()),
  phone: declared(z.string()),
  /** The address of a picture. */
  avatar: declared(z.url({ protocol: /^https?$/ })),
  /** BCP 47, such as en-US. */
  locale: declared(z.string()),
  plan: declared(z.string()),
  /** What this person does not want: topics of src/workflows/topics.ts, or "all". */
  unsubscribed_from: declared(z.array(z.string())),
  /** Whether a device of theirs is registered at Novu. */
  push_enabled: declared(z.boolean()),
  /** Whether a chat of theirs is registered at Novu. */
  chat_connected: declared(z.boolean()),
  /** Where they want to be reached at last: email, sms or chat. */
  preferred_channel: declared(z.string()),
  onboarding_completed: declared(z.boolean()),
  /** The set-up step this person is at: connect_data, invite_team or first_report. */
  onboarding_step: declared(z.string()),
  features_used: declared(z.array(z.string())),
  /** ISO 8601 */
  last_active_at: declared(z.iso.datetime({ offset: true })),
  /** ISO 8601 */
  last_purchase_at: declared(z.iso.datetime({ offset: true })),
  $timezone: declared(z.string()),
  $geoip_time_zone: declared(z.string()),
});
export type PersonProperties = z.infer<typeof PersonProperties>;

/** Those that Novu is told as the subscriber's `data`, for the templates and conditions of its dashboard. */
export const SUBSCRIBER_DATA = ["plan"] as const satisfies Array<keyof PersonProperties>;

/** Who a message is for, as a step sees them. */
export interface Person {
  distinctId: string;
  properties: PersonProperties;
  /**
   * `posthog`, `segment`: read there at this moment. `own`: what has been told of them here, because nobody else
   * knows them. `snapshot`: as of the event, because whoever was to be asked could not be. `sample`: a preview.
   */
  source: "posthog" | "segment" | "own" | "snapshot" | "sample";
}

/** The declared properties of those distinct ids that are known there. Throws when it cannot be asked. */
export type ReadPersons = (distinctIds: string[], signal: AbortSignal) => Promise<Map<string, PersonProperties>>;

/** Somewhere that persons are read. */
export interface PersonPlace {
  /** As it is to be called, such as PostHog. */
  name: string;
  read: ReadPersons;
  /** How many distinct ids it takes in one read. */
  mostAtOnce: number;
}

/** The places that are configured, and what has been told of persons here. */
export type PersonPlaces = Partial<Record<"posthog" | "segment", PersonPlace>> & { own: PersonPlace };

/** What asking for a person came to. Unavailable says nothing about the person. */
export type PersonLookup =
  | { outcome: "found"; properties: PersonProperties }
  | { outcome: "not found" }
  | { outcome: "unavailable"; why: string };

function declared<Schema extends z.ZodType>(schema: Schema) {
  return schema.optional().catch(undefined);
}
