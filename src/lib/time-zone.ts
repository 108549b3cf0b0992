import { Temporal } from "temporal-polyfill";

/** The longest existing name has 32 characters. */
const LONGEST_NAME = 48;
const IANA_NAME = /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/;
/** There are fewer time zones. Person properties can hold any text, so the cache needs a limit. */
const MOST_REMEMBERED = 1_000;
const remembered = new Map<string, boolean>();

/** Whether a name is an IANA time zone. The first check of a name takes some 50 µs. */
export function isTimeZone(name: string): boolean {
  if (name.length > LONGEST_NAME || !IANA_NAME.test(name)) return false;
  const known = remembered.get(name);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const exists = isKnownToTemporal(name);
  remembered.set(name, exists);
  return exists;
}

/** Intl is no help: it accepts names that Temporal refuses, such as "CST". */
function isKnownToTemporal(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** The properties with the event's time zone, if they have no valid one. */
export function zoned<Properties extends { $timezone?: string | undefined }>(
  properties: Properties,
  eventTimeZone: string | undefined,
): Properties {
  const { $timezone } = properties;
  if (eventTimeZone === undefined || ($timezone !== undefined && isTimeZone($timezone))) return properties;
  return { ...properties, $timezone: eventTimeZone };
}
