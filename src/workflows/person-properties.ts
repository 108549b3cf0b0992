import { date, flag, list, lowerCase, type PropertyType, text } from "../contracts/property-types.ts";

/**
 * The person properties that your workflows read, besides those that the engine reads itself
 * (src/contracts/person.ts: email, name, phone, opt-outs, time zone …). The app reads no other properties. A type
 * also reads a number, flag or list that is written as text. A value without a clear meaning does not count as absent:
 * a message whose `skip` reads such a property is not sent.
 */
export const PERSON_PROPERTIES = {
  plan: lowerCase(text),
  /** The channel that this person prefers for the last message: email, sms or chat. */
  preferred_channel: lowerCase(text),
  onboarding_completed: flag,
  /** The set-up step this person is at: connect_data, invite_team or first_report. */
  onboarding_step: lowerCase(text),
  features_used: lowerCase(list),
  last_active_at: date,
  last_purchase_at: date,
} satisfies Record<string, PropertyType<unknown>>;

/** The properties that Novu gets as the subscriber's `data`, for templates and conditions in Novu's dashboard. */
export const SUBSCRIBER_DATA = ["plan"] as const satisfies Array<keyof typeof PERSON_PROPERTIES>;
