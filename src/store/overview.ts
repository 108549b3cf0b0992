import { type Kysely, type Selectable, sql } from "kysely";
import type { Channel } from "../contracts/channel.ts";
import type { IgnoredRecord, JobRecord, WorkflowOutcomes } from "../contracts/history.ts";
import type { Queue } from "../contracts/job.ts";
import type { Events } from "./events.ts";
import type { Jobs } from "./jobs.ts";
import type { RunReports } from "./runs.ts";
import { IS_WAITING, NEXT_AT, type Tables } from "./tables.ts";

/** For the pages: counts of a period, and lists of jobs and ignored events. */
export function overview({
  db,
}: {
  db: Kysely<Tables>;
}): Pick<RunReports, "countOutcomes"> &
  Pick<Events, "countIgnored" | "listIgnored"> &
  Pick<Jobs, "listWaiting" | "listDead"> {
  return {
    async countOutcomes(since) {
      const entered = await db
        .selectFrom("runs")
        .select((row) => [
          "workflow",
          row.fn.countAll<number>().as("entered"),
          sql<number>`sum(case when state = 'in progress' and ended_at is null then 1 else 0 end)`.as("waiting"),
          sql<number>`sum(case when state in ('exiting', 'exited') then 1 else 0 end)`.as("converted"),
          sql<number>`sum(case when state = 'failed' then 1 else 0 end)`.as("lost"),
        ])
        .where("entered_at", ">=", since)
        .groupBy("workflow")
        .execute();
      const decided = await db
        .selectFrom("decisions")
        .select((row) => ["workflow", "outcome", "channel", "reason", row.fn.countAll<number>().as("count")])
        .where("decided_at", ">=", new Date(since).toISOString())
        .groupBy(["workflow", "outcome", "channel", "reason"])
        .execute();

      const names = new Set([...entered, ...decided].map(({ workflow }) => workflow));
      return [...names].sort().map((workflow): WorkflowOutcomes => {
        const runs = entered.find((row) => row.workflow === workflow);
        const made = (outcome: string) => decided.filter((row) => row.workflow === workflow && row.outcome === outcome);
        return {
          workflow,
          entered: Number(runs?.entered ?? 0),
          waiting: Number(runs?.waiting ?? 0),
          converted: Number(runs?.converted ?? 0),
          lost: Number(runs?.lost ?? 0),
          sent: countedBy(made("sent"), ({ channel }) => channel).map(([name, count]) => ({
            channel: name as Channel,
            count,
          })),
          skipped: countedBy(made("skipped"), ({ reason }) => reason ?? "").map(([reason, count]) => ({
            reason,
            count,
          })),
          failed: made("failed").reduce((sum, { count }) => sum + Number(count), 0),
        };
      });
    },

    async countIgnored(since) {
      const rows = await db
        .selectFrom("ignored_events")
        .select((row) => ["reason", row.fn.countAll<number>().as("count")])
        .where("received_at", ">=", new Date(since).toISOString())
        .groupBy("reason")
        .orderBy("count", "desc")
        .orderBy("reason")
        .execute();
      return rows.map(({ reason, count }) => ({ reason, count: Number(count) }));
    },

    async listIgnored({ limit, reason, about, before }) {
      let query = db.selectFrom("ignored_events").selectAll();
      if (reason !== undefined) query = query.where("reason", "=", reason);
      if (before !== undefined) query = query.where("id", "<", before);
      if (about !== undefined)
        query = query.where(({ eb, or }) => or([eb("distinct_id", "=", about), eb("event_uuid", "=", about)]));
      const rows = await query.orderBy("id", "desc").limit(limit).execute();
      return rows.map(ignoredRecord);
    },

    async listWaiting(queue, limit) {
      // Each has an index of its own.
      const [fresh, tried] = await Promise.all([waiting(queue, limit, "is"), waiting(queue, limit, "is not")]);
      return [...fresh, ...tried]
        .sort((a, b) => a.next_at - b.next_at || a.id - b.id)
        .slice(0, limit)
        .map(jobRecord);
    },

    async listDead({ limit, error, before }) {
      let query = db.selectFrom("jobs").selectAll().where("state", "=", "dead");
      if (error !== undefined) query = query.where("last_error", "=", error);
      if (before !== undefined) query = query.where("id", "<", before);
      const rows = await query.orderBy("id", "desc").limit(limit).execute();
      return rows.map(jobRecord);
    },
  };

  function waiting(queue: Queue, limit: number, hasNoError: "is" | "is not") {
    return db
      .selectFrom("jobs")
      .selectAll()
      .select(NEXT_AT.as("next_at"))
      .where("queue", "=", queue)
      .where(IS_WAITING)
      .where("last_error", hasNoError, null)
      .orderBy(NEXT_AT)
      .orderBy("id")
      .limit(limit)
      .execute();
  }
}

export function jobRecord(row: Selectable<Tables["jobs"]>): JobRecord {
  const { id, key, queue, state, attempts } = row;
  return { id, key, queue, state, attempts, dueAt: row.due_at, error: row.last_error };
}

export function ignoredRecord(row: Selectable<Tables["ignored_events"]>): IgnoredRecord {
  return {
    id: row.id,
    source: row.source,
    receivedAt: row.received_at,
    reason: row.reason,
    eventUuid: row.event_uuid,
    eventName: row.event_name,
    distinctId: row.distinct_id,
    body: row.body,
  };
}

/** The highest count first. */
function countedBy<Row extends { count: number }>(
  rows: Row[],
  nameOf: (row: Row) => string,
): Array<[name: string, count: number]> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(nameOf(row), (counts.get(nameOf(row)) ?? 0) + Number(row.count));
  return [...counts].sort(([a, one], [b, other]) => other - one || a.localeCompare(b));
}
