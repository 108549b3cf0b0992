import type { LifecycleEvent } from "../contracts/event.ts";
import {
  declaredIn,
  type PersonProperties,
  type PropertyName,
  readPerson,
  SUBSCRIBER_DATA,
} from "../contracts/person.ts";
import type { Profile, Subscriber, Traits } from "../contracts/routing.ts";
import { SOURCES } from "../contracts/sources.ts";
import { greetingName, lastName, shownName } from "../lib/names.ts";
import { isTimeZone } from "../lib/time-zone.ts";

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

/** The person properties of an event that are stored here, because its source does not have all of them; null for none. */
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
  const data = Object.fromEntries(
    SUBSCRIBER_DATA.flatMap((key) => (person[key] === undefined ? [] : [[key, person[key]]])),
  );
  const known = {
    email,
    firstName: greetingName(person),
    lastName: shownName(last_name) ?? (first_name === undefined ? lastName(name) : undefined),
    phone,
    avatar: avatar !== undefined && isWebUrl(avatar) ? avatar : undefined,
    locale: novuLocale(locale),
    timezone: [$timezone, $geoip_time_zone].find((name) => name !== undefined && isTimeZone(name)),
    data: Object.keys(data).length > 0 ? data : undefined,
  };
  return {
    subscriberId: distinctId,
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  };
}

/** The letters of a language code in ISO 639. */
const LONGEST_LANGUAGE = 3;

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Language and region in the form that Novu accepts, such as en_US. A language alone gets its likeliest region.
 * Source: https://docs.novu.co/platform/workflow/advanced-features/translations
 */
function novuLocale(locale: string | undefined): string | undefined {
  if (locale === undefined) return undefined;
  try {
    const { language, region } = new Intl.Locale(locale.replaceAll("_", "-")).maximize();
    // Intl accepts words such as "german" as languages; Novu does not.
    return region === undefined || language.length > LONGEST_LANGUAGE ? undefined : `${language}_${region}`;
  } catch {
    return undefined;
  }
}
