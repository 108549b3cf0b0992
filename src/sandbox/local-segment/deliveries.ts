import { createHmac, randomUUID } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { SECOND_MS } from "../../lib/durations.ts";
import { parseJson } from "../../lib/json.ts";
import type { Activity } from "../activity.ts";
import { createSignedWebhooks, type Sign, type SignedTarget } from "../signed-webhook.ts";
import { nameOf } from "./message.ts";
import type { SegmentDelivery, SegmentMessage, SegmentState } from "./state.ts";

/** Where events go. */
export interface SegmentDestination extends SignedTarget {
  /** `webhook`: the Webhooks destination, which signs. `function`: our Destination Function, which brings the secret. */
  way: "webhook" | "function";
  /** How many messages one request may bring; one by one when it is left out. */
  batchSize?: number | undefined;
}

/** A Webhooks destination and a function have 5 s. */
const TIMEOUT_MS = 5_000;
/** Segment gives up after 4 hours; its own pauses are random. */
const RETRY_AFTER_MS = [30, 120, 480, 1_920, 7_680].map((seconds) => seconds * SECOND_MS);

type About = Pick<SegmentDelivery, "eventUuid" | "event" | "distinctId">;

export interface Deliveries {
  connect(destination: SegmentDestination): void;
  send(messages: SegmentMessage[]): void;
  /** A body as it is; answers the delivery's id. Throws when nothing is connected. */
  deliver(body: string): string;
}

/** Sends messages as Segment does: at least once, and in no order. */
export function createDeliveries({
  state,
  clock,
  activity,
}: {
  state: SegmentState;
  clock: Clock;
  activity: Activity;
}): Deliveries {
  let destination: SegmentDestination | null = null;
  let gathered: SegmentMessage[] = [];
  const ways = { webhook: deliveredWith(signature), function: deliveredWith(bearer) };
  return {
    connect(target) {
      destination = target;
    },
    send(messages) {
      if (destination === null) return;
      if (destination.batchSize === undefined) for (const message of messages) begin(destination, [message], message);
      else gather(messages);
    },
    deliver(body) {
      if (destination === null) throw new Error("the local Segment has nowhere to deliver to");
      const parsed = parseJson(body);
      return start(destination, body, aboutOf(Array.isArray(parsed) ? parsed : [parsed]));
    },
  };

  function deliveredWith(sign: Sign) {
    const isGivenUp = (status: number) => status !== 429 && status < 500;
    const times = { timeoutMs: TIMEOUT_MS, retryAfterMs: RETRY_AFTER_MS, now: clock.now };
    return createSignedWebhooks({ ...times, isGivenUp, activity, sign });
  }

  /** What is told in the same moment goes together. */
  function gather(messages: SegmentMessage[]): void {
    const isFirst = gathered.length === 0;
    gathered.push(...messages);
    if (isFirst && messages.length > 0) void activity.during(sendGathered);
  }

  async function sendGathered(): Promise<void> {
    await new Promise(setImmediate);
    const messages = gathered;
    gathered = [];
    if (destination === null) return;
    const { batchSize = 1, way } = destination;
    for (let at = 0; at < messages.length; at += batchSize) {
      const batch = messages.slice(at, at + batchSize);
      // A function with little to do gets its messages one by one.
      begin(destination, batch, way === "function" && batch.length === 1 ? batch[0] : batch);
    }
  }

  function begin(target: SegmentDestination, messages: SegmentMessage[], body: unknown): void {
    start(target, JSON.stringify(body), aboutOf(messages));
  }

  function start(target: SegmentDestination, body: string, about: About): string {
    const delivery: SegmentDelivery = { id: randomUUID(), at: clock.now(), ...about, body, attempts: [] };
    state.deliveries.push(delivery);
    void activity.during(() => ways[target.way](delivery, target));
    return delivery.id;
  }
}

function aboutOf([first, ...more]: unknown[]): About {
  if (typeof first !== "object" || first === null) return { eventUuid: "", event: "not readable", distinctId: "" };
  const message = first as Record<string, unknown>;
  const name = nameOf(message);
  return {
    eventUuid: String(message.messageId ?? ""),
    event: more.length === 0 ? name : `${name} and ${more.length} more`,
    distinctId: String(message.userId ?? ""),
  };
}

/** Of several messages, Segment signs the first one only. */
const signature: Sign = ({ body }, secret) => {
  const parsed = parseJson(body);
  const signed = Array.isArray(parsed) ? JSON.stringify(parsed[0]) : body;
  return { "x-signature": createHmac("sha1", secret).update(signed).digest("hex") };
};

const bearer: Sign = (_delivery, secret) => ({ authorization: `Bearer ${secret}` });
