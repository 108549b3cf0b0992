import type { IncomingMessage, ServerResponse } from "node:http";
import { describeError } from "./errors.ts";
import type { Log } from "./log.ts";
import { type BodyBudget, BodyError, isSoonRead, readBody } from "./read-body.ts";
import type { Authenticate } from "./verify-webhook.ts";

/** PostHog's events reach 1 MB and its persons 512 KB. It never retries a 413. */
const LARGEST_BODY = 2 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

/** What became of a body, for the sender's logs. */
type Said = Record<string, string | number | string[] | Record<string, number>>;

interface Answer {
  status: number;
  body: Said;
  headers?: Record<string, string>;
}

const RETRY_LATER = { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } };
const UNAVAILABLE: Answer = {
  status: 503,
  ...RETRY_LATER,
  body: { error: "cannot store events now; send it again" },
};

export interface WebhookEndpoint {
  authenticate: Authenticate;
  /** For the bodies of senders whose headers alone prove nothing. */
  budget: BodyBudget;
  /** Hears each answer. */
  count(status: number): void;
  isStopping(): boolean;
  log: Log;
}

/**
 * A door for signed webhooks: 202 once `take` has put the delivery on disk, or has said why it causes
 * nothing; 503 is the answer to our own trouble only, and asks for it again. The sender's logs show
 * the answers: nothing personal or secret goes into them. Plain node:http, because this is where the
 * load is and Express would cost several times as much as the rest.
 */
export function webhookEndpoint({
  authenticate,
  budget,
  take,
  largestBody = LARGEST_BODY,
  count,
  isStopping,
  log,
}: WebhookEndpoint & {
  /** Answers what became of the body. */
  take(body: string): Promise<Said>;
  /** In bytes, of a sender whom the headers prove; 2 MB unless said otherwise. Of others it is never more than 2 MB. */
  largestBody?: number;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
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
      const proof = authenticate(request.headers);
      if ("why" in proof) return refused(401, proof.why);
      const isProven = "ours" in proof;
      const bytes = isProven
        ? await readBody(request, largestBody)
        : await readBody(request, Math.min(largestBody, LARGEST_BODY), budget);
      const ofBody = isProven ? proof : proof(bytes);
      if (!ofBody.ours) return refused(401, ofBody.why);
      if (isStopping()) return UNAVAILABLE;
      return { status: 202, body: await take(bytes.toString("utf8")) };
    } catch (error) {
      if (error instanceof BodyError)
        return { ...refused(error.status, error.message), ...(error.status === 503 && RETRY_LATER) };
      log.error({ component: "sources", answer: 503, error: describeError(error) });
      return UNAVAILABLE;
    }
  }

  function refused(status: number, why: string): Answer {
    log.warn({ component: "sources", answer: status, reason: why });
    return { status, body: { error: why } };
  }
}
