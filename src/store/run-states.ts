import type { Kysely } from "kysely";
import { CALL_WITHIN_MS, type Queue } from "../contracts/job.ts";
import type { Report } from "../contracts/report.ts";
import { jobRow } from "./event-rows.ts";
import { type FromRows, insertRows } from "./insert-rows.ts";
import type { RunStates } from "./runs.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";
import { together } from "./write-together.ts";

type State = Tables["runs"]["state"];

/** The states of runs. */
export function runStates({
  db,
  now,
  fromRows,
  announce,
}: {
  db: Kysely<Tables>;
  now: () => number;
  fromRows: FromRows;
  announce(queue: Queue): void;
}): Pick<RunStates, "findState" | "markNotStarted" | "markExited" | "markStarted"> {
  const markStarted = together(async (begun: Array<{ transactionId: string; shape: string | null }>) => {
    const at = now();
    const started = await inTransaction(db, async (trx) => {
      const rows = [];
      for (const shape of unique(begun.map((one) => one.shape)))
        rows.push(...(await start(trx, { ids: idsWith(begun, shape), shape, at })));
      const entered = rows.filter(({ entered_at }) => entered_at === at);
      const owed = entered.flatMap((run) => [triggered(run, at), overdueCheck(run, at + CALL_WITHIN_MS)]);
      await insertRows(trx, fromRows, "jobs", owed)
        ?.onConflict((conflict) => conflict.doNothing())
        .execute();
      return rows;
    });
    announce("posthog");
    announce("receipts");
    const ids = new Set(started.map((run) => run.transaction_id));
    return begun.map(({ transactionId }) => (ids.has(transactionId) ? "in progress" : "exited"));
  });

  return {
    findState: together(async (transactionIds: string[]): Promise<Array<State | null>> => {
      const rows = await db
        .selectFrom("runs")
        .select(["transaction_id", "state"])
        .where("transaction_id", "in", unique(transactionIds))
        .execute();
      const states = new Map(rows.map((row) => [row.transaction_id, row.state]));
      return transactionIds.map((id) => states.get(id) ?? null);
    }),

    async markNotStarted(transactionId) {
      await db
        .updateTable("runs")
        .set({ state: "not started" })
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "pending")
        .execute();
    },

    async markExited(transactionId) {
      await db
        .updateTable("runs")
        .set({ state: "exited", ended_at: now() })
        .where("transaction_id", "=", transactionId)
        .execute();
    },

    markStarted: (transactionId, shape = null) => markStarted({ transactionId, shape }),
  };
}

function idsWith(begun: Array<{ transactionId: string; shape: string | null }>, shape: string | null): string[] {
  return unique(begun.filter((one) => one.shape === shape).map(({ transactionId }) => transactionId)).sort();
}

function start(trx: Kysely<Tables>, { ids, shape, at }: { ids: string[]; shape: string | null; at: number }) {
  return trx
    .updateTable("runs")
    .set((row) => ({
      state: "in progress" as const,
      entered_at: row.fn.coalesce("entered_at", row.val(at)),
      shape: row.fn.coalesce("shape", row.val(shape)),
    }))
    .where("transaction_id", "in", ids)
    .where("state", "in", ["pending", "in progress"])
    .returning(["transaction_id", "workflow", "distinct_id", "entered_at"])
    .execute();
}

/** The check for an overdue run, unless a wait postpones it. */
function overdueCheck(run: Pick<Tables["runs"], "transaction_id" | "distinct_id">, at: number) {
  const body = { transactionId: run.transaction_id, distinctId: run.distinct_id };
  return jobRow({ kind: "overdue", body }, at);
}

/** The report of a run that Novu has accepted. */
function triggered(run: Pick<Tables["runs"], "transaction_id" | "workflow" | "distinct_id">, at: number) {
  const report: Report = {
    status: "triggered",
    distinctId: run.distinct_id,
    workflow: run.workflow,
    transactionId: run.transaction_id,
    step: null,
    channel: null,
    template: null,
    variants: {},
    properties: {},
    at: new Date(at).toISOString(),
  };
  return jobRow({ kind: "report", body: report }, at);
}

function unique<Value>(values: Value[]): Value[] {
  return [...new Set(values)];
}
