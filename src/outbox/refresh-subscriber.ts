import type { Refresh } from "../contracts/job.ts";
import type { Profile, Subscriber } from "../contracts/notification.ts";
import type { PersonProperties } from "../contracts/person.ts";
import { UnavailableError } from "../lib/errors.ts";
import { zoned } from "../lib/time-zone.ts";
import type { Profiles } from "./upsert-subscriber.ts";

/** A person as they are known at this moment; what was told after `asOf`, in milliseconds since 1970, may be newer. */
export type ReadNow = (
  run: Pick<Refresh, "distinctId" | "source" | "occurredAt">,
) => Promise<
  | { outcome: "found"; properties: PersonProperties; asOf: number }
  | { outcome: "not found" }
  | { outcome: "unavailable"; why: string }
>;

export type SubscriberOf = (distinctId: string, person: PersonProperties) => Subscriber;

/** Fields that are removed at Novu when the person has them no more: a message would go there, or speak that language. */
const REMOVED = ["email", "phone", "locale"] as const;

/** Tells Novu the address, phone and locale that a person has now, where Novu was told of others. */
export function createRefresh({
  readNow,
  subscriberOf,
  profileTold,
  runState,
  tell,
  now,
}: {
  readNow: ReadNow;
  subscriberOf: SubscriberOf;
  profileTold: Profiles["profileTold"];
  /** Null when there is no such run. */
  runState(transactionId: string): Promise<string | null>;
  tell(profile: Profile, options: { isWrong: boolean }): Promise<void>;
  now: () => number;
}) {
  /** Throws when the person cannot be read, as long as somebody waits for it. */
  return async ({ isWrong, until, transactionId, ...run }: Refresh): Promise<void> => {
    const person = await readNow(run);
    if (person.outcome === "unavailable" && until !== undefined && now() > Date.parse(until)) return;
    if (person.outcome === "unavailable")
      throw new UnavailableError(`the person cannot be read: ${person.why}`, { answered: false });
    if (person.outcome === "not found") return;
    // Forgotten meanwhile.
    if ((await runState(transactionId)) === null) return;
    const told = await profileTold(run.distinctId);
    const subscriber = subscriberOf(run.distinctId, zoned(person.properties, run.timeZone));
    const removed = REMOVED.filter((field) => subscriber[field] === undefined && told?.subscriber[field] != null);
    const whole = { ...subscriber, ...Object.fromEntries(removed.map((field) => [field, null])) };
    const occurredAt = new Date(person.asOf).toISOString();
    await tell({ subscriber: whole, occurredAt, eventUuid: transactionId }, { isWrong });
  };
}
