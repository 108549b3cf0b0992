import { type RawBuilder, sql } from "kysely";
import type { Bounce, OptOutChange, OptOuts } from "../contracts/opt-out.ts";
import { type PersonRead, readPerson } from "../contracts/person.ts";
import type { Merge, Subscriber } from "../contracts/routing.ts";
import { inOrder, inTransaction, type Parts } from "./engine.ts";
import { idsOfPerson, idsOfPersons, merges } from "./merges.ts";
import { optOuts } from "./opt-outs.ts";
import { sentProfiles } from "./sent-profiles.ts";
import type { Tables } from "./tables.ts";

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

/** The table of each kind of record of a person. A kind that is found by others comes before them. */
export const PERSON_TABLES = {
  jobs: "jobs",
  events: "events",
  runs: "runs",
  entries: "entries",
  exits: "exits",
  decisions: "decisions",
  sends: "sends",
  variants: "variants",
  reports: "reports",
  customValues: "custom_values",
  ignored: "ignored_events",
  profiles: "profiles",
  traits: "traits",
  optOuts: "opt_outs",
  bounces: "bounces",
  aliases: "aliases",
} as const satisfies Record<string, keyof Tables>;

/** The tables without a record of a person. */
export const IMPERSONAL_TABLES = ["shapes", "rate_limiters", "leases", "ended_sessions"] as const;

/** Every record of one person, table by table. */
export type PersonRecords = Record<keyof typeof PERSON_TABLES, Array<Record<string, unknown>>>;

const KINDS = Object.keys(PERSON_TABLES) as Array<keyof PersonRecords>;

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
  /** Since `at`, ISO 8601, nothing can be delivered to this address of a person; null for an unknown address. */
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

export function people(parts: Parts): People {
  const { db } = parts;
  return {
    ...sentProfiles(parts),
    ...optOuts(parts),
    ...merges(parts),

    async findTraits(distinctIds) {
      const persons = await idsOfPersons(db, distinctIds);
      const ids = [...new Set([...persons.values()].flat())];
      if (ids.length === 0) return new Map();
      const rows = await db.selectFrom("traits").selectAll().where("distinct_id", "in", ids).execute();
      const oldestFirst = inOrder(rows, ({ occurred_at, value }) => `${occurred_at} ${value}`);
      const found = [...persons].map(([distinctId, theirs]) => {
        const own = oldestFirst.filter((row) => theirs.includes(row.distinct_id));
        const newest = Object.fromEntries(own.map(({ name, value }) => [name, JSON.parse(value)]));
        const occurredAt = own.at(-1)?.occurred_at;
        return [distinctId, occurredAt && { ...readPerson(newest), occurredAt }] as const;
      });
      return new Map(found.flatMap(([distinctId, person]) => (person ? [[distinctId, person]] : [])));
    },

    async listRecords(distinctId) {
      const ids = await idsOfPerson(db, distinctId);
      const records = {} as PersonRecords;
      for (const kind of KINDS)
        records[kind] = await db.selectFrom(PERSON_TABLES[kind]).selectAll().where(isOf(kind, ids)).execute();
      return records;
    },

    delete: (distinctId) =>
      inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, distinctId);
        const deleted = {} as Record<keyof PersonRecords, number>;
        for (const kind of KINDS) {
          const { numDeletedRows } = await trx
            .deleteFrom(PERSON_TABLES[kind])
            .where(isOf(kind, ids))
            .executeTakeFirstOrThrow();
          deleted[kind] = Number(numDeletedRows);
        }
        return deleted;
      }),
  };
}

/** Events are found by their runs and exits: an index on their person would cost every insert. */
function isOf(kind: keyof PersonRecords, distinctIds: string[]): RawBuilder<boolean> {
  const isTheirs = (column: string) => sql<boolean>`${sql.ref(column)} in (${sql.join(distinctIds)})`;
  if (kind === "events")
    return sql<boolean>`uuid in (
      select event_uuid from runs where ${isTheirs("distinct_id")}
      union select event_uuid from exits where ${isTheirs("distinct_id")}
      union select uuid from events where about is not null and ${isTheirs("about")})`;
  if (kind === "aliases") return sql<boolean>`(${isTheirs("previous_id")} or ${isTheirs("current_id")})`;
  return isTheirs("distinct_id");
}
