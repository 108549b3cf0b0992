import type { Profile, Subscriber } from "../contracts/notification.ts";
import { RefusedFieldsError } from "../contracts/refused-fields-error.ts";
import type { Log } from "../lib/log.ts";

/** What a person is known by, as of when. */
export type Profiled = Pick<Profile, "subscriber" | "occurredAt">;
type Told = Profiled & { isDoubtful: boolean };

/** What Novu was told of whom. */
export interface Profiles {
  profileTold(distinctId: string): Promise<Told | null>;
  noteProfile(told: { profile: Profiled; known: Profiled | null }): Promise<Told>;
}

/** Changes a subscriber at Novu, and makes one where there is none. */
export interface Subscribers {
  /** False when there is none. */
  change(subscriber: Subscriber): Promise<boolean>;
  create(subscriber: Subscriber): Promise<void>;
}

/**
 * Keeps Novu's subscribers at the newest profile, in whatever order profiles come and however many
 * are told side by side: what an older one may have overwritten is in doubt until it is told again.
 */
export function createUpsertSubscriber({
  novu,
  profiles,
  pace,
  log,
}: {
  novu: Subscribers;
  profiles: Profiles;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  pace(): Promise<void>;
  log: Log;
}) {
  return { profile, settle, again };

  /**
   * Tells Novu what has changed; nothing when it was told just that, or something newer, unless it is known
   * to have something else.
   */
  async function profile(
    { subscriber, occurredAt, eventUuid }: Profile,
    { isWrong } = { isWrong: false },
  ): Promise<void> {
    const told = await profiles.profileTold(subscriber.subscriberId);
    if (told !== null && told.occurredAt > occurredAt) return again(told);
    if (isWrong || told === null || told.isDoubtful || saysMore(subscriber, told.subscriber)) {
      await call({ ...told?.subscriber, ...subscriber });
      log.info({ component: "outbox", outcome: "told", eventUuid });
    }
    await settle({ subscriber, occurredAt }, told);
  }

  /** Novu has just been told this profile, with `known` as the newest before. */
  async function settle(profile: Profiled, known: Profiled | null): Promise<void> {
    // Who says nothing overwrites nothing.
    if (Object.keys(profile.subscriber).length === 1) return;
    await again(await profiles.noteProfile({ profile, known }));
  }

  /** Tells what is in doubt once more. */
  async function again(told: Told | null): Promise<void> {
    if (!told?.isDoubtful) return;
    await call(told.subscriber);
    await settle(told, told);
  }

  /** Leaves out each field that Novu refuses, and sends the others. */
  async function call(subscriber: Subscriber): Promise<void> {
    try {
      await changeOrCreate(subscriber);
    } catch (error) {
      if (!(error instanceof RefusedFieldsError)) throw error;
      const fields = error.fields.filter((field) => subscriber[field] !== undefined);
      if (fields.length === 0) throw error;
      log.warn({ component: "outbox", outcome: "fields refused", fields, error: error.message });
      const accepted = Object.entries(subscriber).filter(([field]) => !fields.some((refused) => refused === field));
      await call(Object.fromEntries(accepted) as Subscriber);
    }
  }

  async function changeOrCreate(subscriber: Subscriber): Promise<void> {
    await pace();
    if (await novu.change(subscriber)) return;
    await pace();
    await novu.create(subscriber);
  }
}

/** Whether one says something that the other does not say, or says otherwise. */
function saysMore(one: Subscriber, other: Subscriber): boolean {
  const fields = Object.entries(one).filter(([, value]) => value !== undefined);
  return fields.some(([name, value]) => JSON.stringify(value) !== JSON.stringify(other[name as keyof Subscriber]));
}
