import { USER_INACTIVE } from "../contracts/inactivity.ts";
import { number } from "../contracts/property-types.ts";
import type { EventMatcher } from "./event.ts";
import { firstReadable } from "./first-readable.ts";

/**
 * People without any event of the workflow's `exitOn` for so many days. A daily sweep finds them; a `user_inactive`
 * event from PostHog counts too, unless it has fewer days.
 */
export function inactivity({ days }: { days: number }): EventMatcher {
  if (!(Number.isInteger(days) && days > 0)) throw new Error(`inactivity takes whole days, not ${days}`);
  return {
    event: USER_INACTIVE,
    occurrence: null,
    inactiveForDays: days,
    wants: ({ properties }) => (firstReadable(number, properties.days_inactive) ?? days) >= days,
  };
}
