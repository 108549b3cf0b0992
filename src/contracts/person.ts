import { z } from "zod";
import { PERSON_PROPERTIES, SUBSCRIBER_DATA as SUBSCRIBER_DATA_OF_FORK } from "../workflows/person-properties.ts";
import { ALL } from "./opt-out.ts";
import { email, flag, optOuts, type PropertyType, text } from "./property-types.ts";

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
  /** Whether Novu has a device of this person. */
  push_enabled: flag,
  /** Whether Novu has a chat of this person. */
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
const BY_LOWER_CASE = new Map(PROPERTY_NAMES.map((name) => [name.toLowerCase(), name]));
const LENGTHS = new Set(PROPERTY_NAMES.map(({ length }) => length));
const LONGEST_NAME = 2 * Math.max(...PROPERTY_NAMES.map(({ length }) => length));

/** The declared properties of a person, and the names of those that are there and cannot be read. */
export interface PersonRead {
  /** The source's own id of the person, the same for each of their distinct ids; none where it has none. */
  personId?: string;
  properties: PersonProperties;
  unreadable: PropertyName[];
}

/** Reads a person's raw properties. `Email` is read where there is no `email`, or an empty one. An opt-out that cannot be read is one from everything. */
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
 * The values that are declared, by our spelling of their names; null where one was emptied. The right spelling
 * counts before others, unless it is empty: an opt-out would be lost that stands beside it.
 */
export function declaredIn(raw: Record<string, unknown>): Map<PropertyName, unknown> {
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

/** Most names are of no property that is declared, which their length tells soonest. */
function declaredName(spelled: string): PropertyName | undefined {
  const exact = BY_LOWER_CASE.get(spelled);
  if (exact !== undefined) return exact;
  const trimmed = spelled.length > LONGEST_NAME ? "" : spelled.trim();
  return LENGTHS.has(trimmed.length) ? BY_LOWER_CASE.get(trimmed.toLowerCase()) : undefined;
}

/** As a schema: properties that were read before they travelled as JSON. */
export const PersonProperties = z.custom<PersonProperties>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

/** Who a message is for, as a step sees them. */
export interface Person extends PersonRead {
  distinctId: string;
  /**
   * `posthog`, `segment`: read there at this moment. `own`: what has been told of them here, because nobody else
   * knows them. `snapshot`: as of the event, because whoever was to be asked could not be. `sample`: a preview.
   */
  source: "posthog" | "segment" | "own" | "snapshot" | "sample";
}

/**
 * The declared properties of those distinct ids that are known there, with `asOf`, in milliseconds since 1970,
 * where they are older than the read. Throws when it cannot be asked.
 */
export type ReadPersons = (
  distinctIds: string[],
  signal: AbortSignal,
) => Promise<Map<string, PersonRead & { asOf?: number }>>;

/** Somewhere that persons are read. */
export interface PersonSource {
  /** As it is to be called, such as PostHog. */
  name: string;
  read: ReadPersons;
  /** How many distinct ids it takes in one read. */
  mostAtOnce: number;
  /** How long a read waits for more of a crowd, where reads are limited; it does not wait when left out. */
  gatherMs?: number;
}

/** The places that are configured, and what has been told of persons here. */
export type PersonSources = Partial<Record<"posthog" | "segment", PersonSource>> & { own: PersonSource };

/**
 * The answer to asking for a person. "unavailable" says nothing about the person. An event received after
 * `asOf` may be newer than the person found.
 */
export type PersonLookup =
  | ({ outcome: "found"; asOf: number } & PersonRead)
  | { outcome: "not found" }
  | { outcome: "unavailable"; why: string };
