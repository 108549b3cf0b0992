import { jsonOf, parseJson } from "../../lib/json.ts";
import { BodyError, type WebhookEndpoint, type WebhookHandler, webhookEndpoint } from "../../lib/webhook-endpoint.ts";
import { answerOf, type Ingest, type Ingested, type Parsed } from "../ingest.ts";

const LARGEST_BATCH = 500;
/** Of as many events of 32 KB, which is the largest event that Segment accepts. */
const LARGEST_BATCH_BYTES = LARGEST_BATCH * 32 * 1024;
const MOST_REASONS = 10;

/**
 * Receives one event per request, or up to 500 in an array. After a 503 Segment tries again for four hours, a batch
 * as a whole; events that were stored before are duplicates then.
 */
export function segmentWebhook({
  parse,
  ingest,
  ...endpoint
}: WebhookEndpoint & { parse(json: unknown): Parsed; ingest: Ingest }): WebhookHandler {
  return webhookEndpoint({
    ...endpoint,
    component: "sources",
    largestBody: LARGEST_BATCH_BYTES,
    async handle(body) {
      const json = parseJson(body);
      if (json === undefined)
        return answerOf(await ingest("segment", { misfit: "the body is not JSON", cause: "not JSON" }, body));
      return Array.isArray(json) ? ingestBatch(json) : answerOf(await ingest("segment", parse(json), body));
    },
  });

  async function ingestBatch(batch: unknown[]) {
    if (batch.length > LARGEST_BATCH)
      throw new BodyError(`${batch.length} events are more than the ${LARGEST_BATCH} that are taken together`, 413);
    // An event that is nested too deep for JSON text has an empty body here, so that the others need not be sent again.
    const results = await Promise.allSettled(batch.map((one) => ingest("segment", parse(one), jsonOf(one) ?? "")));
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
