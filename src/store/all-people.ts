import { decisionsOf } from "./decision-log.ts";
import type { Parts } from "./engine.ts";
import { exitRecords } from "./exit-records.ts";
import { idsOfPersons } from "./merges.ts";
import { runRecord, selectRuns } from "./run-list.ts";
import type { Runs } from "./runs.ts";

/** The exits of other persons that are read for a group of people. */
const MOST_OF_OTHERS = 100_000;

/** Reads the runs of all people, a group of people at a time. */
export function allPeople({ db }: Parts) {
  return {
    async listDistinctIds({ after, limit }) {
      const rows = await db
        .selectFrom("runs")
        .select("distinct_id")
        .distinct()
        .where("distinct_id", ">", after)
        .orderBy("distinct_id")
        .limit(limit)
        .execute();
      return rows.map(({ distinct_id }) => distinct_id);
    },

    findMergedIds: (distinctIds) => idsOfPersons(db, distinctIds),

    async listOf(distinctIds) {
      if (distinctIds.length === 0) return { runs: [], exits: [], decisions: [] };
      const [runs, exits] = await Promise.all([
        selectRuns(db).where("runs.distinct_id", "in", distinctIds).orderBy("runs.occurred_at").execute(),
        db.selectFrom("exits").selectAll().where("distinct_id", "in", distinctIds).orderBy("occurred_at").execute(),
      ]);
      const records = runs.map(runRecord);
      return {
        runs: records,
        exits: await exitRecords(db, { runs: records, rows: exits, mostOfOthers: MOST_OF_OTHERS }),
        decisions: await decisionsOf(
          db,
          records.map(({ transactionId }) => transactionId),
        ),
      };
    },
  } satisfies Partial<Runs>;
}
