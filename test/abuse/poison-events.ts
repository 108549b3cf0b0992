import { randomUUID } from "node:crypto";
import { segmentEvent } from "../support/segment.ts";
import { delivery } from "../support/webhook.ts";
import type { Wire } from "./raw-client.ts";
import { novuProof, postHogProof, segmentProof } from "./signing.ts";
import { bytesOf } from "./wire.ts";

const JSON_TYPE = { "content-type": "application/json" };
const asItIs = (body: string) => body;

/** Ids that a database, a header or Novu may refuse. */
export function oddIds(): Record<string, string> {
  return {
    emoji: `x-💥-${randomUUID()}`,
    "3 KB": "i".repeat(3_000),
    "100 KB": "i".repeat(100_000),
    NUL: "a\0b",
    "half a character": "a\ud800b",
    "a line break": "a\r\nb: c",
    "a path": "../../v1/x?y=z#",
  };
}

/** An event that starts a run, with random changes; `edit` changes its text. */
export function fromPostHog(changes: Parameters<typeof delivery>[0], edit = asItIs): Wire {
  const uuid = randomUUID();
  const timestamp = new Date().toISOString();
  const event = { event: "checkout_started", distinctId: `odd-${uuid}`, timestamp, uuid, ...changes };
  const body = edit(JSON.stringify(delivery({ properties: { checkout_url: "https://app.acme.example/" }, ...event })));
  return signed("posthog", body, postHogProof(uuid, body));
}

export function fromSegment(changes: Record<string, unknown>, edit = asItIs): Wire {
  const timestamp = new Date().toISOString();
  const event = { event: "Checkout Started", userId: `odd-${randomUUID()}`, timestamp, ...changes };
  const body = edit(
    JSON.stringify(segmentEvent({ properties: { checkout_url: "https://app.acme.example/" }, ...event })),
  );
  return signed("segment", body, segmentProof(body));
}

/** A person for a subscriber update at Novu. */
export function someoneNew(distinctId: string): Wire {
  return fromPostHog({ event: "$identify", distinctId, properties: { $set: { email: `${distinctId}@acme.example` } } });
}

export function fromNovu(body: unknown): Wire {
  const text = JSON.stringify(body) ?? "";
  return signed("novu", text, novuProof(randomUUID(), text));
}

function signed(endpoint: string, body: string, proof: Record<string, string>): Wire {
  return {
    bytes: bytesOf({ method: "POST", target: `/webhooks/${endpoint}`, headers: { ...JSON_TYPE, ...proof }, body }),
  };
}
