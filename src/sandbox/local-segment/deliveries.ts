import { createHmac, randomUUID } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { SECOND_MS } from "../../lib/durations.ts";
import { parseJson } from "../../lib/json.ts";
import type { Activity } from "../activity.ts";
import { createSignedWebhooks, type Sign, type SignedTarget, type SourceDelivery } from "../signed-webhook.ts";
import { nameOf } from "./message.ts";
import type { SegmentMessage, SegmentState } from "./state.ts";

export interface SegmentDestination extends SignedTarget {
  /** `webhook`: the Webhooks destination, which signs. `function`: our Destination Function, with a bearer token. */
  way: "webhook" | "function";
  /** The most messages of one request; 1 when absent. */
  batchSize?: number | undefined;
}

const TIMEOUT_MS = 5_000;
/** The pauses between attempts. Segment adds random time to each, and gives up after 4 hours. */
const RETRY_AFTER_MS = [30, 120, 480, 1_920, 7_680].map((seconds) => seconds * SECOND_MS);

type Summary = Pick<SourceDelivery, "eventUuid" | "event" | "distinctId">;

/** Sends messages as Segment does: at least once, and in no promised order. */
export function createDeliveries({
  state,
  keepsDeliveries,
  clock,
  activity,
}: {
  state: SegmentState;
  keepsDeliveries: boolean;
  clock: Clock;
  activity: Activity;
}) {
  let destination: SegmentDestination | null = null;
  let batch: SegmentMessage[] = [];
  const deliver = { webhook: deliveredWith(signature), function: deliveredWith(bearer) };
  return {
    connect(target: SegmentDestination): void {
      destination = target;
    },
    send(messages: SegmentMessage[]): void {
      if (destination === null) return;
      if (destination.batchSize === undefined) for (const message of messages) send(destination, [message], message);
      else addToBatch(messages);
    },
    /** Sends a body as it is. Throws if no destination is connected. */
    deliver(body: string): SourceDelivery {
      if (destination === null) throw new Error("no destination is connected to the local Segment");
      const parsed = parseJson(body);
      return start(destination, body, summaryOf(Array.isArray(parsed) ? parsed : [parsed]));
    },
  };

  function deliveredWith(sign: Sign) {
    const isFinal = (status: number) => status !== 429 && status < 500;
    const times = { timeoutMs: TIMEOUT_MS, retryAfterMs: RETRY_AFTER_MS, now: clock.now };
    return createSignedWebhooks({ ...times, isFinal, activity, sign });
  }

  /** Messages of the same moment are sent together. */
  function addToBatch(messages: SegmentMessage[]): void {
    const isFirst = batch.length === 0;
    batch.push(...messages);
    if (isFirst && messages.length > 0) void activity.during(sendBatch);
  }

  async function sendBatch(): Promise<void> {
    await new Promise(setImmediate);
    const messages = batch;
    batch = [];
    if (destination === null) return;
    const { batchSize = 1, way } = destination;
    for (let at = 0; at < messages.length; at += batchSize) {
      const part = messages.slice(at, at + batchSize);
      // Segment sends a function a single message as an object, not in an array.
      send(destination, part, way === "function" && part.length === 1 ? part[0] : part);
    }
  }

  function send(target: SegmentDestination, messages: SegmentMessage[], body: unknown): void {
    start(target, JSON.stringify(body), summaryOf(messages));
  }

  function start(target: SegmentDestination, body: string, summary: Summary): SourceDelivery {
    const delivery: SourceDelivery = { id: randomUUID(), at: clock.now(), ...summary, body, attempts: [] };
    if (keepsDeliveries) state.deliveries.push(delivery);
    void activity.during(() => deliver[target.way](delivery, target));
    return delivery;
  }
}

function summaryOf([first, ...more]: unknown[]): Summary {
  if (typeof first !== "object" || first === null) return { eventUuid: "", event: "not readable", distinctId: "" };
  const message = first as Record<string, unknown>;
  const name = nameOf(message);
  return {
    eventUuid: String(message.messageId ?? ""),
    event: more.length === 0 ? name : `${name} and ${more.length} more`,
    distinctId: String(message.userId ?? ""),
  };
}

/** Segment signs only the first message of a batch. */
const signature: Sign = ({ body }, secret) => {
  const parsed = parseJson(body);
  const signed = Array.isArray(parsed) ? JSON.stringify(parsed[0]) : body;
  return { "x-signature": createHmac("sha1", secret).update(signed).digest("hex") };
};

const bearer: Sign = (_delivery, secret) => ({ authorization: `Bearer ${secret}` });
