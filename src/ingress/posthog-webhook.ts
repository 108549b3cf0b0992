import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cause } from "../contracts/cause.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import { describeError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import { BodyError, readBody } from "../lib/read-body.ts";
import { readPostHogEvent } from "./posthog-event.ts";
import type { Authenticate } from "./webhook-auth.ts";

/**
 * What became of an event, and why it does not do all that it might have; resolves when it is on disk,
 * and rejects when it could not be put there.
 */
export type Accept = (
  event: LifecycleEvent,
  body: string,
) => Promise<{ outcome: "accepted" | "duplicate"; reason?: string } | { outcome: "ignored"; reason: string }>;

/** PostHog's events reach 1 MB and its persons 512 KB. It never retries a 413. */
const LARGEST_BODY = 2 * 1024 * 1024;
const RETRY_AFTER_SECONDS = 5;

interface Answer {
  status: number;
  body: Record<string, string>;
  headers?: Record<string, string>;
}

const UNAVAILABLE: Answer = {
  status: 503,
  headers: { "retry-after": String(RETRY_AFTER_SECONDS) },
  body: { error: "cannot store events now; send it again" },
};

/**
 * The door for PostHog. It tries again on 503 and three times in all, so 503 is the answer to
 * our own trouble only; what it sent in vain is a 202 with the reason, which is kept. Its logs
 * show the answers: nothing personal or secret goes into them. Plain node:http, because this is
 * where the load is and Express would cost several times as much as the rest.
 */
export function postHogWebhook({
  authenticate,
  accept,
  setAside,
  count,
  isStopping,
  now,
  log,
}: {
  authenticate: Authenticate;
  accept: Accept;
  setAside(delivery: { cause: Cause; reason: string; body: string }): Promise<void>;
  /** Hears each answer. */
  count(status: number): void;
  isStopping(): boolean;
  now(): number;
  log: Log;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const { status, headers, body } = await answerTo(request);
    count(status);
    const text = JSON.stringify(body);
    // Not a byte more is read of a body that was refused half-way.
    const connection = request.complete ? {} : { connection: "close" };
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
      const bytes = await readBody(request, LARGEST_BODY);
      const proof = authenticate(request.headers, bytes);
      if (!proof.ours) return refused(401, proof.why);
      if (isStopping()) return UNAVAILABLE;
      return { status: 202, body: await take(bytes.toString("utf8")) };
    } catch (error) {
      if (error instanceof BodyError) return refused(error.status, error.message);
      log.error({ stop: "ingress", answer: 503, error: describeError(error) });
      return UNAVAILABLE;
    }
  }

  function refused(status: number, why: string): Answer {
    log.warn({ stop: "ingress", answer: status, reason: why });
    return { status, body: { error: why } };
  }

  async function take(body: string): Promise<Record<string, string>> {
    const parsed = parseJson(body);
    const read = parsed === undefined ? { misfit: "the body is not JSON" } : readPostHogEvent(parsed, now());
    if ("misfit" in read) {
      const cause = parsed === undefined ? "not JSON" : "not an event";
      await setAside({ cause, reason: read.misfit, body });
      log.warn({ stop: "ingress", answer: 202, outcome: "ignored", reason: read.misfit });
      return { ignored: read.misfit };
    }

    const { event } = read;
    const result = await accept(event, body);
    log.info({ stop: "ingress", answer: 202, event: event.name, eventUuid: event.uuid, ...result });
    if (result.outcome === "ignored") return { ignored: result.reason };
    return { [result.outcome]: event.uuid, ...(result.reason !== undefined && { but: result.reason }) };
  }
}
