import { type RawBuilder, sql } from "kysely";
import { maskedToken } from "../contracts/device.ts";
import type { Bounce, OptOutChange, OptOuts } from "../contracts/opt-out.ts";
import { type PersonRead, readPerson } from "../contracts/person.ts";
import type { Merge, Subscriber } from "../contracts/routing.ts";
import { type CohortMembers, cohortMembers } from "./cohort-members.ts";
import { inOrder, inTransaction, type Parts } from "./engine.ts";
import { isJobOf } from "./job-queue.ts";
import { idsOfPerson, idsOfPersons, merges } from "./merges.ts";
import { optOuts } from "./opt-outs.ts";
import { sentProfiles } from "./sent-profiles.ts";
import type { Tables } from "./tables.ts";

/** A subscriber, with the time of its data. */
export interface Profile {
  subscriber: Subscriber;
  /** ISO 8601 */
  occurredAt: string;
}

/** A profile that was sent to Novu. It is doubtful when an older profile may have overwritten it at Novu. */
export interface SentProfile extends Profile {
  isDoubtful: boolean;
}

/**
 * The table of each kind of record of a person, in the order of deletion. Events come before runs and exits, because
 * the events of a person are found by the runs and exits.
 */
export const PERSON_TABLES = {
  jobs: "jobs",
  events: "events",
  runs: "runs",
  matchKeys: "match_keys",
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
  cohortMembers: "cohort_members",
  optOuts: "opt_outs",
  bounces: "bounces",
  devices: "devices",
  aliases: "aliases",
} as const satisfies Record<string, keyof Tables>;

/** The tables without a record of a person. */
export const IMPERSONAL_TABLES = [
  "event_hours",
  "shapes",
  "cohort_reads",
  "rate_limiters",
  "leases",
  "ended_sessions",
] as const;

/** Every record of one person, table by table. Of the tokens of devices it has only the end. */
export type PersonRecords = Record<keyof typeof PERSON_TABLES, Array<Record<string, unknown>>>;

const KINDS = Object.keys(PERSON_TABLES) as Array<keyof PersonRecords>;

export interface People extends CohortMembers {
  /** The newest profile that was sent to Novu for this distinct id; null when none was sent. */
  findSentProfile(distinctId: string): Promise<SentProfile | null>;
  /**
   * Saves a profile that the caller has just sent to Novu, and answers the newest profile. `known` is the profile that
   * `findSentProfile` answered before the caller sent this one. The newest profile is doubtful when it differs from
   * the sent one, or when another profile was saved meanwhile. Saves nothing when the person was deleted meanwhile.
   */
  saveSentProfile(sent: { profile: Profile; known: Profile | null }): Promise<SentProfile>;
  /**
   * The traits of persons, by distinct id, from sources that do not store persons. A property has its newest value
   * over all ids of the person; `occurredAt` is the time of the newest value, ISO 8601. A person without traits is
   * absent.
   */
  findTraits(distinctIds: string[]): Promise<Map<string, PersonRead & { occurredAt: string }>>;

  /**
   * Writes opt-outs and opt-ins of a person, and the jobs that send them to Novu and PostHog. Answers the topics
   * that changed. A repeated change, and a change older than the newest of its topic, change no topic.
   */
  changeOptOuts(change: OptOutChange): Promise<string[]>;
  findOptOuts(distinctId: string): Promise<OptOuts>;
  /** Saves that an address of a person bounced at `at`, ISO 8601. `address` is null when it is not known. */
  saveBounce(bounce: Bounce & { distinctId: string }): Promise<void>;
  /** The newest bounce of each id of the person. */
  listBounces(distinctId: string): Promise<Bounce[]>;

  listRecords(distinctId: string): Promise<PersonRecords>;
  /** Deletes every record of a person, also waiting jobs and opt-outs; answers how many of each kind. */
  delete(distinctId: string): Promise<Record<keyof PersonRecords, number>>;
  /** Whether a job that is due soon may merge this id with another. */
  isJoining(distinctId: string): Promise<boolean>;
  /** A repeated merge changes nothing. */
  merge(merge: Merge): Promise<void>;
  /**
   * Deletes the merges of this distinct id; answers how many. A repeat of the same events does not merge the ids
   * again, but a new event may.
   */
  split(distinctId: string): Promise<number>;
}

export function people(parts: Parts): People {
  const { db } = parts;
  return {
    ...sentProfiles(parts),
    ...optOuts(parts),
    ...merges(parts),
    ...cohortMembers(parts),

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
      records.devices = records.devices.map((row) => ({ ...row, token: maskedToken(String(row.token)) }));
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

/**
 * Finds events by their runs and exits, because an index on the person of an event would slow down every insert. An
 * event that started a run of this person and is another person's is not theirs.
 */
function isOf(kind: keyof PersonRecords, distinctIds: string[]): RawBuilder<boolean> {
  if (kind === "jobs") return isJobOf(distinctIds);
  const isTheirs = (column: string) => sql<boolean>`${sql.ref(column)} in (${sql.join(distinctIds)})`;
  if (kind === "events")
    return sql<boolean>`uuid in (
      select event_uuid from runs where ${isTheirs("distinct_id")} and others_event is null
      union select event_uuid from exits where ${isTheirs("distinct_id")}
      union select uuid from events where about is not null and ${isTheirs("about")})`;
  if (kind === "aliases") return sql<boolean>`(${isTheirs("previous_id")} or ${isTheirs("current_id")})`;
  return isTheirs("distinct_id");
}
