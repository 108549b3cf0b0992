import { z } from "zod";
import { RetryLaterError, UnavailableError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";

/** Who asks, and whom. */
export interface QueryAccess {
  apiHost: string;
  projectId: string;
  personalApiKey: string;
}

const ANSWER_WITHIN_MS = 30_000;
const DEFAULT_PAUSE_MS = 5_000;
const TRY_AGAIN = new Set([429, 502, 503, 504]);

/**
 * One question to PostHog's query API, of which only the values change. Throws a RetryLaterError or an
 * UnavailableError when it can be asked again.
 * Source: https://posthog.com/docs/api/queries, scope query:read
 */
export function hogQL<Row extends z.ZodType>({
  access: { apiHost, projectId, personalApiKey },
  name,
  query,
  row,
}: {
  access: QueryAccess;
  /** What it is for, for PostHog's own list of queries. */
  name: string;
  query: string;
  row: Row;
}): (values: Record<string, unknown>, signal: AbortSignal) => Promise<Array<z.output<Row>>> {
  const url = `${apiHost}/api/projects/${encodeURIComponent(projectId)}/query/`;
  const headers = { authorization: `Bearer ${personalApiKey}`, "content-type": "application/json" };
  const Answer = z.object({ results: z.array(row) });

  return async (values, signal) => {
    const { status, headers: answered, body } = await post(values, signal);
    if (TRY_AGAIN.has(status))
      throw new RetryLaterError(`PostHog answered ${status}`, {
        retryAfterMs: retryAfterMs(answered) ?? DEFAULT_PAUSE_MS,
        answered: true,
      });
    if (status !== 200) throw new Error(`PostHog answered ${status}${HINTS.get(status) ?? detailOf(body)}`);
    const answer = Answer.safeParse(parseJson(body));
    if (answer.success) return answer.data.results;
    const [issue] = answer.error.issues;
    throw new Error(`PostHog's answer cannot be read: ${issue?.path.join(".") || "the body"}: ${issue?.message}`);
  };

  async function post(values: Record<string, unknown>, signal: AbortSignal) {
    const question = { kind: "HogQLQuery", query, values };
    try {
      const response = await fetch(url, {
        method: "POST",
        headers,
        body: JSON.stringify({ query: question, refresh: "force_blocking", name: `posthog-novu-bridge ${name}` }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      return { status: response.status, headers: response.headers, body: await response.text() };
    } catch (error) {
      throw new UnavailableError(`PostHog at ${apiHost} does not answer`, { answered: false, cause: error });
    }
  }
}

const HINTS = new Map([
  [401, "; is POSTHOG_PERSONAL_API_KEY a personal key (phx_…) of this region?"],
  [403, "; does POSTHOG_PERSONAL_API_KEY have the scope query:read, and its owner access to the project?"],
  [404, "; is POSTHOG_PROJECT_ID a project at POSTHOG_API_HOST?"],
]);

/** A time in UTC with all the digits that PostHog compares; JavaScript's own times end at milliseconds. */
export function inMicroseconds(time: string | number): string {
  const beyondMilliseconds = /\.\d{3}(\d{1,3})/.exec(String(time))?.[1] ?? "";
  return new Date(time).toISOString().replace("Z", `${beyondMilliseconds.padEnd(3, "0")}Z`);
}

function detailOf(body: string): string {
  const detail = z.object({ detail: z.string() }).safeParse(parseJson(body)).data?.detail;
  return detail === undefined ? "" : `: ${detail}`;
}
