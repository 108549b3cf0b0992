import { type Profile, RefusedFieldsError, type Subscriber } from "../contracts/routing.ts";
import type { Log } from "../lib/log.ts";

/** A subscriber's fields, and the time from which they are true. */
export type Profiled = Pick<Profile, "subscriber" | "occurredAt">;

/** The profile that was last sent to Novu; doubtful when an older one may have overwritten it. */
type SentProfile = Profiled & { isDoubtful: boolean };

export interface SentProfiles {
  findSentProfile(distinctId: string): Promise<SentProfile | null>;
  saveSentProfile(sent: { profile: Profiled; known: Profiled | null }): Promise<SentProfile>;
}

export interface NovuSubscribers {
  /** False when there is none. */
  change(subscriber: Subscriber): Promise<boolean>;
  create(subscriber: Subscriber): Promise<void>;
}

export type Subscribers = ReturnType<typeof createSubscribers>;

/**
 * Keeps each subscriber at the newest profile, although profiles arrive in any order and are sent at the same time: a
 * profile that an older one may have overwritten is doubtful until it is sent again.
 */
export function createSubscribers({
  novu,
  people,
  pace,
  log,
}: {
  novu: NovuSubscribers;
  people: SentProfiles;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  log: Log;
}) {
  return { upsert, sentProfile: people.findSentProfile, saveSent, sendDoubtful };

  /**
   * Sends a profile, unless Novu has these fields or newer ones already. With `isWrong` it is sent in any case: a step
   * has seen other fields at Novu.
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

  /** Saves that Novu has this profile now; `before` is the newest one that was known before the call. */
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

/** Whether any field of the two differs. */
function hasOtherFields(one: Subscriber, other: Subscriber): boolean {
  const fields = Object.entries(one).filter(([, value]) => value !== undefined);
  return fields.some(([name, value]) => JSON.stringify(value) !== JSON.stringify(other[name as keyof Subscriber]));
}
