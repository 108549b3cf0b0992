import { hash } from "node:crypto";
import { z } from "zod";
import { PERSON_PROPERTIES, SUBSCRIBER_DATA as SUBSCRIBER_DATA_OF_FORK } from "../workflows/person-properties.ts";
import { ALL } from "./opt-out.ts";
import { email, flag, optOuts, type PropertyType, text } from "./property-types.ts";
import type { PersonSourceName } from "./sources.ts";

/** The properties that the engine itself reads. */
const ENGINE_PROPERTIES = {
  email,
  /** The full name. */
  name: text,
  first_name: text,
  last_name: text,
  phone: text,
  /** The URL of a picture. */
  avatar: text,
  /** BCP 47, such as en-US. */
  locale: text,
  /** Topics of src/workflows/topics.ts and `workflow:<id>`, or "all". */
  unsubscribed_from: optOuts,
  /** Whether a device of this person takes push messages; false stops them. Absent, Novu's tokens count. */
  push_enabled: flag,
  /** Whether this person has connected a chat; false stops chat messages. Absent, Novu's chats count. */
  chat_connected: flag,
  $timezone: text,
  $geoip_time_zone: text,
} satisfies Record<string, PropertyType<unknown>>;

const PROPERTIES = { ...PERSON_PROPERTIES, ...ENGINE_PROPERTIES };

type Properties = typeof PROPERTIES;
export type PropertyName = keyof Properties;
export type PersonProperties = {
  [Name in PropertyName]?: Properties[Name] extends PropertyType<infer Value> ? Value | undefined : never;
};
/** The properties that Novu gets as the subscriber's `data`. */
export const SUBSCRIBER_DATA: readonly PropertyName[] = SUBSCRIBER_DATA_OF_FORK;
export const PROPERTY_NAMES = Object.keys(PROPERTIES) as PropertyName[];
/** The declared names. Each product is expected to have an address and the fork's own properties. */
export const DECLARED_PROPERTIES = PROPERTY_NAMES.map((name) => ({
  name,
  isExpected: name === "email" || !(name in ENGINE_PROPERTIES),
}));
const BY_LOWER_CASE = new Map(PROPERTY_NAMES.map((name) => [name.toLowerCase(), name]));
const LENGTHS = new Set(PROPERTY_NAMES.map(({ length }) => length));
const LONGEST_NAME = 2 * Math.max(...PROPERTY_NAMES.map(({ length }) => length));

/** The declared properties of a person, and the names of the properties whose values cannot be read. */
export interface PersonRead {
  /** PostHog's own id of the person, the same for all their distinct ids. Segment has none. */
  personId?: string;
  properties: PersonProperties;
  unreadable: PropertyName[];
}

/** Reads a person's raw properties. An unreadable opt-out counts as an opt-out from everything. */
export function readPerson(raw: Record<string, unknown>): PersonRead {
  const properties: Record<string, unknown> = {};
  const unreadable: PropertyName[] = [];
  const values = declaredIn(raw);
  for (const [name, value] of values) {
    const reading = (PROPERTIES[name] as PropertyType<unknown>)(value);
    if (reading === "unreadable") unreadable.push(name);
    else if (reading !== "absent") properties[name] = reading.value;
  }
  if (unreadable.includes("unsubscribed_from")) properties.unsubscribed_from = [ALL];
  return { properties: properties as PersonProperties, unreadable };
}

/**
 * The raw values of the declared properties, keyed by our spelling of their names. An emptied property stays, as null
 * or empty text. Our spelling wins (`email` over `Email`) unless it is empty: an empty value must not hide an opt-out
 * in another spelling.
 */
export function declaredIn(raw: Record<string, unknown>): ReadonlyMap<PropertyName, unknown> {
  if (last?.raw === raw) return last.values;
  const values = selectDeclared(raw);
  last = { raw, values };
  return values;
}

/** The last result: the parts of the app that handle an event read the same object one after the other. */
let last: { raw: Record<string, unknown>; values: ReadonlyMap<PropertyName, unknown> } | null = null;

function selectDeclared(raw: Record<string, unknown>): Map<PropertyName, unknown> {
  const values = new Map<PropertyName, unknown>();
  for (const spelled of Object.keys(raw)) {
    const name = declaredName(spelled);
    if (name === undefined) continue;
    const value = raw[spelled] ?? null;
    const isAbsent = (one: unknown) => (PROPERTIES[name] as PropertyType<unknown>)(one) === "absent";
    if (isAbsent(values.get(name)) || (spelled === name && !isAbsent(value))) values.set(name, value);
  }
  return values;
}

/** Most names are not declared. Comparing their lengths first is the fastest way to rule them out. */
function declaredName(spelled: string): PropertyName | undefined {
  const exact = BY_LOWER_CASE.get(spelled);
  if (exact !== undefined) return exact;
  const trimmed = spelled.length > LONGEST_NAME ? "" : spelled.trim();
  return LENGTHS.has(trimmed.length) ? BY_LOWER_CASE.get(trimmed.toLowerCase()) : undefined;
}

const HASH_LENGTH = 8;

/** A short hash of each property: enough to see that a value changed, and too short to keep the value. */
export function propertyHashes(properties: PersonProperties): Record<string, string> {
  const hashes: Record<string, string> = {};
  for (const [name, value] of Object.entries(properties))
    if (value !== undefined)
      hashes[name] = hash("sha256", `${name}:${JSON.stringify(value)}`, "base64url").slice(0, HASH_LENGTH);
  return hashes;
}

/** The schema of properties that `readPerson` has read, and that arrive as JSON. */
export const PersonProperties = z.custom<PersonProperties>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** The person of a message, as a step reads it. */
export interface Person extends PersonRead {
  distinctId: string;
  /**
   * `posthog`, `segment`: read there at this moment. `own`: from our store, because no source has the person.
   * `snapshot`: as of the event, because the person could not be read. `sample`: a preview.
   */
  source: PersonSourceName | "own" | "snapshot" | "sample";
}

/**
 * The declared properties of each distinct id that the source has. If the properties are older than the read, `asOf` is
 * their time in milliseconds since 1970. Throws when the source gives no usable answer.
 */
export type ReadPersons = (
  distinctIds: string[],
  signal: AbortSignal,
) => Promise<Map<string, PersonRead & { asOf?: number }>>;

/** A source of persons. */
export interface PersonSource {
  /** The name of the source in messages, such as PostHog. */
  name: string;
  read: ReadPersons;
  /** The most distinct ids of one read. */
  mostAtOnce: number;
  /** At many lookups, a read waits this long for more of them, at few for a shorter time. No wait when absent. */
  gatherMs?: number;
}

/** The sources that are configured, and our store. */
export type PersonSources = Partial<Record<PersonSourceName, PersonSource>> & { own: PersonSource };

/**
 * The result of a lookup at one source. With "unavailable" nothing is known about the person. An event received after
 * `asOf` may be newer than the person found.
 */
export type PersonLookup =
  | ({ outcome: "found"; asOf: number } & PersonRead)
  | { outcome: "not found" }
  | { outcome: "unavailable"; why: string };

/** The person of a run as it is now, with the source that was read; `own` is our store. */
export type PersonReading =
  | ({ outcome: "found"; asOf: number; source: PersonSourceName | "own" } & PersonRead)
  | { outcome: "not found"; source: PersonSourceName | "own" }
  | { outcome: "unavailable"; why: string };

/**
 * The properties of a person, and the names of the unreadable properties that a condition has used. Such a condition
 * has no valid result: an unreadable property looks absent, and that often allows the message.
 */
export function trackUnreadable({ properties, unreadable }: PersonRead): {
  properties: PersonProperties;
  usedUnreadable(): PropertyName[];
} {
  const used = new Set<PropertyName>();
  if (unreadable.length === 0) return { properties, usedUnreadable: () => [] };
  const copy = { ...properties };
  for (const name of unreadable) {
    const get = () => {
      used.add(name);
      return properties[name];
    };
    Object.defineProperty(copy, name, { enumerable: false, get });
  }
  return { properties: copy, usedUnreadable: () => [...used] };
}
