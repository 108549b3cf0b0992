import type { Refresh } from "../contracts/job.ts";
import { type Profile, RefusedFieldsError, type Subscriber } from "../contracts/routing.ts";
import { UnavailableError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { zoned } from "../lib/time-zone.ts";
import type { PersonReads } from "./recipients.ts";

/** A subscriber, with the time of its data. */
export type Profiled = Pick<Profile, "subscriber" | "occurredAt">;

/** The newest profile that was sent to Novu. It is doubtful when an older profile may have overwritten it at Novu. */
type SentProfile = Profiled & { isDoubtful: boolean };

export interface SentProfiles {
  findSentProfile(distinctId: string): Promise<SentProfile | null>;
  saveSentProfile(sent: { profile: Profiled; known: Profiled | null }): Promise<SentProfile>;
}

export interface NovuSubscribers {
  /** False when Novu has no such subscriber. */
  change(subscriber: Subscriber): Promise<boolean>;
  create(subscriber: Subscriber): Promise<void>;
}

/** Fields that are removed at Novu when the person no longer has them, because a message would use them. */
const REMOVED = ["email", "phone", "locale"] as const;

export type Subscribers = ReturnType<typeof createSubscribers>;

/**
 * Keeps each subscriber at Novu at the newest profile. Profiles may arrive in any order and be sent at the same time,
 * so an older profile may overwrite a newer one. Then the newer profile is doubtful until it is sent again.
 */
export function createSubscribers({
  novu,
  people,
  persons: { readNow, storedProfile, subscriberOf },
  findState,
  pace,
  now,
  log,
}: {
  novu: NovuSubscribers;
  people: SentProfiles;
  persons: Pick<PersonReads, "readNow" | "storedProfile" | "subscriberOf">;
  /** The state of a run; null when there is none. */
  findState(transactionId: string): Promise<string | null>;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  now: () => number;
  log: Log;
}) {
  return { upsertKnown, refresh, upsert, sentProfile: people.findSentProfile, saveSent, sendDoubtful };

  /**
   * Sends Novu the profile of an event. An identify of Segment carries only some traits and may arrive out of order, so
   * all traits that are known of the person are sent.
   */
  async function upsertKnown(profile: Profile): Promise<void> {
    const { source = "posthog", subscriber, eventUuid } = profile;
    const whole = await storedProfile({ source, distinctId: subscriber.subscriberId });
    await upsert(whole === null ? profile : { ...whole, eventUuid });
  }

  /** Reads a person before their next message, and sends Novu the address, phone and locale that have changed. */
  async function refresh({ isWrong, until, transactionId, ...run }: Refresh): Promise<void> {
    const person = await readNow(run);
    if (person.outcome === "unavailable" && until !== undefined && now() > Date.parse(until)) return;
    if (person.outcome === "unavailable")
      throw new UnavailableError(`the person cannot be read: ${person.why}`, { answered: false });
    if (person.outcome === "not found") return;
    // The person was deleted meanwhile.
    if ((await findState(transactionId)) === null) return;
    const sent = await people.findSentProfile(run.distinctId);
    const subscriber = subscriberOf(run.distinctId, zoned(person.properties, run.timeZone));
    const removed = REMOVED.filter((field) => subscriber[field] === undefined && sent?.subscriber[field] != null);
    const whole = { ...subscriber, ...Object.fromEntries(removed.map((field) => [field, null])) };
    const occurredAt = new Date(person.asOf).toISOString();
    await upsert({ subscriber: whole, occurredAt, eventUuid: transactionId }, { isWrong });
  }

  /**
   * Sends a profile, unless the same fields or newer ones were sent before. With `isWrong`, the same fields are sent
   * again, because a step has seen other fields at Novu.
   */
  async function upsert({ subscriber, occurredAt, eventUuid }: Profile, { isWrong } = { isWrong: false }) {
    const sent = await people.findSentProfile(subscriber.subscriberId);
    if (sent !== null && sent.occurredAt > occurredAt) return sendDoubtful(sent);
    if (isWrong || sent === null || sent.isDoubtful || hasOtherFields(subscriber, sent.subscriber)) {
      await send({ ...sent?.subscriber, ...subscriber });
      log.info({ component: "outbox", outcome: "subscriber sent", eventUuid });
    }
    await saveSent({ subscriber, occurredAt }, sent);
  }

  /** Saves that this profile was sent to Novu. `before` is the newest sent profile that was known before the call. */
  async function saveSent(profile: Profiled, before: Profiled | null): Promise<void> {
    const isEmpty = Object.keys(profile.subscriber).length === 1;
    if (isEmpty) return;
    await sendDoubtful(await people.saveSentProfile({ profile, known: before }));
  }

  async function sendDoubtful(sent: SentProfile | null): Promise<void> {
    if (!sent?.isDoubtful) return;
    await send(sent.subscriber);
    await saveSent(sent, sent);
  }

  /** Leaves out each field that Novu refuses, and sends the others. */
  async function send(subscriber: Subscriber): Promise<void> {
    try {
      await changeOrCreate(subscriber);
    } catch (error) {
      if (!(error instanceof RefusedFieldsError)) throw error;
      const fields = error.fields.filter((field) => subscriber[field] !== undefined);
      if (fields.length === 0) throw error;
      log.warn({ component: "outbox", outcome: "fields refused", fields });
      const accepted = Object.entries(subscriber).filter(([field]) => !fields.some((refused) => refused === field));
      await send(Object.fromEntries(accepted) as Subscriber);
    }
  }

  async function changeOrCreate(subscriber: Subscriber): Promise<void> {
    await pace();
    if (await novu.change(subscriber)) return;
    await pace();
    await novu.create(subscriber);
  }
}

/** Whether `one` has a field with another value than in `other`. */
function hasOtherFields(one: Subscriber, other: Subscriber): boolean {
  const fields = Object.entries(one).filter(([, value]) => value !== undefined);
  return fields.some(([name, value]) => JSON.stringify(value) !== JSON.stringify(other[name as keyof Subscriber]));
}
