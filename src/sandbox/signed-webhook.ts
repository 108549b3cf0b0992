import { describeError } from "../lib/errors.ts";
import { createHttpClient } from "../lib/http-client.ts";
import { keyOf, sign as standardSign } from "../lib/verify-webhook.ts";
import type { Activity } from "./activity.ts";

export interface SignedTarget {
  url: string;
  /** Absent when the sender does not sign. */
  signingSecret?: string | undefined;
  headers?: Record<string, string> | undefined;
}

export interface Attempt {
  at: number;
  /** Null when no answer came. */
  status: number | null;
  answer: string;
  ms: number;
}

interface Delivery {
  /** The webhook id. All attempts of a delivery have the same id; a redelivery has another id. */
  id: string;
  /** The exact text that is signed. */
  body: string;
  attempts: Attempt[];
}

/** A delivery of one or more events of a source. `eventUuid` and `distinctId` are those of the first event. */
export interface SourceDelivery extends Delivery {
  at: number;
  eventUuid: string;
  /** The name of the first event, and the number of further events. */
  event: string;
  distinctId: string;
}

/** Returns the headers of the signature. */
export type Sign = (delivery: Pick<Delivery, "id" | "body">, secret: string) => Record<string, string>;

/** Delivers a body with a new signature for each attempt, until an answer is final or the attempts are used up. */
export function createSignedWebhooks({
  timeoutMs,
  retryAfterMs,
  isFinal,
  now,
  activity,
  sign = standardWebhook,
}: {
  timeoutMs: number;
  retryAfterMs: readonly number[];
  /** Whether no retry follows this answer. */
  isFinal(status: number): boolean;
  now(): number;
  activity: Activity;
  sign?: Sign;
}): (delivery: Delivery, target: SignedTarget) => Promise<void> {
  const http = createHttpClient({ timeoutMs, repeatsStale: false });
  return async (delivery, target) => {
    let status = await attempt(delivery, target);
    for (const waitMs of retryAfterMs) {
      if (status !== null && isFinal(status)) return;
      await activity.pause(waitMs);
      status = await attempt(delivery, target);
    }
  };

  async function attempt(
    { id, body, attempts }: Delivery,
    { url, signingSecret, headers: own }: SignedTarget,
  ): Promise<number | null> {
    const startedAt = performance.now();
    const log = (status: number | null, answer: string) =>
      attempts.push({ at: now(), status, answer, ms: performance.now() - startedAt });
    try {
      const signature = signingSecret === undefined ? {} : sign({ id, body }, signingSecret);
      const headers = { "content-type": "application/json", ...own, ...signature };
      const answer = await http(url, { method: "POST", headers, body });
      log(answer.status, answer.text);
      return answer.status;
    } catch (error) {
      log(null, describeError(error));
      return null;
    }
  }
}

function standardWebhook({ id, body }: Pick<Delivery, "id" | "body">, secret: string): Record<string, string> {
  // The signature has the real time, because the app compares it with the system clock.
  return { ...standardSign({ id, body, key: keyOf(secret), nowMs: Date.now() }) };
}
