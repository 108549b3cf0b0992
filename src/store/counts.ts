import type { Kysely } from "kysely";
import { QUEUES } from "../contracts/job.ts";
import { LONGEST_RUN_MS } from "../contracts/run.ts";
import type { Jobs, QueueCounts } from "./jobs.ts";
import { idsOfPerson } from "./merges.ts";
import type { Runs } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** Counts for metrics and limits. */
export function counts({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Jobs, "count" | "countByQueue"> & Pick<Runs, "countByWorkflow" | "countLost" | "listOccurrences"> {
  return {
    async count() {
      const queues = await countByQueue();
      return {
        waiting: queues.reduce((sum, { waiting }) => sum + waiting, 0),
        dead: queues.reduce((sum, { dead }) => sum + dead, 0),
      };
    },

    countByQueue,

    async countByWorkflow(since) {
      const entered = await db
        .selectFrom("runs")
        .select((row) => ["workflow", row.fn.countAll<number>().as("count")])
        .where("entered_at", ">=", since)
        .groupBy("workflow")
        .execute();
      const decided = await db
        .selectFrom("decisions")
        .select((row) => ["workflow", "outcome", row.fn.countAll<number>().as("count")])
        .where("decided_at", ">=", new Date(since).toISOString())
        .groupBy(["workflow", "outcome"])
        .execute();
      const names = new Set([...entered, ...decided].map(({ workflow }) => workflow));
      return [...names].sort().map((workflow) => {
        const made = (outcome: string) =>
          Number(decided.find((row) => row.workflow === workflow && row.outcome === outcome)?.count ?? 0);
        return {
          workflow,
          entered: Number(entered.find((row) => row.workflow === workflow)?.count ?? 0),
          sent: made("sent"),
          skipped: made("skipped"),
          failed: made("failed"),
        };
      });
    },

    async countLost(since) {
      const { count } = await db
        .selectFrom("runs")
        .select((row) => row.fn.countAll<number>().as("count"))
        .where("state", "=", "failed")
        .where("ended_at", ">=", since)
        // By its index.
        .where("entered_at", ">=", since - LONGEST_RUN_MS)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async listOccurrences({ distinctId, workflow, eventName, from, to }) {
      const rows = await db
        .selectFrom("runs")
        .innerJoin("events", "events.uuid", "runs.event_uuid")
        .select("runs.occurred_at")
        .where("runs.distinct_id", "in", await idsOfPerson(db, distinctId))
        .where("runs.workflow", "=", workflow)
        .where("events.name", "=", eventName)
        .where("runs.occurred_at", ">=", from)
        .where("runs.occurred_at", "<=", to)
        .orderBy("runs.occurred_at")
        .execute();
      return rows.map((row) => row.occurred_at);
    },
  };

  async function countByQueue(): Promise<QueueCounts[]> {
    const rows = await db
      .selectFrom("jobs")
      .select((row) => ["queue", "state", row.fn.countAll<number>().as("count"), row.fn.min("due_at").as("oldest")])
      // Refreshes and overdue checks of later are scheduled, not waiting.
      .where((row) => row.or([row("queue", "not in", ["persons", "receipts"]), row("due_at", "<=", now())]))
      .groupBy(["queue", "state"])
      .execute();
    return QUEUES.map((queue) => {
      const of = (state: Tables["jobs"]["state"]) => rows.find((row) => row.queue === queue && row.state === state);
      return {
        queue,
        waiting: Number(of("waiting")?.count ?? 0),
        dead: Number(of("dead")?.count ?? 0),
        oldestDueAt: of("waiting")?.oldest ?? null,
      };
    });
  }
}
