import { parseJson } from "../../lib/json.ts";
import { type WebhookEndpoint, type WebhookHandler, webhookEndpoint } from "../../lib/webhook-endpoint.ts";
import { answerOf, type Ingest, type Parsed } from "../ingest.ts";

/** Receives one event per request. PostHog tries three times in all, and only after a 503. */
export function postHogWebhook({
  parse,
  ingest,
  ...endpoint
}: WebhookEndpoint & { parse(json: unknown): Parsed; ingest: Ingest }): WebhookHandler {
  return webhookEndpoint({
    ...endpoint,
    component: "sources",
    async handle(body) {
      const json = parseJson(body);
      const parsed: Parsed = json === undefined ? { misfit: "the body is not JSON", cause: "not JSON" } : parse(json);
      return answerOf(await ingest("posthog", parsed, body));
    },
  });
}
