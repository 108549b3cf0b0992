import { z } from "zod";
import { SECOND_MS } from "../../lib/durations.ts";
import { createPostHogClient, type PostHogAccess } from "./client.ts";

const ANSWER_WITHIN_MS = 10 * SECOND_MS;

const Cohort = z.object({
  deleted: z.boolean().nullish(),
  is_static: z.boolean().nullish(),
  is_calculating: z.boolean().nullish(),
  last_calculation: z.string().nullish(),
  count: z.number().nullish(),
});

/** Throws with the reason why the members of this cohort cannot be read now. */
export type ReadCohort = (id: number, signal: AbortSignal) => Promise<{ count: number | null }>;

/**
 * Reads whether a cohort exists and has its members. `count` is the number that PostHog shows, with anonymous visitors;
 * null if PostHog has not counted.
 * Source: https://posthog.com/docs/api/cohorts
 */
export function createReadCohort(access: PostHogAccess): ReadCohort {
  const call = createPostHogClient(access);
  return async (id, signal) => {
    const missing = `PostHog has no cohort ${id}; is it the number in the cohort's address, in project ${access.projectId}?`;
    const cohort = await call({
      path: `/cohorts/${id}/`,
      answer: Cohort,
      unreadable: () => `about cohort ${id} cannot be read`,
      scope: "cohort:read",
      notFound: `: ${missing}`,
      retryLaterOn: [502, 503, 504],
      signal,
      withinMs: ANSWER_WITHIN_MS,
    });
    if (cohort.deleted === true) throw new Error(`cohort ${id} is deleted at PostHog`);
    // Until then the cohort looks empty, and afterwards everybody in it would seem to enter.
    if (cohort.is_static === true ? cohort.is_calculating === true : cohort.last_calculation == null)
      throw new Error(`PostHog has not finished cohort ${id} yet`);
    return { count: cohort.count ?? null };
  };
}
