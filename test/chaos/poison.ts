import { transactionIdOf } from "../../src/contracts/run.ts";
import type { delivery } from "../support/webhook.ts";
import type { Sent } from "./sender.ts";

type Delivery = ReturnType<typeof delivery>;

/** The prefix of the ids of events whose triggers Novu always answers with 502. */
const REFUSED = "refused-";

/** Whether Novu refuses the trigger with this idempotency key. */
export function isRefused(idempotencyKey: string | null): boolean {
  return idempotencyKey?.startsWith(REFUSED) === true;
}

type Change = (event: Delivery["event"]) => { event: object; leadsTo: Sent["leadsTo"] };

/** Events of strangers, of broken clocks and of other libraries, one after another. */
const POISONS: Change[] = [
  (event) => ({ event: { ...event, uuid: `💥-${event.uuid}` }, leadsTo: "a run" }),
  (event) => ({ event: { ...event, uuid: `${REFUSED}${event.uuid}` }, leadsTo: "trouble" }),
  (event) => ({ event: { ...event, uuid: `${event.uuid}${noise(3_000)}` }, leadsTo: "nothing" }),
  (event) => ({ event: { ...event, distinct_id: noise(4_000) }, leadsTo: "nothing" }),
  (event) => ({ event: { ...event, timestamp: "9999-12-31T23:59:59Z" }, leadsTo: "a run" }),
  (event) => ({ event: { ...event, distinct_id: "a\0b" }, leadsTo: "nothing" }),
  (event) => ({ event: { ...event, uuid: `\ud800${event.uuid}` }, leadsTo: "nothing" }),
  (event) => ({ event: { ...event, properties: { ...event.properties, note: "a\0b\ud800" } }, leadsTo: "a run" }),
];

/** Turns an event that starts a run into one of them. */
export function poisoned(sent: Sent, number: number): Sent {
  const { event: sound, ...rest } = sent.body as Delivery;
  const { event, leadsTo } = (POISONS[number % POISONS.length] as Change)(sound);
  const workflow = sent.transactionId.slice(sent.uuid.length + 1);
  const { uuid } = event as Delivery["event"];
  return { ...sent, uuid, transactionId: transactionIdOf(uuid, workflow), body: { ...rest, event }, leadsTo };
}

/** Text that an index cannot compress. */
function noise(length: number): string {
  return Array.from({ length }, () => Math.floor(Math.random() * 36).toString(36)).join("");
}
