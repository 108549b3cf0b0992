import type { PersonProperties } from "../contracts/person.ts";
import { isTimeZone } from "../lib/time-zone.ts";

/** The day that it is for this person at that moment, ready to read: "12 December". By UTC when no time zone of theirs is known. */
export function dayOf(moment: Date, { $timezone, $geoip_time_zone }: PersonProperties): string {
  const timeZone = [$timezone, $geoip_time_zone].find((zone) => zone !== undefined && isTimeZone(zone)) ?? "UTC";
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone }).format(moment);
}
