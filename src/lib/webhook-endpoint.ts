import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError } from "./errors.ts";
import type { Log } from "./log.ts";
import { type BodyBudget, BodyError, isSoonRead, readBody } from "./read-body.ts";
import type { VerifyRequest } from "./verify-webhook.ts";

/** PostHog's events reach 1 MB and its persons 512 KB. It never retries a 413. */
const LARGEST_BODY = 2 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

/** The JSON of an answer. */
type AnswerBody = Record<string, string | number | string[] | Record<string, number>>;

interface Answer {
  status: number;
  body: AnswerBody;
  headers?: Record<string, string>;
}

const RETRY_LATER = { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } };
const UNAVAILABLE: Answer = {
  status: 503,
  ...RETRY_LATER,
  body: { error: "cannot store events now; send it again" },
};

export interface WebhookEndpoint {
  verify: VerifyRequest;
  /** For bodies that have to be read before the sender is verified. */
  budget: BodyBudget;
  count(status: number): void;
  isStopping(): boolean;
  log: Log;
}

export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/**
 * Receives signed webhooks. It answers 202 after `handle`, which has stored the body or found no effects; 401 and
 * 413 by the request; 503 with Retry-After for our own errors only. The answers are in the sender's logs, so they
 * have nothing personal or secret. Plain node:http, because most load is here and Express would cost several times
 * as much as the rest.
 */
export function webhookEndpoint({
  component,
  verify,
  budget,
  handle,
  largestBody = LARGEST_BODY,
  count,
  isStopping,
  log,
}: WebhookEndpoint & {
  /** The folder whose endpoint this is, for the log. */
  component: string;
  handle(body: string): Promise<AnswerBody>;
  /** In bytes, for a sender that the headers verify; 2 MB when absent. For others 2 MB at most. */
  largestBody?: number;
}): WebhookHandler {
  return async (request, response) => {
    const { status, headers, body } = await answerTo(request);
    count(status);
    const text = JSON.stringify(body);
    const connection = isSoonRead(request) ? {} : { connection: "close" };
    response
      .writeHead(status, {
        ...headers,
        ...connection,
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(text),
      })
      .end(text);
    request.resume();
  };

  async function answerTo(request: IncomingMessage): Promise<Answer> {
    try {
      const verified = verify(request.headers);
      if ("why" in verified) return refused(401, verified.why);
      const isVerified = "valid" in verified;
      const bytes = isVerified
        ? await readBody(request, largestBody)
        : await readBody(request, Math.min(largestBody, LARGEST_BODY), budget);
      const ofBody = isVerified ? verified : verified(bytes);
      if (!ofBody.valid) return refused(401, ofBody.why);
      if (isStopping()) return UNAVAILABLE;
      return { status: 202, body: await handle(bytes.toString("utf8")) };
    } catch (error) {
      if (error instanceof BodyError)
        return { ...refused(error.status, error.message), ...(error.status === 503 && RETRY_LATER) };
      log.error({ component, answer: 503, error: describeError(error) });
      return UNAVAILABLE;
    }
  }

  function refused(status: number, why: string): Answer {
    log.warn({ component, answer: status, reason: why });
    return { status, body: { error: why } };
  }
}
