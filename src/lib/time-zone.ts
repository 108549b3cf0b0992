import { Temporal } from "temporal-polyfill";
import { remembered } from "./remembered.ts";

/** The longest existing name has 32 characters. */
const LONGEST_NAME = 48;
const IANA_NAME = /^[A-Za-z][\w+-]*(\/[\w+-]+)*$/;

/** Whether a name is an IANA time zone. The first check of a name takes some 50 µs. */
export function isTimeZone(name: string): boolean {
  return name.length <= LONGEST_NAME && IANA_NAME.test(name) && isKnownToTemporal(name);
}

/** Intl is no help: it accepts names that Temporal refuses, such as "CST". */
const isKnownToTemporal = remembered((name) => {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
});

/** The properties with the event's time zone, if they have no valid one. */
export function zoned<Properties extends { $timezone?: string | undefined }>(
  properties: Properties,
  eventTimeZone: string | undefined,
): Properties {
  const { $timezone } = properties;
  if (eventTimeZone === undefined || ($timezone !== undefined && isTimeZone($timezone))) return properties;
  return { ...properties, $timezone: eventTimeZone };
}
