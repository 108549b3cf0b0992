import { z } from "zod";
import { type PersonSource, type ReadPersons, readPerson } from "../../contracts/person.ts";
import { RetryLaterError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";

/** As many distinct ids as PostHog takes in one call. */
const MOST_AT_ONCE = 200;
/** PostHog takes 240 reads a minute, and everybody's hours begin at the same second. */
const GATHER_MS = 400;

const Answer = z.object({
  results: z.record(
    z.string(),
    z.object({ uuid: z.string().optional(), properties: z.record(z.string(), z.unknown()).nullish() }),
  ),
});

const DEFAULT_PAUSE_MS = 5_000;

/**
 * Reads persons from PostHog's private API. This endpoint asks the person store itself; the
 * listing by distinct id goes through ClickHouse and may miss a person made moments ago.
 * Source: https://posthog.com/docs/api/persons, scope person:read
 */
export function postHogPersons({
  apiHost,
  projectId,
  personalApiKey,
}: {
  apiHost: string;
  projectId: string;
  personalApiKey: string;
}): PersonSource {
  const url = `${apiHost}/api/projects/${encodeURIComponent(projectId)}/persons/batch_by_distinct_ids/`;
  const headers = { authorization: `Bearer ${personalApiKey}`, "content-type": "application/json" };

  return { name: "PostHog", mostAtOnce: MOST_AT_ONCE, gatherMs: GATHER_MS, read };

  async function read(distinctIds: string[], signal: AbortSignal): ReturnType<ReadPersons> {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify({ distinct_ids: distinctIds }),
      signal,
    });
    if (response.status === 429)
      throw new RetryLaterError("PostHog answered 429", {
        retryAfterMs: retryAfterMs(response.headers) ?? DEFAULT_PAUSE_MS,
        answered: true,
      });
    if (!response.ok) throw new Error(`PostHog answered ${response.status}${HINTS.get(response.status) ?? ""}`);
    // What is wrong with it would be told with the ids in it.
    const answer = Answer.safeParse(parseJson(await response.text()));
    if (!answer.success)
      throw new Error("PostHog's answer has no results to read; is POSTHOG_API_HOST its private API?");
    return new Map(
      Object.entries(answer.data.results).map(([distinctId, person]) => [
        distinctId,
        { ...readPerson(person.properties ?? {}), ...(person.uuid !== undefined && { personId: person.uuid }) },
      ]),
    );
  }
}

const HINTS = new Map([
  [401, "; is POSTHOG_PERSONAL_API_KEY a personal key (phx_…) of this region?"],
  [403, "; does POSTHOG_PERSONAL_API_KEY have the scope person:read?"],
  [404, "; is POSTHOG_PROJECT_ID a project at POSTHOG_API_HOST?"],
]);
