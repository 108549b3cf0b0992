import { randomUUID } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/durations.ts";
import type { Activity } from "../activity.ts";
import { type Attempt, createSignedWebhooks, type SignedTarget } from "../signed-webhook.ts";
import type { Message } from "./state.ts";

const TIMEOUT_MS = 15_000;
/** Svix's, which delivers for Novu: anything but a 2xx is tried again, for more than a day. */
const RETRY_AFTER_MS = [5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS, 10 * HOUR_MS];

/** What a message's webhook can be about. */
export type MessageEvent = "sent" | "delivered" | "seen" | "read" | "failed";

export interface NovuDelivery {
  id: string;
  /** Such as message.seen. */
  type: string;
  body: string;
  attempts: Attempt[];
}

export interface NovuWebhooks {
  /** Every delivery since the start. */
  deliveries: NovuDelivery[];
  /** From now on webhooks go there; nowhere for null. */
  forward(target: SignedTarget | null): void;
  /** Tells it; `error` is what a provider said of a message that failed. */
  tell(event: MessageEvent, message: Message, error?: string): void;
  /** The same delivery once more, as Svix's "resend" makes it. */
  resend(delivery: NovuDelivery): void;
}

/** Novu's outbound webhooks, as its worker and its Inbox send them. */
export function createNovuWebhooks({ clock, activity }: { clock: Clock; activity: Activity }): NovuWebhooks {
  let target: SignedTarget | null = null;
  const deliveries: NovuDelivery[] = [];
  const deliver = createSignedWebhooks({
    timeoutMs: TIMEOUT_MS,
    retryAfterMs: RETRY_AFTER_MS,
    isGivenUp: (status) => status >= 200 && status < 300,
    now: clock.now,
    activity,
  });
  return {
    deliveries,
    forward(to) {
      target = to;
    },
    tell(event, message, error) {
      const type = `message.${event}`;
      begin({ id: `msg_${randomUUID()}`, type, body: bodyOf(type, message, error), attempts: [] });
    },
    resend: begin,
  };

  function begin(delivery: NovuDelivery): void {
    if (target === null) return;
    const to = target;
    if (!deliveries.includes(delivery)) deliveries.push(delivery);
    void activity.during(() => deliver(delivery, to));
  }

  /** Novu names the run, the channel and the subscriber, and not the step. */
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
