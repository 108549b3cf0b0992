import { z } from "zod";

/** The event that says that somebody has been away: forwarded by PostHog, or made by our own sweep. */
export const USER_INACTIVE = "user_inactive";

/** What such an event says, as far as it says it. */
export const InactivityProperties = z.object({
  /** The one workflow that our sweep made it for; PostHog's are for whoever listens. */
  swept_for: z.string().nullish().catch(null),
});

/** Whom to look for, because no event tells of them: people who did none of these for so many days. */
export interface Absence {
  days: number;
  /** The names of the events that count as being there. */
  sessions: string[];
}
