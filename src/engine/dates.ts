import type { PersonProperties } from "../contracts/person.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/** Whether a date of the person, ISO 8601, is present and later than `moment`. */
export function isAfter(iso: string | undefined, moment: Date): boolean {
  return iso !== undefined && Date.parse(iso) > moment.getTime();
}

/** The person's time zone; UTC if it is unknown. */
export function timeZoneOf({ $timezone, $geoip_time_zone }: PersonProperties): string {
  return [$timezone, $geoip_time_zone].find((zone) => zone !== undefined && isTimeZone(zone)) ?? "UTC";
}

/** The date of the moment in the person's time zone, to show: "12 December", "12. Dezember". */
export function dayOf(moment: Date, person: PersonProperties, locale = "en"): string {
  const timeZone = timeZoneOf(person);
  // en alone is the English of the USA: "December 12".
  const tag = locale === "en" ? "en-GB" : locale;
  return new Intl.DateTimeFormat(tag, { day: "numeric", month: "long", timeZone }).format(moment);
}
