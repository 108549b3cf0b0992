import { Temporal } from "temporal-polyfill";

/** Half as long again as the longest name there is. */
const LONGEST_NAME = 48;
const IANA_NAME = /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/;
/** More than there are names. People's properties can hold anything, and must not fill the memory. */
const MOST_REMEMBERED = 1_000;
const remembered = new Map<string, boolean>();

/** Whether a name is an IANA time zone. To ask what is not known yet takes some 50 µs. */
export function isTimeZone(name: string): boolean {
  if (name.length > LONGEST_NAME || !IANA_NAME.test(name)) return false;
  const known = remembered.get(name);
  if (known !== undefined) return known;
  if (remembered.size >= MOST_REMEMBERED) remembered.clear();
  const exists = isKnownToTemporal(name);
  remembered.set(name, exists);
  return exists;
}

/** Not asked of Intl, which takes names that Temporal refuses, such as "CST". */
function isKnownToTemporal(name: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/** A person's properties with the time zone of their event, where they have none of their own that exists. */
export function zoned<Properties extends { $timezone?: string | undefined }>(
  properties: Properties,
  eventTimeZone: string | undefined,
): Properties {
  const { $timezone } = properties;
  if (eventTimeZone === undefined || ($timezone !== undefined && isTimeZone($timezone))) return properties;
  return { ...properties, $timezone: eventTimeZone };
}
