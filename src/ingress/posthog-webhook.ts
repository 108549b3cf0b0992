import type { IncomingMessage, ServerResponse } from "node:http";
import type { Cause } from "../contracts/cause.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import { parseJson } from "../lib/json.ts";
import { readPostHogEvent } from "./posthog-event.ts";
import { type WebhookDoor, webhookDoor } from "./webhook-door.ts";

/**
 * What became of an event, and why it does not do all that it might have; resolves when it is on disk,
 * and rejects when it could not be put there.
 */
export type Accept = (
  event: LifecycleEvent,
  body: string,
) => Promise<{ outcome: "accepted" | "duplicate"; reason?: string } | { outcome: "ignored"; reason: string }>;

/**
 * The door for PostHog. It tries again on 503 and three times in all; what it sent in vain is a 202
 * with the reason, which is kept.
 */
export function postHogWebhook({
  accept,
  setAside,
  now,
  ...door
}: WebhookDoor & {
  accept: Accept;
  setAside(delivery: { cause: Cause; reason: string; body: string }): Promise<void>;
  now(): number;
}): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { log } = door;
  return webhookDoor({ ...door, take });

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
    // Of thousands a second; what became of each is in the studio, and in the metrics.
    const level = result.outcome === "accepted" && result.reason === undefined ? "debug" : "info";
    log[level]({ stop: "ingress", answer: 202, event: event.name, eventUuid: event.uuid, ...result });
    if (result.outcome === "ignored") return { ignored: result.reason };
    return { [result.outcome]: event.uuid, ...(result.reason !== undefined && { but: result.reason }) };
  }
}
