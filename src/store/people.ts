import type { Bounce, OptOutChange, OptOuts } from "../contracts/opt-out.ts";
import type { PersonRead } from "../contracts/person.ts";
import type { Merge, Subscriber } from "../contracts/routing.ts";

/** A subscriber, as of when. */
export interface Profile {
  subscriber: Subscriber;
  /** ISO 8601 */
  occurredAt: string;
}

/** A subscriber as sent to Novu; in doubt when an older one may have overwritten it. */
export interface SentProfile extends Profile {
  isDoubtful: boolean;
}

/** Every record of one person, table by table. */
export type PersonRecords = Record<
  | "events"
  | "runs"
  | "entries"
  | "exits"
  | "decisions"
  | "sends"
  | "variants"
  | "reports"
  | "customValues"
  | "jobs"
  | "ignored"
  | "profiles"
  | "traits"
  | "optOuts"
  | "bounces"
  | "aliases",
  Array<Record<string, unknown>>
>;

export interface People {
  /** The newest profile that was sent to Novu of this distinct id, which is its subscriber; null when none. */
  findSentProfile(distinctId: string): Promise<SentProfile | null>;
  /**
   * Saves a profile that was just sent to Novu by a caller that read `known` before. Keeps the newest and answers
   * it, in doubt when it is not this one, or when another was sent meanwhile. Saves nothing when `known` was
   * deleted meanwhile.
   */
  saveSentProfile(sent: { profile: Profile; known: Profile | null }): Promise<SentProfile>;
  /**
   * The traits that sources without a record of persons have sent, the newest of each property over all ids of a
   * person, with the time of the newest, ISO 8601; without persons that have none.
   */
  findTraits(distinctIds: string[]): Promise<Map<string, PersonRead & { occurredAt: string }>>;

  /**
   * Writes opt-outs and opt-ins of a person, and the jobs that send them to Novu and PostHog. Answers the topics
   * that changed; a change that is there already, or has a later one after it, changes nothing.
   */
  changeOptOuts(change: OptOutChange): Promise<string[]>;
  findOptOuts(distinctId: string): Promise<OptOuts>;
  /** Nothing can be delivered to this address of a person, or to one that is not known, since `at`, ISO 8601. */
  saveBounce(bounce: { distinctId: string; address: string | null; at: string }): Promise<void>;
  /** The newest of each of their ids. */
  listBounces(distinctId: string): Promise<Bounce[]>;

  listRecords(distinctId: string): Promise<PersonRecords>;
  /** Deletes every record, waiting jobs and opt-outs included; answers how many of each kind. */
  delete(distinctId: string): Promise<Record<keyof PersonRecords, number>>;
  /** Whether a job waits that may merge this id with another. */
  isJoining(distinctId: string): Promise<boolean>;
  /** The same merge again changes nothing. */
  merge(merge: Merge): Promise<void>;
  /**
   * Undoes the merges that name this distinct id; answers how many. A repeat of their events does not bring them
   * back, but another event may.
   */
  split(distinctId: string): Promise<number>;
}
