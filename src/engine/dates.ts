import type { PersonProperties } from "../contracts/person.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/** Whether a date of the person, ISO 8601, is present and later than `moment`. */
export function isAfter(iso: string | undefined, moment: Date): boolean {
  return iso !== undefined && Date.parse(iso) > moment.getTime();
}

/** The date of the moment in the person's time zone, to show: "12 December". In UTC if the time zone is unknown. */
export function dayOf(moment: Date, { $timezone, $geoip_time_zone }: PersonProperties): string {
  const timeZone = [$timezone, $geoip_time_zone].find((zone) => zone !== undefined && isTimeZone(zone)) ?? "UTC";
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone }).format(moment);
}
