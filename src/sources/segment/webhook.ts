import type { IncomingMessage, ServerResponse } from "node:http";
import { jsonOf, parseJson } from "../../lib/json.ts";
import { BodyError } from "../../lib/read-body.ts";
import { type WebhookEndpoint, webhookEndpoint } from "../../lib/webhook-endpoint.ts";
import { answerOf, createIngest, type Taken, type Taking } from "../ingest.ts";
import { readSegmentEvent, type SegmentNames } from "./event.ts";

const MOST_TOGETHER = 500;
/** As many events of 32 KB, the most that Segment takes, as there may be together. */
const LARGEST_BATCH = MOST_TOGETHER * 32 * 1024;
const MOST_REASONS = 10;

/**
 * The door for Segment: one event, or up to 500 as an array. It tries again for four hours on 503,
 * and a batch as a whole; what of it was taken before counts once.
 */
export function segmentWebhook({
  accept,
  keepIgnored,
  names,
  now,
  ...door
}: WebhookEndpoint & Taking & { names: SegmentNames; now(): number }): (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> {
  const take = createIngest({ source: "segment", accept, keepIgnored, log: door.log });
  const read = (body: unknown) => readSegmentEvent(body, { now: now(), names });
  return webhookEndpoint({
    ...door,
    largestBody: LARGEST_BATCH,
    async take(body) {
      const parsed = parseJson(body);
      if (parsed === undefined)
        return answerOf(await take({ misfit: "the body is not JSON", cause: "not JSON" }, body));
      return Array.isArray(parsed) ? takeBatch(parsed) : answerOf(await take(read(parsed), body));
    },
  });

  async function takeBatch(batch: unknown[]) {
    if (batch.length > MOST_TOGETHER)
      throw new BodyError(`${batch.length} events are more than the ${MOST_TOGETHER} that are taken together`, 413);
    // What is nested too deep for text the store refuses by itself; its neighbours are not to be sent again for it.
    const taken = await Promise.allSettled(batch.map((one) => take(read(one), jsonOf(one) ?? "")));
    const failed = taken.find((one) => one.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    return sumOf(taken.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])));
  }
}

function sumOf(taken: Taken[]) {
  const count = (outcome: Taken["outcome"]) => taken.filter((one) => one.outcome === outcome).length;
  const reasons = [...new Set(taken.flatMap(({ reason }) => reason ?? []))].slice(0, MOST_REASONS);
  return {
    accepted: count("accepted"),
    duplicate: count("duplicate"),
    ignored: count("ignored"),
    ...(reasons.length > 0 && { reasons }),
  };
}
