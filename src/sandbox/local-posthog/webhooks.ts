import { randomUUID } from "node:crypto";
import { POSTHOG_LIMITS } from "../../contracts/posthog.ts";
import type { Clock } from "../../lib/clock.ts";
import { SECOND_MS } from "../../lib/durations.ts";
import type { Activity } from "../activity.ts";
import { createSignedWebhooks, type SignedTarget, type SourceDelivery } from "../signed-webhook.ts";
import { nameOf } from "./persons.ts";
import type { CapturedEvent, PostHogPerson, PostHogState } from "./state.ts";

/** An HTTP Webhook destination of the data pipeline. */
export interface Destination extends SignedTarget {
  /** The names of the forwarded events; all when null. */
  events: string[] | null;
}

const RETRY_AFTER_MS = [SECOND_MS, 2 * SECOND_MS];
const RETRIED = new Set([408, 429, 500, 502, 503, 504]);
const PROJECT_URL = "https://us.posthog.com/project/84213";

type NewDelivery = Omit<SourceDelivery, "id" | "at" | "attempts">;

/** Sends events as PostHog does: one per request, a new signature per attempt, at least once, in no promised order. */
export function createWebhooks({
  state,
  destinations,
  keepsDeliveries,
  clock,
  activity,
}: {
  state: PostHogState;
  destinations: () => Destination[];
  keepsDeliveries: boolean;
  clock: Clock;
  activity: Activity;
}) {
  const deliver = createSignedWebhooks({
    timeoutMs: POSTHOG_LIMITS.webhookTimeoutMs,
    retryAfterMs: RETRY_AFTER_MS,
    isFinal: (status) => !RETRIED.has(status),
    now: clock.now,
    activity,
  });
  return {
    send(event: CapturedEvent, person: PostHogPerson | null): void {
      for (const target of destinations()) {
        if (!(target.events?.includes(event.event) ?? true)) continue;
        const { uuid: eventUuid, event: name, distinctId } = event;
        start(target, { eventUuid, event: name, distinctId, body: bodyOf(event, person) });
      }
    },
    /** Sends an event again with a new webhook id, as a re-run in PostHog's pages does. */
    resend(eventUuid: string): void {
      const [target] = destinations();
      const earlier = state.deliveries.find((delivery) => delivery.eventUuid === eventUuid);
      if (target === undefined || earlier === undefined)
        throw new Error(`no delivery of the event ${eventUuid} to repeat`);
      start(target, earlier);
    },
    /** Sends a body as it is. Throws if no destination is connected. */
    deliver(delivery: NewDelivery): SourceDelivery {
      const [target] = destinations();
      if (target === undefined) throw new Error("no destination is connected to the local PostHog");
      return start(target, delivery);
    },
  };

  function start(target: Destination, { eventUuid, event, distinctId, body }: NewDelivery): SourceDelivery {
    const about = { eventUuid, event, distinctId, body };
    const delivery: SourceDelivery = { id: randomUUID(), at: clock.now(), ...about, attempts: [] };
    if (keepsDeliveries) state.deliveries.push(delivery);
    void activity.during(() => deliver(delivery, target));
    return delivery;
  }
}

/** PostHog's default body, `{"event":"{event}","person":"{person}"}`, with the keys in PostHog's order. */
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
    // A visitor without a profile still has a person id, which PostHog derives from the distinct id.
    person: {
      id: person?.uuid ?? uuid,
      properties: person?.properties ?? {},
      name: nameOf(person?.properties ?? {}) ?? distinctId,
      url: `${PROJECT_URL}/person/${encodeURIComponent(distinctId)}`,
    },
  });
}
