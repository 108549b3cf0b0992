import { z } from "zod";

/** The event of an inactive person, forwarded by PostHog or made by our own sweep. */
export const USER_INACTIVE = "user_inactive";

/** The properties of such an event that are read. */
export const InactivityProperties = z.object({
  /** The workflow that our sweep made it for; PostHog's events are for each workflow that listens. */
  swept_for: z.string().nullish().catch(null),
});

/** The sweep looks for people without any of these events for so many days. */
export interface Absence {
  days: number;
  /** The names of the events that count as activity. */
  sessions: string[];
}
