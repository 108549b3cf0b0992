import { z } from "zod";
import { RetryLaterError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";
import type { Sleep } from "../../lib/sleep.ts";
import { withRetries } from "../../lib/with-retries.ts";
import { CLOUDS, type Cloud, homeOf, isIngestion } from "./key.ts";

const ANSWER_WITHIN_MS = 20_000;
const DEFAULT_PAUSE_MS = 5_000;

export interface PostHogAccess {
  apiHost: string;
  projectId: string;
  personalApiKey: string;
}

interface Call<Schema extends z.ZodType> {
  method?: "GET" | "POST" | "PATCH";
  /** Within the project, such as "dashboards/". */
  path: string;
  body?: object;
  answer: Schema;
  /** The scope that the personal API key needs. */
  scope: string;
}

/** PostHog's private API. An error says what to do. Only a 429 is retried, after its pause. */
export type PostHogApi = <Schema extends z.ZodType>(call: Call<Schema>) => Promise<z.output<Schema>>;

export function createPostHogApi(
  { apiHost, projectId, personalApiKey }: PostHogAccess,
  { clouds = CLOUDS, sleep }: { clouds?: Cloud[]; sleep?: Sleep } = {},
): PostHogApi {
  const project = `${apiHost}/api/projects/${encodeURIComponent(projectId)}`;
  const headers = { authorization: `Bearer ${personalApiKey}`, "content-type": "application/json" };

  return async ({ method = "GET", path, body, answer, scope }) => {
    const { status, text } = await withRetries(() => send(method, path, body), { sleep });
    if (status >= 300)
      throw new Error(`PostHog answered ${status} to ${method} ${path}${await hint(status, scope, text)}`);
    const read = answer.safeParse(parseJson(text));
    if (read.success) return read.data;
    throw new Error(`PostHog's answer to ${method} ${path} cannot be read; is POSTHOG_API_HOST where you log in?`);
  };

  async function send(method: string, path: string, body: object | undefined) {
    let response: Response;
    try {
      response = await fetch(`${project}/${path}`, {
        method,
        headers,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        redirect: "manual",
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
    } catch (error) {
      throw new Error(`PostHog at ${apiHost} does not answer; is POSTHOG_API_HOST where you log in?`, { cause: error });
    }
    if (response.status === 429)
      throw new RetryLaterError("PostHog answered 429", {
        retryAfterMs: retryAfterMs(response.headers) ?? DEFAULT_PAUSE_MS,
        answered: true,
      });
    return { status: response.status, text: await response.text() };
  }

  async function hint(status: number, scope: string, text: string): Promise<string> {
    if (isIngestion(apiHost))
      return `; POSTHOG_API_HOST is where you log in, ${apiHost.replace(".i.posthog", ".posthog")}, and not where events go in`;
    if (status === 401) {
      const home = await homeOf({ apiHost, personalApiKey, clouds });
      if (home !== null)
        return `; POSTHOG_PERSONAL_API_KEY is a key of ${home.name}: set POSTHOG_API_HOST=${home.apiHost} and POSTHOG_HOST=${home.host}`;
      return "; is POSTHOG_PERSONAL_API_KEY a personal key (phx_…) of this region, and still there?";
    }
    if (status === 403)
      return `; POSTHOG_PERSONAL_API_KEY needs the scope ${scope}, and its owner access to the project${detailOf(text)}`;
    if (status === 404) return `; is POSTHOG_PROJECT_ID a project at ${apiHost}?`;
    return detailOf(text);
  }
}

function detailOf(text: string): string {
  const detail = z.object({ detail: z.string() }).safeParse(parseJson(text)).data?.detail;
  return detail === undefined ? "" : `: ${detail}`;
}
