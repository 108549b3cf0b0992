import type { Kysely } from "kysely";
import { CALL_WITHIN_MS } from "../contracts/job.ts";
import type { Report } from "../contracts/report.ts";
import { Recipient } from "../contracts/routing.ts";
import { eventUuidOf } from "../contracts/run.ts";
import { insertRows, type Parts, prepared, together } from "./engine.ts";
import { jobRow } from "./job-queue.ts";
import type { RunState, Runs } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** The earliest runs are enough, because a digest of Novu puts later runs into an earlier one. */
const MOST_BESIDE = 10;

const statesOf = prepared<{ transactionIds: string[] }, Pick<Tables["runs"], "transaction_id" | "state">>((on, value) =>
  on.selectFrom("runs").select(["transaction_id", "state"]).where("transaction_id", "in", value("transactionIds")),
);

export function runStates({ db, now, fromRows, share, announce }: Parts) {
  const markStarted = together(async (begun: Array<{ transactionId: string; shape: string | null }>) => {
    const at = now();
    const started = await share(async (trx) => {
      const rows = [];
      for (const shape of new Set(begun.map((one) => one.shape))) {
        const ids = begun.filter((one) => one.shape === shape).map(({ transactionId }) => transactionId);
        rows.push(...(await start(trx, { ids: ids.sort(), shape, at })));
      }
      const entered = rows.filter(({ entered_at }) => entered_at === at);
      const owed = entered.flatMap((run) => [triggered(run, at), overdueCheck(run, at + CALL_WITHIN_MS)]);
      await insertRows(trx, fromRows, "jobs", owed)
        ?.onConflict((conflict) => conflict.doNothing())
        .execute();
      return rows;
    });
    announce("posthog", at);
    announce("receipts", at + CALL_WITHIN_MS);
    const ids = new Set(started.map((run) => run.transaction_id));
    return begun.map(({ transactionId }) => (ids.has(transactionId) ? "in progress" : "exited"));
  });

  return {
    findState: together(async (transactionIds: string[]): Promise<Array<RunState | null>> => {
      const { rows } = await statesOf(db, { transactionIds });
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

    markStarted: (transactionId: string, shape: string | null = null) => markStarted({ transactionId, shape }),

    async findOpen(transactionId) {
      const run = await db
        .selectFrom("runs")
        .select(["workflow", "distinct_id", "entered_at", "part"])
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "in progress")
        .where("ended_at", "is", null)
        .executeTakeFirst();
      if (run === undefined) return null;
      const { workflow, distinct_id: distinctId, entered_at, part } = run;
      return { workflow, distinctId, enteredAt: entered_at ?? 0, part: part ?? 0 };
    },

    async close(transactionId, as) {
      const { numUpdatedRows } = await db
        .updateTable("runs")
        .set({ ended_at: now(), ...(as === "failed" && { state: "failed" as const }) })
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "in progress")
        .where("ended_at", "is", null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    async listBeside({ transactionId, workflow, distinctId, enteredAt, before }) {
      const runs = await db
        .selectFrom("runs")
        .select(["transaction_id", "entered_at", "part", "state"])
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("transaction_id", "!=", transactionId)
        .where("entered_at", "<", before)
        .where((row) =>
          row.or([
            row.and([row("state", "=", "in progress"), row("ended_at", "is", null)]),
            row.and([row("state", "=", "failed"), row("ended_at", ">=", enteredAt)]),
          ]),
        )
        .orderBy("entered_at")
        .limit(MOST_BESIDE)
        .execute();
      return runs.map((run) => ({
        transactionId: run.transaction_id,
        enteredAt: run.entered_at ?? 0,
        part: run.part ?? 0,
        isLost: run.state === "failed",
      }));
    },

    async saveRecipient({ transactionId, refusals, recipient }) {
      await db
        .updateTable("runs")
        .set({ recipient: JSON.stringify(recipient), recipient_try: refusals })
        .where("transaction_id", "=", transactionId)
        .execute();
    },

    async findRecipient({ transactionId, refusals }) {
      const row = await db
        .selectFrom("runs")
        .select("recipient")
        .where("transaction_id", "=", transactionId)
        .where("recipient_try", "=", refusals)
        .executeTakeFirst();
      return row?.recipient == null ? null : Recipient.parse(JSON.parse(row.recipient));
    },

    async insertForeign({ transactionId, workflow, distinctId, occurredAt }) {
      const { numInsertedOrUpdatedRows = 0n } = await db
        .insertInto("runs")
        .values({
          transaction_id: transactionId,
          workflow,
          distinct_id: distinctId,
          event_uuid: eventUuidOf(transactionId, workflow) ?? transactionId,
          occurred_at: occurredAt,
          state: "pending",
        })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows > 0n) return "new";
      const kept = await db
        .selectFrom("runs")
        .select("distinct_id")
        .where("transaction_id", "=", transactionId)
        .executeTakeFirst();
      return kept === undefined || kept.distinct_id === distinctId ? "known" : "of another person";
    },
  } satisfies Partial<Runs>;
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

/** The job that checks whether the run is overdue. A wait of the run postpones the job. */
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
