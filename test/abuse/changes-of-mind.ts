import { setTimeout as sleep } from "node:timers/promises";
import { createUnsubscribeLinks } from "../../src/opt-outs/unsubscribe.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { someoneNew } from "./poison-events.ts";
import { type Exchange, rawClient } from "./raw-client.ts";
import type { Services } from "./services.ts";
import { bytesOf } from "./wire.ts";

const CHANGES = 1_500;
const OTHERS = 20;
const SENT_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 200;
const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** One person opts out and in again very often. The changes of other people must reach Novu all the same. */
export async function changesOfMind({ port }: { port: number }, services: Services) {
  const link = createUnsubscribeLinks({ keys: [LOCAL_KEYS.linkSigning], publicUrl: () => "" }).urlOf({
    distinctId: "changes-their-mind",
    topic: "offers",
    workflow: "paid-conversion",
    step: "offer-email",
    transactionId: "sent-by:paid-conversion",
  });
  const outcomes: Array<Exchange["outcome"]> = [];
  const client = rawClient(port);
  for (let change = 0; change < CHANGES; change += 1) {
    const body = change % 2 === 0 ? "choose=none" : "choose=topics&topic=offers&topic=reminders";
    outcomes.push(
      (await client.exchange({ bytes: bytesOf({ method: "POST", target: link, headers: FORM, body }) })).outcome,
    );
  }

  const others = Array.from({ length: OTHERS }, (_, index) => `waits-${index}-${Date.now()}`);
  for (const other of others) outcomes.push((await client.exchange(someoneNew(other))).outcome);
  client.close();
  const until = Date.now() + SENT_WITHIN_MS;
  const unsent = () => others.filter((other) => !services.profiledAt.has(other)).length;
  while (unsent() > 0 && Date.now() < until) {
    await sleep(LOOK_EVERY_MS);
    await services.look();
  }
  const troubles = unsent() === 0 ? [] : [`Novu did not get ${unsent()} of ${OTHERS} other people after 10 s`];
  return { outcomes, troubles };
}
