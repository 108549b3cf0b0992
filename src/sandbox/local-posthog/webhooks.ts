import { randomUUID } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import { describeError } from "../../lib/errors.ts";
import { keyOf, sign } from "../../lib/standard-webhooks.ts";
import type { Activity } from "../activity.ts";
import type { CapturedEvent, Delivery, PostHogPerson, PostHogState } from "./state.ts";

/** An HTTP Webhook destination of the data pipeline. */
export interface Destination {
  url: string;
  signingSecret: string;
  /** The events it is sent; all when null. */
  events: string[] | null;
}

const TIMEOUT_MS = 3_000;
/** Three attempts in all. */
const RETRY_AFTER_MS = [1_000, 2_000];
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const PROJECT_URL = "https://us.posthog.com/project/84213";

export interface Webhooks {
  send(event: CapturedEvent, person: PostHogPerson | null): void;
  /** The same event under a new webhook id, as a re-run from PostHog's pages makes it. */
  resend(eventUuid: string): void;
  /** A body as it is; answers the delivery's id. Throws when nothing is connected. */
  deliver(delivery: Omit<Delivery, "id" | "attempts">): string;
}

/** Sends events as PostHog does: one per request, signed anew for each attempt, at least once and in no order. */
export function createWebhooks({
  state,
  destination,
  clock,
  activity,
}: {
  state: PostHogState;
  destination: () => Destination | null;
  clock: Clock;
  activity: Activity;
}): Webhooks {
  return {
    send(event, person) {
      const target = destination();
      if (target === null || !(target.events?.includes(event.event) ?? true)) return;
      begin(target, {
        eventUuid: event.uuid,
        event: event.event,
        distinctId: event.distinctId,
        body: bodyOf(event, person),
      });
    },
    resend(eventUuid) {
      const target = destination();
      const earlier = state.deliveries.find((delivery) => delivery.eventUuid === eventUuid);
      if (target === null || earlier === undefined) throw new Error(`no delivery of the event ${eventUuid} to repeat`);
      begin(target, earlier);
    },
    deliver(delivery) {
      const target = destination();
      if (target === null) throw new Error("the local PostHog has nowhere to deliver to");
      return begin(target, delivery);
    },
  };

  function begin(
    target: Destination,
    { eventUuid, event, distinctId, body }: Omit<Delivery, "id" | "attempts">,
  ): string {
    const delivery: Delivery = { id: randomUUID(), eventUuid, event, distinctId, body, attempts: [] };
    state.deliveries.push(delivery);
    void activity.during(() => deliver(delivery, target));
    return delivery.id;
  }

  async function deliver(delivery: Delivery, target: Destination): Promise<void> {
    let status = await attempt(delivery, target);
    for (const waitMs of RETRY_AFTER_MS) {
      if (status !== null && !RETRIED.has(status)) return;
      await activity.pause(waitMs);
      status = await attempt(delivery, target);
    }
  }

  async function attempt(
    { id, body, attempts }: Delivery,
    { url, signingSecret }: Destination,
  ): Promise<number | null> {
    const startedAt = performance.now();
    const log = (status: number | null, answer: string) =>
      attempts.push({ at: clock.now(), status, answer, ms: performance.now() - startedAt });
    try {
      const signature = sign({ id, body, key: keyOf(signingSecret), nowMs: Date.now() });
      const headers = { "content-type": "application/json", ...signature };
      const response = await fetch(url, {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      log(response.status, await response.text());
      return response.status;
    } catch (error) {
      log(null, describeError(error));
      return null;
    }
  }
}

/** PostHog's default body, `{"event":"{event}","person":"{person}"}`, with the keys in its order. */
function bodyOf(
  { uuid, event, distinctId, properties, timestamp, capturedAt }: CapturedEvent,
  person: PostHogPerson | null,
): string {
  return JSON.stringify({
    event: {
      uuid,
      event,
      elements_chain: "",
      distinct_id: distinctId,
      properties,
      timestamp,
      captured_at: capturedAt,
      url: `${PROJECT_URL}/events/${uuid}/${encodeURIComponent(timestamp)}`,
    },
    // A visitor without a profile still has an id, made from the distinct id, and nothing else.
    person: {
      id: person?.uuid ?? uuid,
      properties: person?.properties ?? {},
      name: String(person?.properties.email ?? person?.properties.name ?? distinctId),
      url: `${PROJECT_URL}/person/${encodeURIComponent(distinctId)}`,
    },
  });
}
