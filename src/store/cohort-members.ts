import type { Kysely } from "kysely";
import { inOrder, insertRows, inTransaction, type Parts, type Row } from "./engine.ts";
import { idsOfPersons } from "./merges.ts";
import { IS_DUE, type Tables } from "./tables.ts";

/** A cohort that starts a workflow. */
export interface CohortOfWorkflow {
  workflow: string;
  /** The number of the cohort at PostHog. */
  cohort: number;
}

/** A person whose entry into the cohort has to be ingested as an event. */
export interface DueMember {
  distinctId: string;
  /** Milliseconds since 1970. */
  enteredAt: number;
}

/** The members of cohorts. The ids of a person are those in the call and those that were ever merged with them. */
export interface CohortMembers {
  /** When the last complete read of this cohort began, in milliseconds since 1970; null if there was none. */
  findCohortRead(of: CohortOfWorkflow): Promise<number | null>;
  /**
   * Saves that these people were in the cohort in the read that began at `seenAt`. With `isDue` the event of each new
   * member becomes due, and with `isForAll` also that of each member who was only recorded. A person who is a member by
   * another id stays that member.
   */
  saveCohortMembers(
    of: CohortOfWorkflow,
    members: Array<{ distinctId: string; ids: string[] }>,
    read: { seenAt: number; isDue: boolean; isForAll: boolean },
  ): Promise<void>;
  /** The members whose event is due, at most `limit`. */
  listDueMembers(of: CohortOfWorkflow, limit: number): Promise<DueMember[]>;
  /** Saves that the events of these members were ingested. */
  markMembersIngested(of: CohortOfWorkflow, members: DueMember[]): Promise<void>;
  /** The members whom no read since `seenAt` had, at most `limit`. */
  listUnseenMembers(of: CohortOfWorkflow, seenAt: number, limit: number): Promise<string[]>;
  /** Saves that these members are still in the cohort, as of the read that began at `seenAt`. */
  keepMembers(of: CohortOfWorkflow, distinctIds: string[], seenAt: number): Promise<void>;
  /** Deletes those of these members whom no read since `seenAt` had. */
  deleteUnseenMembers(of: CohortOfWorkflow, distinctIds: string[], seenAt: number): Promise<void>;
  /** Saves that the read that began at `readAt` was complete. */
  saveCohortRead(of: CohortOfWorkflow, readAt: number): Promise<void>;
}

export function cohortMembers({ db, fromRows }: Parts): CohortMembers {
  return {
    async findCohortRead({ workflow, cohort }) {
      const row = await db
        .selectFrom("cohort_reads")
        .select("read_at")
        .where("workflow", "=", workflow)
        .where("cohort", "=", cohort)
        .executeTakeFirst();
      return row?.read_at ?? null;
    },

    saveCohortMembers(of, members, { seenAt, isDue, isForAll }) {
      return inTransaction(db, async (trx) => {
        const merged = await idsOfPersons(trx, [...new Set(members.flatMap(({ ids }) => ids))]);
        const idsOf = ({ distinctId, ids }: (typeof members)[number]) => [
          distinctId,
          ...ids.flatMap((id) => merged.get(id) ?? id),
        ];
        const asked = [...new Set(members.flatMap(idsOf))];
        if (asked.length === 0) return;
        const known = await ofCohort(trx, of).select("distinct_id").where("distinct_id", "in", asked).execute();
        const knownIds = new Set(known.map(({ distinct_id }) => distinct_id));
        await see(trx, of, [...knownIds], seenAt);
        if (isForAll && knownIds.size > 0)
          await update(trx, of, [...knownIds])
            .set({ entry: "due", entered_at: seenAt })
            .where("entry", "=", "recorded")
            .execute();

        const rows = members
          .filter((member) => !idsOf(member).some((id) => knownIds.has(id)))
          .map(
            ({ distinctId }): Row<"cohort_members"> => ({
              ...{ ...of, distinct_id: distinctId, entered_at: seenAt, seen_at: seenAt },
              entry: isDue ? "due" : "recorded",
            }),
          );
        await insertRows(
          trx,
          fromRows,
          "cohort_members",
          inOrder(rows, ({ distinct_id }) => distinct_id),
        )
          // Another process may have saved the member meanwhile, with the time of the entry that counts.
          ?.onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    },

    async listDueMembers(of, limit) {
      const rows = await ofCohort(db, of)
        .select(["distinct_id", "entered_at"])
        .where(IS_DUE)
        .orderBy("distinct_id")
        .limit(limit)
        .execute();
      return rows.map(({ distinct_id, entered_at }) => ({ distinctId: distinct_id, enteredAt: entered_at }));
    },

    async markMembersIngested(of, members) {
      const ids = members.map(({ distinctId }) => distinctId);
      if (ids.length > 0) await update(db, of, ids).set({ entry: "ingested" }).execute();
    },

    async listUnseenMembers(of, seenAt, limit) {
      const rows = await ofCohort(db, of).select("distinct_id").where("seen_at", "<", seenAt).limit(limit).execute();
      return rows.map(({ distinct_id }) => distinct_id);
    },

    keepMembers: (of, distinctIds, seenAt) => see(db, of, distinctIds, seenAt),

    async deleteUnseenMembers({ workflow, cohort }, distinctIds, seenAt) {
      if (distinctIds.length === 0) return;
      await db
        .deleteFrom("cohort_members")
        .where("workflow", "=", workflow)
        .where("cohort", "=", cohort)
        .where("distinct_id", "in", distinctIds)
        .where("seen_at", "<", seenAt)
        .execute();
    },

    async saveCohortRead(of, readAt) {
      const row = { ...of, read_at: readAt };
      await db
        .insertInto("cohort_reads")
        .values(row)
        .onConflict((conflict) => conflict.columns(["workflow", "cohort"]).doUpdateSet({ read_at: readAt }))
        .execute();
    },
  };
}

function ofCohort(on: Kysely<Tables>, { workflow, cohort }: CohortOfWorkflow) {
  return on.selectFrom("cohort_members").where("workflow", "=", workflow).where("cohort", "=", cohort);
}

function update(on: Kysely<Tables>, { workflow, cohort }: CohortOfWorkflow, distinctIds: string[]) {
  return on
    .updateTable("cohort_members")
    .where("workflow", "=", workflow)
    .where("cohort", "=", cohort)
    .where("distinct_id", "in", distinctIds);
}

/** An earlier read of another process does not take the time back. */
async function see(on: Kysely<Tables>, of: CohortOfWorkflow, distinctIds: string[], seenAt: number): Promise<void> {
  if (distinctIds.length > 0)
    await update(on, of, distinctIds).set({ seen_at: seenAt }).where("seen_at", "<", seenAt).execute();
}
