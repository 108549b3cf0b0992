import { SECOND_MS } from "../lib/durations.ts";

/**
 * PostHog's limits, as of November 2026. Those of reads count for a whole project, in all processes. PostHog's
 * documentation has both; its code, posthog/api/person.py in its public repository, has only that of a minute for reads
 * of persons with a personal API key. Captured events and flags have no limit of requests.
 * Sources: https://posthog.com/docs/api#rate-limiting, https://posthog.com/docs/api/persons,
 * https://posthog.com/docs/cdp/destinations
 */
export const POSTHOG_LIMITS = {
  personReadsPerMinute: 240,
  personReadsPerHour: 1_200,
  /** The most distinct ids in one read. */
  personsPerRead: 200,
  /** A webhook without an answer in this time counts as failed. */
  webhookTimeoutMs: 3 * SECOND_MS,
} as const;

/**
 * The amounts of a month that PostHog does not bill. Of events that PostHog sends to destinations, as of September 2025:
 * https://posthog.com/blog/data-pipeline-pricing. Of captured events and of reads of flags, as of May 2026:
 * https://posthog.com/pricing
 */
export const POSTHOG_FREE = { destinationEvents: 10_000, capturedEvents: 1_000_000, flagReads: 1_000_000 } as const;
