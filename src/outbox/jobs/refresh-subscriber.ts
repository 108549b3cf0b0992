import type { Refresh } from "../../contracts/job.ts";
import { UnavailableError } from "../../lib/errors.ts";
import { zoned } from "../../lib/time-zone.ts";
import type { PersonReads } from "../recipients.ts";
import type { Subscribers } from "../subscribers.ts";

/** Fields that are removed at Novu when the person no longer has them, because a message would use them. */
const REMOVED = ["email", "phone", "locale"] as const;

/** Reads a person before their next message, and sends Novu the address, phone and locale that have changed. */
export function createRefreshSubscriber({
  persons: { readNow, subscriberOf },
  findState,
  subscribers,
  now,
}: {
  persons: Pick<PersonReads, "readNow" | "subscriberOf">;
  /** Null when there is no such run. */
  findState(transactionId: string): Promise<string | null>;
  subscribers: Pick<Subscribers, "upsert" | "sentProfile">;
  now: () => number;
}) {
  return async ({ isWrong, until, transactionId, ...run }: Refresh): Promise<void> => {
    const person = await readNow(run);
    if (person.outcome === "unavailable" && until !== undefined && now() > Date.parse(until)) return;
    if (person.outcome === "unavailable")
      throw new UnavailableError(`the person cannot be read: ${person.why}`, { answered: false });
    if (person.outcome === "not found") return;
    // The person was deleted meanwhile.
    if ((await findState(transactionId)) === null) return;
    const sent = await subscribers.sentProfile(run.distinctId);
    const subscriber = subscriberOf(run.distinctId, zoned(person.properties, run.timeZone));
    const removed = REMOVED.filter((field) => subscriber[field] === undefined && sent?.subscriber[field] != null);
    const whole = { ...subscriber, ...Object.fromEntries(removed.map((field) => [field, null])) };
    const occurredAt = new Date(person.asOf).toISOString();
    await subscribers.upsert({ subscriber: whole, occurredAt, eventUuid: transactionId }, { isWrong });
  };
}
