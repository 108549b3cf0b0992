import { z } from "zod";
import { type Host, type RetryOptions, request, withRetries } from "../../lib/service-client.ts";
import { keyOf, sign } from "../../lib/verify-webhook.ts";

/** The app's answer to an event. */
export type Fed =
  | { outcome: "accepted" | "duplicate" }
  | { outcome: "ignored"; reason: string }
  | { outcome: "refused"; status: number };

export type Feed = (event: { uuid: string; body: string }, retries: RetryOptions) => Promise<Fed>;

const ANSWER_WITHIN_MS = 10_000;
const TRY_AGAIN = [429, 502, 503, 504];
const PATH = "/webhooks/posthog";
const NOT_THE_APP = "; does the app listen there? Give its address with --url";

/** Posts events to the app's webhook with PostHog's signature or header. Throws if the app would refuse every event. */
export function createFeed({ url, secrets }: { url: string; secrets: string[] }): Feed {
  const endpoint = `${url}${PATH}`;
  const app: Host = {
    name: "the app",
    host: url,
    retryLaterOn: TRY_AGAIN,
    redirect: "manual",
    unreachable: `${endpoint} does not answer${NOT_THE_APP}`,
  };
  const signing = secrets.find((secret) => secret.startsWith("whsec_"));

  return async (event, retries) => {
    const { status, json } = await withRetries(() => post(event, retries.signal), retries);
    if (status === 202) return outcomeOf(json);
    if (status === 401)
      throw new Error(
        `${endpoint} does not accept the secret; does the app run with the same POSTHOG_WEBHOOK_SECRETS?`,
      );
    if (status < 400 || status === 404 || status === 405)
      throw new Error(`${endpoint} answered ${status}${NOT_THE_APP}`);
    return { outcome: "refused", status };
  };

  function post({ uuid, body }: { uuid: string; body: string }, signal: AbortSignal) {
    const headers = proof(uuid, body);
    return request(app, { method: "POST", path: PATH, headers, body, signal, withinMs: ANSWER_WITHIN_MS });
  }

  /** A signature is valid for five minutes of real time, so each attempt has its own. */
  function proof(uuid: string, body: string): Record<string, string> {
    if (signing === undefined) return { "x-webhook-secret": secrets[0] ?? "" };
    return { ...sign({ id: `reconcile-${uuid}`, body, key: keyOf(signing), nowMs: Date.now() }) };
  }

  function outcomeOf(json: unknown): Fed {
    const answer = Answer.safeParse(json);
    if (!answer.success) throw new Error(`${endpoint} answered 202, but not as the app does`);
    const { ignored, accepted } = answer.data;
    if (ignored !== undefined) return { outcome: "ignored", reason: ignored };
    return { outcome: accepted === undefined ? "duplicate" : "accepted" };
  }
}

const Answer = z
  .object({ accepted: z.string().optional(), duplicate: z.string().optional(), ignored: z.string().optional() })
  .refine((answer) => Object.keys(answer).length > 0);
