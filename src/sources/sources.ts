import { SOURCES, type WebhookSource } from "../contracts/sources.ts";
import { createWebhookVerifier } from "../lib/verify-webhook.ts";
import type { WebhookEndpoint, WebhookHandler } from "../lib/webhook-endpoint.ts";
import type { Ingest, Parsed } from "./ingest.ts";
import { parsePostHogEvent } from "./posthog/event.ts";
import { postHogWebhook } from "./posthog/webhook.ts";
import { parseSegmentEvent, type SegmentNames } from "./segment/event.ts";
import { createSegmentVerifier } from "./segment/verify.ts";
import { segmentWebhook } from "./segment/webhook.ts";

interface OpenSource {
  /** The JSON of one event. */
  parse(json: unknown): Parsed;
  /** Null when the source is not configured. */
  webhook: WebhookHandler | null;
}

/** The sources with a webhook. A source that `SOURCES` has and this table has not does not compile. */
export function openSources({
  posthog,
  segment,
  segmentNames,
  ingest,
  count,
  now,
  ...endpoint
}: Omit<WebhookEndpoint, "verify" | "count"> & {
  posthog: { webhookSecrets: string[] } | null;
  segment: { secrets: string[] } | null;
  segmentNames: SegmentNames;
  ingest: Ingest;
  /** Counts the answers of each webhook. */
  count(source: WebhookSource, status: number): void;
  now(): number;
}): Record<WebhookSource, OpenSource> {
  const parsePostHog = (json: unknown) => parsePostHogEvent(json, now());
  const parseSegment = (json: unknown) => parseSegmentEvent(json, { now: now(), names: segmentNames });

  return {
    posthog: {
      parse: parsePostHog,
      webhook:
        posthog &&
        postHogWebhook({
          ...endpoint,
          // Signatures go by real time, even when the app runs on a virtual clock.
          verify: createWebhookVerifier({ secrets: posthog.webhookSecrets, now: Date.now }),
          parse: parsePostHog,
          ingest,
          count: (status) => count("posthog", status),
        }),
    },
    segment: {
      parse: parseSegment,
      webhook:
        segment &&
        segmentWebhook({
          ...endpoint,
          verify: createSegmentVerifier(segment),
          parse: parseSegment,
          ingest,
          count: (status) => count("segment", status),
        }),
    },
  };
}

export function isWebhookSource(source: keyof typeof SOURCES): source is WebhookSource {
  return SOURCES[source].hasWebhook;
}
