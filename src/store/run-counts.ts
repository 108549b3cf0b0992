import { type Selectable, sql } from "kysely";
import type { Channel } from "../contracts/channel.ts";
import type { WorkflowOutcomes } from "../contracts/history.ts";
import { LONGEST_RUN_MS } from "../contracts/run.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { type CountPeriod, countPeriods, keepingSettled } from "./count-periods.ts";
import type { Parts } from "./engine.ts";
import { idsOfPerson } from "./merges.ts";
import type { Runs } from "./runs.ts";
import type { Tables } from "./tables.ts";

type EnteredRuns = Record<"entered" | "waiting" | "converted" | "lost", number> & { workflow: string };
type DecidedMessages = Pick<Selectable<Tables["decisions"]>, "workflow" | "outcome" | "channel" | "reason"> & {
  count: number;
};

/** A later correction of a decision is counted after this time. */
const DECISIONS_KEPT_MS = HOUR_MS;
/** From this number on, the states of a period's runs are kept. */
const MANY_RUNS = 1_000;
const PERIODS_AT_ONCE = 4;

/** Counts for pages, metrics and limits. */
export function runCounts({ db, now }: Parts) {
  const decidedIn = keepingSettled(readDecided, { keptMs: () => DECISIONS_KEPT_MS, now });
  const enteredIn = keepingSettled(readEntered, { keptMs: enteredKeptMs, now });
  return {
    countOutcomes,

    async countByWorkflow(since) {
      const outcomes = await countOutcomes(since);
      return outcomes.map(({ workflow, entered, sent, skipped, failed }) => ({
        workflow,
        entered,
        sent: sumOf(sent),
        skipped: sumOf(skipped),
        failed,
      }));
    },

    async countLost(since) {
      const { count } = await db
        .selectFrom("runs")
        .select((row) => row.fn.countAll<number>().as("count"))
        .where("state", "=", "failed")
        .where("ended_at", ">=", since)
        // No run that counts entered earlier, and `entered_at` has an index.
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
  } satisfies Partial<Runs>;

  /** Counts a few parts of the period at a time, so that a webhook does not wait for all of them. */
  async function countOutcomes(since: number): Promise<WorkflowOutcomes[]> {
    const entered: EnteredRuns[] = [];
    const decided: DecidedMessages[] = [];
    const periods = countPeriods(since, now());
    for (let at = 0; at < periods.length; at += PERIODS_AT_ONCE) {
      const some = periods.slice(at, at + PERIODS_AT_ONCE);
      const [runs, messages] = await Promise.all([
        Promise.all(some.map(enteredIn)),
        Promise.all(some.map(decidedIn)),
        new Promise(setImmediate),
      ]);
      entered.push(...runs.flat());
      decided.push(...messages.flat());
    }

    const names = new Set([...entered, ...decided].map(({ workflow }) => workflow));
    return [...names].sort().map((workflow) => {
      const runs = entered.filter((row) => row.workflow === workflow);
      const sumOfRuns = (name: Exclude<keyof EnteredRuns, "workflow">) =>
        runs.reduce((sum, row) => sum + Number(row[name]), 0);
      const made = (outcome: string) => decided.filter((row) => row.workflow === workflow && row.outcome === outcome);
      return {
        workflow,
        entered: sumOfRuns("entered"),
        waiting: sumOfRuns("waiting"),
        converted: sumOfRuns("converted"),
        lost: sumOfRuns("lost"),
        sent: countedBy(made("sent"), ({ channel }) => channel).map(([name, count]) => ({
          channel: name as Channel,
          count,
        })),
        skipped: countedBy(made("skipped"), ({ reason }) => reason ?? "").map(([reason, count]) => ({
          reason,
          count,
        })),
        failed: sumOf(made("failed")),
      };
    });
  }

  function readEntered({ from, until }: CountPeriod): Promise<EnteredRuns[]> {
    return db
      .selectFrom("runs")
      .select((row) => [
        "workflow",
        row.fn.countAll<number>().as("entered"),
        sql<number>`sum(case when state = 'in progress' and ended_at is null then 1 else 0 end)`.as("waiting"),
        sql<number>`sum(case when state in ('exiting', 'exited') then 1 else 0 end)`.as("converted"),
        sql<number>`sum(case when state = 'failed' then 1 else 0 end)`.as("lost"),
      ])
      .where("entered_at", ">=", from)
      .$if(until !== null, (query) => query.where("entered_at", "<", until))
      .groupBy("workflow")
      .execute();
  }

  function readDecided({ from, until }: CountPeriod): Promise<DecidedMessages[]> {
    return db
      .selectFrom("decisions")
      .select((row) => ["workflow", "outcome", "channel", "reason", row.fn.countAll<number>().as("count")])
      .where("decided_at", ">=", new Date(from).toISOString())
      .$if(until !== null, (query) => query.where("decided_at", "<", new Date(until ?? 0).toISOString()))
      .groupBy(["workflow", "outcome", "channel", "reason"])
      .execute();
  }
}

/**
 * Open pages count again twice a second. Runs change their state at any time, so their counts are kept for seconds: a
 * millisecond for each run, which takes a microsecond to count.
 */
function enteredKeptMs(rows: EnteredRuns[]): number {
  const entered = rows.reduce((sum, row) => sum + Number(row.entered), 0);
  return entered < MANY_RUNS ? 0 : entered;
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

function sumOf(rows: Array<{ count: number }>): number {
  return rows.reduce((sum, { count }) => sum + Number(count), 0);
}
