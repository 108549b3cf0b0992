import { setTimeout as sleep } from "node:timers/promises";
import { delivery, post } from "../support/webhook.ts";
import { poisoned } from "./poison.ts";

export interface Sent {
  uuid: string;
  /** The run that it starts or would start. */
  transactionId: string;
  body: unknown;
  /** Whether it starts its run, is ignored, or starts a run that Novu never accepts. */
  leadsTo: "a run" | "nothing" | "trouble";
  /** The status of each attempt; null without an answer. */
  answers: Array<number | null>;
  /** The time of the first 202, by performance.now(). */
  acceptedAtMs: number | null;
}

const AT_ONCE = 32;
/** Longer than a restart in total. An event may still never get its 202. */
const MOST_TRIES = 9;
const FIRST_PAUSE_MS = 50;
/** One event in this number runs a whole workflow with messages and reports. */
const SIGN_UP_EVERY = 20;
/** One event in this number is delivered again after its 202. */
const AGAIN_EVERY = 25;
const POISON_EVERY = 10;

/**
 * Events of as many people, each of which starts one run. With `poison` every tenth is difficult, and some start no
 * run.
 */
export function makeEvents(count: number, { poison = false } = {}): Sent[] {
  return Array.from({ length: count }, (_, index) => {
    const event = makeEvent(index);
    return poison && index % POISON_EVERY === 5 ? poisoned(event, Math.floor(index / POISON_EVERY)) : event;
  });
}

function makeEvent(index: number): Sent {
  const timestamp = new Date().toISOString();
  const distinctId = `person-${index}`;
  const body =
    index % SIGN_UP_EVERY === 0
      ? delivery({ event: "user_signed_up", distinctId, timestamp })
      : delivery({
          event: "checkout_started",
          distinctId,
          timestamp,
          properties: { checkout_url: "https://app.acme.example/checkout" },
        });
  const { uuid, event } = body.event;
  const workflow = event === "user_signed_up" ? "onboarding" : "drop-off";
  return { uuid, transactionId: `${uuid}:${workflow}`, body, leadsTo: "a run", answers: [], acceptedAtMs: null };
}

export function isAccepted({ answers }: Sent): boolean {
  return answers.includes(202);
}

/**
 * Sends them all as PostHog does, with a limited number of retries after a 5xx or no answer. At most `perSecond` begin
 * in a second.
 */
export async function sendAll(
  events: Sent[],
  appUrl: () => string | null,
  perSecond = Number.POSITIVE_INFINITY,
): Promise<void> {
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let index = next++; index < events.length; index = next++) {
        await sleep(startedAt + (index * 1000) / perSecond - performance.now());
        await send(events[index]!, appUrl);
        if (index % AGAIN_EVERY === 0) await tryOnce(events[index]!, appUrl);
      }
    }),
  );
}

async function send(event: Sent, appUrl: () => string | null): Promise<void> {
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const status = await tryOnce(event, appUrl);
    if (status !== null && status < 500) return;
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1));
  }
}

async function tryOnce(event: Sent, appUrl: () => string | null): Promise<number | null> {
  const status = await ask(event.body, appUrl());
  event.answers.push(status);
  if (status === 202) event.acceptedAtMs ??= performance.now();
  return status;
}

async function ask(body: unknown, url: string | null): Promise<number | null> {
  if (url === null) return null;
  try {
    const response = await post(url, body);
    await response.text();
    return response.status;
  } catch {
    return null;
  }
}
