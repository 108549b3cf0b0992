import type { LifecycleEvent } from "../contracts/event.ts";
import type { Profile, Subscriber, Traits } from "../contracts/notification.ts";
import {
  declaredIn,
  type PersonProperties,
  type PropertyName,
  readPerson,
  SUBSCRIBER_DATA,
} from "../contracts/person.ts";
import { greetingName, lastName, shownName } from "../lib/names.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/**
 * What of a person Novu keeps. Not `$timezone` and `$geoip_time_zone`: PostHog itself puts such
 * properties into the `$set` of every event.
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

/** Whether an event may say something new of what Novu keeps of its person. */
export function changesProfile({ sets = [] }: LifecycleEvent): boolean {
  return sets.some((property) => PROFILE_PROPERTIES.has(property.trim().toLowerCase()));
}

/** The profile as of an event; null when nothing is known that Novu keeps. */
export function profileOf(event: LifecycleEvent): Profile | null {
  const { source, uuid, distinctId, personProperties } = event;
  const subscriber = subscriberOf(distinctId, readPerson(personProperties ?? {}).properties);
  const { subscriberId: _, ...known } = subscriber;
  return Object.keys(known).length === 0
    ? null
    : { subscriber, occurredAt: saidAt(event), eventUuid: uuid, ...(source === "segment" && { source }) };
}

/** PostHog applies changes of a person in the order in which they arrive, whatever their timestamps say. */
function saidAt({ source, occurredAt, receivedAt }: LifecycleEvent): string {
  return source === "posthog" ? (receivedAt ?? occurredAt) : occurredAt;
}

/** What is to be kept here of an event's person, because nobody else can be asked for all of it later; null when nothing is. */
export function traitsIn({ source, distinctId, occurredAt, personProperties }: LifecycleEvent): Traits | null {
  if (source !== "segment" || personProperties === null) return null;
  const declared = declaredIn(personProperties);
  if (declared.size === 0) return null;
  const { properties, unreadable } = readPerson(personProperties);
  const kept = [...declared].map(([name, raw]) => [name, unreadable.includes(name) ? raw : properties[name]]);
  return { distinctId, occurredAt, properties: Object.fromEntries(kept) };
}

/** What is not known is left out, so that Novu keeps what it has. */
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

/** As ISO 639 has it. */
const LONGEST_LANGUAGE = 3;

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Language and region as Novu takes them, such as en_US; a language alone with its likeliest region.
 * Source: https://docs.novu.co/platform/workflow/advanced-features/translations
 */
function novuLocale(locale: string | undefined): string | undefined {
  if (locale === undefined) return undefined;
  try {
    const { language, region } = new Intl.Locale(locale.replaceAll("_", "-")).maximize();
    // Words such as "german" are languages to Intl, and no locale to Novu.
    return region === undefined || language.length > LONGEST_LANGUAGE ? undefined : `${language}_${region}`;
  } catch {
    return undefined;
  }
}
