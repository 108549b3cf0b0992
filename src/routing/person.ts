import { isSoundId, type LifecycleEvent } from "../contracts/event.ts";
import {
  declaredIn,
  type PersonProperties,
  type PropertyName,
  readPerson,
  SUBSCRIBER_DATA,
} from "../contracts/person.ts";
import type { Merge, MergeRequest, Profile, Subscriber, Traits } from "../contracts/routing.ts";
import { isPersonSource, SOURCES } from "../contracts/sources.ts";
import { readLocale } from "../lib/locale.ts";
import { greetingName, lastName, shownName } from "../lib/names.ts";
import { remembered } from "../lib/remembered.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/** Distinct ids that PostHog itself refuses for people, https://posthog.com/docs/product-analytics/identify */
const ILLEGAL_IDS = new Set([
  "anonymous",
  "guest",
  "distinctid",
  "distinct_id",
  "id",
  "not_authenticated",
  "email",
  "undefined",
  "true",
  "false",
]);
const ILLEGAL_EXACTLY = new Set(["NaN", "0"]);
/** Texts that programs write for a missing value, once for each part of an id. */
const NO_VALUES =
  /^[\s:|/,;._@()[\]{}<>"'-]*((undefined|null|none|nil|n\/a|unknown|object object)[\s:|/,;._@()[\]{}<>"'-]*)+$/i;
const ZEROS = /^0{8}-?0{4}-?0{4}-?0{4}-?0{12}$/;
/** Unfilled templates: {{user.id}}, ${userId}, <user_id>, <%= user.id %> and %USER_ID%, but not a uuid in braces. */
const UNFILLED = /^(\{\{.*\}\}|[$#]\{.*\}|[{[][a-z_.\s]+[\]}]|<[a-z_.\s=%-]+>|%+[a-z][\w.-]*%+)$/is;
const QUOTES_AROUND = /^[\s\p{DI}"'`\\“”‘’]+|[\s\p{DI}"'`\\“”‘’]+$/gu;

/** The fast path: most ids have a digit from 1 to 9, and no placeholder has such a digit. */
const ORDINARY = /^[a-z0-9_.@+-]*[1-9][a-z0-9_.@+-]*$/i;

/** Why an event belongs to no known person; null when it belongs to one. */
export function whyNoPerson({
  distinctId,
  noPersonReason,
}: Pick<LifecycleEvent, "distinctId" | "noPersonReason">): string | null {
  return whyNoPersonId(distinctId) ?? noPersonReason ?? null;
}

/**
 * The merge of an event's distinct id with its previous id; null when the previous id is missing or a placeholder. An
 * anonymous previous id counts too, because a server may have used it in an event that starts or ends a run.
 */
export function mergeOf({
  distinctId,
  previousId,
  occurredAt,
}: Pick<LifecycleEvent, "distinctId" | "previousId" | "occurredAt">): Merge | null {
  if (previousId === undefined || previousId === distinctId || !isSoundId(previousId)) return null;
  if (whyNoPersonId(previousId) !== null) return null;
  return { previousId, currentId: distinctId, occurredAt };
}

/**
 * The request for another id that an event names for its person; null when the event names none. The id of a device
 * merges no persons, but the anonymous events of the device may belong to this person.
 */
export function mergeRequestOf(event: LifecycleEvent): MergeRequest | null {
  const { source, uuid: eventUuid, distinctId, previousId, deviceId, occurredAt, receivedAt = occurredAt } = event;
  if (previousId === undefined && deviceId === undefined) return null;
  const about = { occurredAt, receivedAt, eventUuid };
  const merge = mergeOf(event);
  if (merge !== null) {
    const checkAt = isPersonSource(source) && SOURCES[source].checksMerges && !event.forcesMerge ? source : null;
    return { ...merge, ...about, checkAt, merge: true };
  }
  const device = mergeOf({ distinctId, occurredAt, previousId: deviceId });
  return device && { ...device, ...about, checkAt: null, merge: false };
}

/** Why no person can have this distinct id; null when one can. */
export function whyNoPersonId(distinctId: string): string | null {
  if (ORDINARY.test(distinctId)) return null;
  if (isPlaceholder(distinctId.replace(QUOTES_AROUND, ""))) return "the distinct id is a placeholder";
  return distinctId.startsWith("$") ? "the distinct id is not a person's" : null;
}

function isPlaceholder(id: string): boolean {
  if (ILLEGAL_IDS.has(id.toLowerCase()) || ILLEGAL_EXACTLY.has(id)) return true;
  const hasContent = /[\p{L}\p{N}\p{S}]/u.test(id);
  return !hasContent || NO_VALUES.test(id) || ZEROS.test(id) || UNFILLED.test(id);
}

/**
 * The properties that Novu stores of a person. Not `$timezone` and `$geoip_time_zone`, because PostHog itself puts
 * them into the `$set` of every event.
 */
const PROFILE_PROPERTIES = new Set<string>([
  "email",
  "name",
  "first_name",
  "last_name",
  "phone",
  "avatar",
  "locale",
  ...SUBSCRIBER_DATA,
] satisfies PropertyName[]);

/** Whether an event may change what Novu stores of its person. */
export function changesProfile({ changedProperties = [] }: LifecycleEvent): boolean {
  return changedProperties.some((property) => PROFILE_PROPERTIES.has(property.trim().toLowerCase()));
}

/** The profile as of an event; null when the event has nothing that Novu stores. */
export function profileOf(event: LifecycleEvent): Profile | null {
  const { source, uuid, distinctId, occurredAt, receivedAt = occurredAt, personProperties } = event;
  const subscriber = subscriberOf(distinctId, readPerson(personProperties ?? {}).properties);
  const { subscriberId: _, ...known } = subscriber;
  return Object.keys(known).length === 0
    ? null
    : { subscriber, occurredAt: { occurredAt, receivedAt }[SOURCES[source].personTime], eventUuid: uuid, source };
}

/** The person properties of an event that we store, because its source does not have all of them; null for none. */
export function traitsIn({ source, distinctId, occurredAt, personProperties }: LifecycleEvent): Traits | null {
  if (!SOURCES[source].storesPersons || personProperties === null) return null;
  const declared = declaredIn(personProperties);
  if (declared.size === 0) return null;
  const { properties, unreadable } = readPerson(personProperties);
  const stored = [...declared].map(([name, raw]) => [name, unreadable.includes(name) ? raw : properties[name]]);
  return { distinctId, occurredAt, properties: Object.fromEntries(stored) };
}

/** A field without a value is absent, so that Novu does not change it. */
export function subscriberOf(distinctId: string, person: PersonProperties): Subscriber {
  const { email, name, first_name, last_name, phone, avatar, locale, $timezone, $geoip_time_zone } = person;
  const data = withValues(SUBSCRIBER_DATA.map((key) => [key, person[key]]));
  const known = {
    email,
    firstName: greetingName(person),
    lastName: shownName(last_name) ?? (first_name === undefined ? lastName(name) : undefined),
    phone,
    avatar: avatar !== undefined && isWebUrl(avatar) ? avatar : undefined,
    locale: locale === undefined ? undefined : novuLocale(locale),
    timezone: [$timezone, $geoip_time_zone].find((name) => name !== undefined && isTimeZone(name)),
    data: Object.keys(data).length > 0 ? data : undefined,
  };
  return { subscriberId: distinctId, ...withValues(Object.entries(known)) };
}

function withValues(entries: Array<[string, unknown]>): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of entries) if (value !== undefined) found[name] = value;
  return found;
}

/** The most letters of a language code in ISO 639. */
const LONGEST_LANGUAGE = 3;

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Language and region in the form that Novu accepts, such as en_US. A language alone gets its likeliest region.
 * Source: https://docs.novu.co/platform/workflow/advanced-features/translations
 */
const novuLocale = remembered((locale): string | undefined => {
  const { language, region } = readLocale(locale)?.maximize() ?? {};
  // Intl accepts words such as "german" as languages; Novu does not.
  if (language === undefined || region === undefined || language.length > LONGEST_LANGUAGE) return undefined;
  return `${language}_${region}`;
});
