import { z } from "zod";
import { type PersonSource, type ReadPersons, readPerson } from "../../contracts/person.ts";
import { POSTHOG_LIMITS } from "../../contracts/posthog.ts";
import { createPostHogClient, type PostHogAccess } from "./client.ts";

/**
 * Many lookups wait this long for more, because PostHog limits the reads, and the sending hours of many people begin at
 * the same second.
 */
const GATHER_MS = 400;

const Answer = z.object({
  results: z.record(
    z.string(),
    z.object({ uuid: z.string().optional(), properties: z.record(z.string(), z.unknown()).nullish() }),
  ),
});

/**
 * Reads persons from PostHog's private API. This endpoint reads the person store itself; the list by distinct id
 * reads ClickHouse, and may miss a person created moments ago.
 * Source: https://posthog.com/docs/api/persons, scope person:read
 */
export function postHogPersons(access: PostHogAccess): PersonSource {
  const call = createPostHogClient(access);
  return { name: "PostHog", mostAtOnce: POSTHOG_LIMITS.personsPerRead, gatherMs: GATHER_MS, read };

  async function read(distinctIds: string[], signal: AbortSignal): ReturnType<ReadPersons> {
    const { results } = await call({
      method: "POST",
      path: "/persons/batch_by_distinct_ids/",
      body: { distinct_ids: distinctIds },
      answer: Answer,
      // The message leaves out the schema's error, which names distinct ids.
      unreadable: () => "has no results to read; is POSTHOG_API_HOST its private API?",
      scope: "person:read",
      signal,
    });
    return new Map(
      Object.entries(results).map(([distinctId, { uuid, properties }]) => [
        distinctId,
        { ...readPerson(properties ?? {}), ...(uuid !== undefined && { personId: uuid }) },
      ]),
    );
  }
}
