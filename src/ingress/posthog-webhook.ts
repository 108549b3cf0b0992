import { type Response, Router, raw } from "express";
import type { LifecycleEvent } from "../contracts/event.ts";
import { describeError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { readPostHogEvent } from "./posthog-event.ts";
import type { Authenticate } from "./webhook-auth.ts";

/** What became of an event; resolves when it is on disk, and rejects when it could not be put there. */
export type Accept = (
  event: LifecycleEvent,
  body: string,
) => Promise<{ outcome: "accepted" | "duplicate" } | { outcome: "ignored"; reason: string }>;

/** PostHog's events reach 1 MB and its persons 512 KB. It never retries a 413. */
const LARGEST_BODY = "2mb";
const RETRY_AFTER_SECONDS = 5;

/**
 * The door for PostHog. It tries again on 503 and three times in all, so 503 is the answer to
 * our own trouble only; what it sent in vain is a 202 with the reason, which is kept. Its logs
 * show the answers: nothing personal or secret goes into them.
 */
export function postHogWebhook({
  authenticate,
  accept,
  setAside,
  isStopping,
  now,
  log,
}: {
  authenticate: Authenticate;
  accept: Accept;
  setAside(delivery: { reason: string; body: string }): Promise<void>;
  isStopping(): boolean;
  now(): number;
  log: Log;
}): Router {
  return Router().post("/", raw({ type: () => true, limit: LARGEST_BODY }), async (request, response) => {
    // The body parser leaves {} where there was no body.
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const proof = authenticate(request.headers, bytes);
    if (!proof.ours) {
      log.warn({ stop: "ingress", answer: 401, reason: proof.why });
      response.status(401).json({ error: proof.why });
      return;
    }
    if (isStopping()) return unavailable(response);

    try {
      response.status(202).json(await take(bytes.toString("utf8")));
    } catch (error) {
      log.error({ stop: "ingress", answer: 503, error: describeError(error) });
      unavailable(response);
    }
  });

  async function take(body: string): Promise<Record<string, string>> {
    const parsed = parseJson(body);
    const read = parsed === undefined ? { misfit: "the body is not JSON" } : readPostHogEvent(parsed, now());
    if ("misfit" in read) {
      await setAside({ reason: read.misfit, body });
      log.warn({ stop: "ingress", answer: 202, outcome: "ignored", reason: read.misfit });
      return { ignored: read.misfit };
    }

    const { event } = read;
    const result = await accept(event, body);
    log.info({ stop: "ingress", answer: 202, event: event.name, eventUuid: event.uuid, ...result });
    return result.outcome === "ignored" ? { ignored: result.reason } : { [result.outcome]: event.uuid };
  }
}

function unavailable(response: Response): void {
  response
    .status(503)
    .set("retry-after", String(RETRY_AFTER_SECONDS))
    .json({ error: "cannot store events now; send it again" });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
