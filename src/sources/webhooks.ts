import { SOURCES, type WebhookSource } from "../contracts/sources.ts";
import { jsonOf, parseJson } from "../lib/json.ts";
import { createWebhookVerifier } from "../lib/verify-webhook.ts";
import { BodyError, type WebhookEndpoint, type WebhookHandler, webhookEndpoint } from "../lib/webhook-endpoint.ts";
import { answerOf, type Ingest, type Ingested, type Parsed } from "./ingest.ts";
import { parsePostHogEvent } from "./posthog/event.ts";
import { parseSegmentEvent } from "./segment/event.ts";
import { createSegmentVerifier } from "./segment/verify.ts";

/** The most events in one request. Several events come as an array. */
const MOST_TOGETHER: Record<WebhookSource, number> = {
  posthog: 1,
  segment: 500,
};
/** The bytes of one event in an array: the most that Segment accepts. */
const LARGEST_IN_ARRAY = 32 * 1024;
const MOST_REASONS = 10;

interface OpenSource {
  /** Parses the JSON of one event. */
  parse(json: unknown): Parsed;
  /** Null when the source is not configured. */
  webhook: WebhookHandler | null;
}

/** The sources with a webhook. The compiler requires a row for each source with `hasWebhook` in `SOURCES`. */
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
  segmentNames: ReadonlyMap<string, string>;
  ingest: Ingest;
  /** Counts the answers of each webhook. */
  count(source: WebhookSource, status: number): void;
  now(): number;
}): Record<WebhookSource, OpenSource> {
  return {
    posthog: open("posthog", {
      // Signatures use the real time, even when the app runs on a virtual clock.
      verify: posthog && createWebhookVerifier({ secrets: posthog.webhookSecrets, now: Date.now }),
      parse: (json) => parsePostHogEvent(json, now()),
    }),
    segment: open("segment", {
      verify: segment && createSegmentVerifier(segment),
      parse: (json) => parseSegmentEvent(json, { now: now(), names: segmentNames }),
    }),
  };

  function open(
    source: WebhookSource,
    { verify, parse }: Pick<OpenSource, "parse"> & { verify: WebhookEndpoint["verify"] | null },
  ): OpenSource {
    const about = { ...endpoint, count: (status: number) => count(source, status), source, parse, ingest };
    return { parse, webhook: verify && sourceWebhook({ ...about, verify }) };
  }
}

/**
 * Receives one event per request, or several in an array. After a 503, PostHog repeats a request up to two times, and
 * Segment for four hours. Segment repeats an array as a whole, so events that were stored before are duplicates then.
 */
export function sourceWebhook({
  source,
  parse,
  ingest,
  ...endpoint
}: WebhookEndpoint & { source: WebhookSource; parse(json: unknown): Parsed; ingest: Ingest }): WebhookHandler {
  const mostTogether = MOST_TOGETHER[source];
  return webhookEndpoint({
    ...endpoint,
    component: "sources",
    largestBody: mostTogether > 1 ? mostTogether * LARGEST_IN_ARRAY : undefined,
    async handle(body) {
      const json = parseJson(body);
      if (mostTogether > 1 && Array.isArray(json)) return ingestAll(json);
      const parsed: Parsed = json === undefined ? { misfit: "the body is not JSON", cause: "not JSON" } : parse(json);
      return answerOf(await ingest(source, parsed, body));
    },
  });

  async function ingestAll(events: unknown[]) {
    if (events.length > mostTogether)
      throw new BodyError(`${events.length} events in one request; at most ${mostTogether} are accepted`, 413);
    // An event that is nested too deep for JSON text gets an empty body, so that the other events are still accepted.
    const results = await Promise.allSettled(events.map((one) => ingest(source, parse(one), jsonOf(one) ?? "")));
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return summaryOf(results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])));
  }
}

function summaryOf(ingested: Ingested[]) {
  const count = (outcome: Ingested["outcome"]) => ingested.filter((one) => one.outcome === outcome).length;
  const reasons = [...new Set(ingested.flatMap(({ reason }) => reason ?? []))].slice(0, MOST_REASONS);
  return {
    accepted: count("accepted"),
    duplicate: count("duplicate"),
    ignored: count("ignored"),
    ...(reasons.length > 0 && { reasons }),
  };
}

export function isWebhookSource(source: keyof typeof SOURCES): source is WebhookSource {
  return SOURCES[source].hasWebhook;
}
