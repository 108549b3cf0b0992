import { z } from "zod";
import { RetryLaterError, UnavailableError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { retryAfterMs } from "../../lib/retry-after.ts";
import { keyOf, sign } from "../../lib/standard-webhooks.ts";
import { type RetryOptions, withRetries } from "../../lib/with-retries.ts";

/** The app's answer to an event. */
export type Fed =
  | { outcome: "accepted" | "duplicate" }
  | { outcome: "ignored"; reason: string }
  | { outcome: "refused"; status: number };

export type Feed = (event: { uuid: string; body: string }, retries: RetryOptions) => Promise<Fed>;

const ANSWER_WITHIN_MS = 10_000;
const DEFAULT_PAUSE_MS = 5_000;
const TRY_AGAIN = new Set([429, 502, 503, 504]);
const NOT_THE_APP = "; does the app listen there? Give its address with --url";

/** Posts events to the app's webhook with PostHog's signature or header. Throws if the app would refuse every event. */
export function createFeed({ url, secrets }: { url: string; secrets: string[] }): Feed {
  const endpoint = `${url}/webhooks/posthog`;
  const signing = secrets.find((secret) => secret.startsWith("whsec_"));

  return async (event, retries) => {
    const { status, body } = await withRetries(() => post(event, retries.signal), retries);
    if (status === 202) return outcomeOf(body);
    if (status === 401)
      throw new Error(
        `${endpoint} does not accept the secret; does the app run with the same POSTHOG_WEBHOOK_SECRETS?`,
      );
    if (status < 400 || status === 404 || status === 405)
      throw new Error(`${endpoint} answered ${status}${NOT_THE_APP}`);
    return { outcome: "refused", status };
  };

  async function post({ uuid, body }: { uuid: string; body: string }, signal: AbortSignal) {
    const { status, headers, text } = await send(uuid, body, signal);
    if (!TRY_AGAIN.has(status)) return { status, body: text };
    throw new RetryLaterError(`the app answered ${status}`, {
      retryAfterMs: retryAfterMs(headers) ?? DEFAULT_PAUSE_MS,
      answered: true,
    });
  }

  async function send(uuid: string, body: string, signal: AbortSignal) {
    try {
      const response = await fetch(endpoint, {
        method: "POST",
        headers: { "content-type": "application/json", ...proof(uuid, body) },
        body,
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    } catch (error) {
      throw new UnavailableError(`${endpoint} does not answer${NOT_THE_APP}`, { answered: false, cause: error });
    }
  }

  /** A signature is valid for five minutes of real time, so each attempt has its own. */
  function proof(uuid: string, body: string): Record<string, string> {
    if (signing === undefined) return { "x-webhook-secret": secrets[0] ?? "" };
    return { ...sign({ id: `reconcile-${uuid}`, body, key: keyOf(signing), nowMs: Date.now() }) };
  }

  function outcomeOf(body: string): Fed {
    const answer = Answer.safeParse(parseJson(body));
    if (!answer.success) throw new Error(`${endpoint} answered 202, but not as the app does`);
    const { ignored, accepted } = answer.data;
    if (ignored !== undefined) return { outcome: "ignored", reason: ignored };
    return { outcome: accepted === undefined ? "duplicate" : "accepted" };
  }
}

const Answer = z
  .object({ accepted: z.string().optional(), duplicate: z.string().optional(), ignored: z.string().optional() })
  .refine((answer) => Object.keys(answer).length > 0);
