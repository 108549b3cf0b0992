import { randomUUID } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/durations.ts";
import type { Activity } from "../activity.ts";
import { type Attempt, createSignedWebhooks, type SignedTarget } from "../signed-webhook.ts";
import type { Mark } from "./mark.ts";
import type { Message } from "./state.ts";

const TIMEOUT_MS = 15_000;
/** The pauses of Svix, which delivers Novu's webhooks. Svix retries after every answer except a 2xx. */
const RETRY_AFTER_MS = [5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 10 * HOUR_MS];

type MessageEvent = "sent" | "delivered" | "failed" | Mark;

export interface NovuDelivery {
  id: string;
  /** Such as message.seen. */
  type: string;
  body: string;
  attempts: Attempt[];
}

/** Novu's outbound webhooks, from its worker and its Inbox. */
export function createNovuWebhooks({ clock, activity }: { clock: Clock; activity: Activity }) {
  let target: SignedTarget | null = null;
  /** Every delivery since the start. */
  const deliveries: NovuDelivery[] = [];
  const deliver = createSignedWebhooks({
    timeoutMs: TIMEOUT_MS,
    retryAfterMs: RETRY_AFTER_MS,
    isFinal: (status) => status >= 200 && status < 300,
    now: clock.now,
    activity,
  });
  return {
    deliveries,
    /** Webhooks go to this target from now on. */
    forward(newTarget: SignedTarget) {
      target = newTarget;
    },
    send,
    /** Sends the webhooks about a new message: failed, or sent, and for the Inbox also delivered. */
    sendResult(message: Message): void {
      if (message.errorText !== undefined) return send("failed", message, message.errorText);
      send("sent", message);
      // No provider reports on Novu's own Inbox.
      if (message.channel === "in_app") send("delivered", message);
    },
    /** Repeats a delivery, as Svix's "resend" does. */
    resend: start,
  };

  /** `error` is the provider's text about a message that failed. */
  function send(event: MessageEvent, message: Message, error?: string): void {
    const type = `message.${event}`;
    start({ id: `msg_${randomUUID()}`, type, body: bodyOf(type, message, error), attempts: [] });
  }

  function start(delivery: NovuDelivery): void {
    const to = target;
    if (to === null) return;
    if (!deliveries.includes(delivery)) deliveries.push(delivery);
    void activity.during(() => deliver(delivery, to));
  }

  /** The body does not name the step: Novu names only the run, the channel and the subscriber. */
  function bodyOf(type: string, message: Message, error?: string): string {
    const { id, transactionId, workflowId, subscriberId, channel, seen, read, sentAt } = message;
    const { providerId, lastSeenDate, lastReadDate } = message;
    const createdAt = new Date(sentAt).toISOString();
    const object = {
      ...{ _id: id, subscriberId, templateIdentifier: workflowId, createdAt, transactionId, channel, seen, read },
      ...{ providerId, lastSeenDate, lastReadDate, status: error === undefined ? "sent" : "error" },
    };
    return JSON.stringify({
      id: `evt_${randomUUID()}`,
      type,
      object: "message",
      data: { object, ...(error !== undefined && { error: { message: error } }) },
      timestamp: new Date(clock.now()).toISOString(),
      environmentId: "local",
    });
  }
}
