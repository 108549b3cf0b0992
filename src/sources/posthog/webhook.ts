import type { IncomingMessage, ServerResponse } from "node:http";
import { parseJson } from "../../lib/json.ts";
import { type WebhookEndpoint, webhookEndpoint } from "../../lib/webhook-endpoint.ts";
import { answerOf, createIngest, type Taking } from "../ingest.ts";
import { readPostHogEvent } from "./event.ts";

/**
 * The door for PostHog. It tries again on 503 and three times in all; what it sent in vain is a 202
 * with the reason, which is kept.
 */
export function postHogWebhook({
  accept,
  keepIgnored,
  now,
  ...door
}: WebhookEndpoint & Taking & { now(): number }): (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> {
  const take = createIngest({ source: "posthog", accept, keepIgnored, log: door.log });
  return webhookEndpoint({
    ...door,
    async take(body) {
      const parsed = parseJson(body);
      const read =
        parsed === undefined
          ? { misfit: "the body is not JSON", cause: "not JSON" as const }
          : readPostHogEvent(parsed, now());
      return answerOf(await take(read, body));
    },
  });
}
