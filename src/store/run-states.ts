import type { Kysely } from "kysely";
import { endsRun } from "../contracts/arrival.ts";
import { type Capture, reportKey } from "../contracts/capture.ts";
import { HEARD_WITHIN_MS, overdueKey, type Queue } from "../contracts/job.ts";
import { Profile } from "../contracts/routing.ts";
import { isEndedBy } from "./ends.ts";
import { jobRow } from "./event-rows.ts";
import { type FromRows, insertRows } from "./insert-rows.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { RunStates } from "./runs.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";
import { together } from "./write-together.ts";

/** A digest takes runs into the earliest one. */
const MOST_BESIDE = 10;

type State = Tables["runs"]["state"];

const Recipient = Profile.pick({ subscriber: true, occurredAt: true });

/** Which runs there are, and who has left them. */
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
}): Omit<RunStates, "enter"> {
  const markStarted = together(async (begun: Array<{ transactionId: string; shape: string | null }>) => {
    const at = now();
    const started = await inTransaction(db, async (trx) => {
      const rows = [];
      for (const shape of unique(begun.map((one) => one.shape)))
        rows.push(...(await start(trx, { ids: idsWith(begun, shape), shape, at })));
      const entered = rows.filter(({ entered_at }) => entered_at === at);
      const owed = entered.flatMap((run) => [triggered(run, at), mustBeHeardOf(run, at + HEARD_WITHIN_MS)]);
      await insertRows(trx, fromRows, "jobs", owed)
        ?.onConflict((conflict) => conflict.doNothing())
        .execute();
      return rows;
    });
    announce("posthog");
    announce("receipts");
    const ids = new Set(started.map((run) => run.transaction_id));
    return begun.map(({ transactionId }) => (ids.has(transactionId) ? "started" : "exited"));
  });

  return {
    findExitSince: together(async (queries) => {
      const asked = unique(queries.map(({ distinctId }) => distinctId));
      const ids = await idsOfPersons(db, asked);
      const rows = await db
        .selectFrom("exits")
        .selectAll()
        .where("distinct_id", "in", unique([...ids.values()].flat()))
        .where("workflow", "in", unique(queries.map(({ workflow }) => workflow)))
        .execute();
      const runs = await db
        .selectFrom("runs")
        .select(["transaction_id", "arrival"])
        .where("transaction_id", "in", unique(queries.map(({ transactionId }) => transactionId)))
        .execute();
      const arrivals = new Map(runs.map((run) => [run.transaction_id, run.arrival]));
      return queries.map(({ workflow, distinctId, transactionId, since }) => {
        const run = { occurredAt: since, arrival: arrivals.get(transactionId) ?? null };
        const exit = rows.find(
          (row) =>
            row.workflow === workflow &&
            ids.get(distinctId)?.includes(row.distinct_id) &&
            endsRun({ occurredAt: row.occurred_at, arrival: row.arrival }, run),
        );
        return exit?.event_name ?? null;
      });
    }),

    async markExiting({ workflow, distinctId, eventUuid, occurredAt }) {
      const exit = await db
        .selectFrom("exits")
        .select("arrival")
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("event_uuid", "=", eventUuid)
        .executeTakeFirst();
      const ended = await db
        .updateTable("runs")
        .set({ state: "exiting" })
        .where("distinct_id", "in", await idsOfPerson(db, distinctId))
        .where("workflow", "=", workflow)
        .where(isEndedBy({ occurredAt, arrival: exit?.arrival ?? null }))
        .where("state", "in", ["pending", "started", "exiting"])
        .returning("transaction_id")
        .execute();
      return ended.map((run) => run.transaction_id);
    },

    findState: together(async (transactionIds: string[]): Promise<Array<State | null>> => {
      const rows = await db
        .selectFrom("runs")
        .select(["transaction_id", "state"])
        .where("transaction_id", "in", unique(transactionIds))
        .execute();
      const states = new Map(rows.map((row) => [row.transaction_id, row.state]));
      return transactionIds.map((id) => states.get(id) ?? null);
    }),

    async findOpen(transactionId) {
      const run = await db
        .selectFrom("runs")
        .select(["workflow", "distinct_id", "entered_at"])
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "started")
        .where("ended_at", "is", null)
        .executeTakeFirst();
      if (run === undefined) return null;
      return { workflow: run.workflow, distinctId: run.distinct_id, enteredAt: run.entered_at ?? 0 };
    },

    async close(transactionId, as) {
      const { numUpdatedRows } = await db
        .updateTable("runs")
        .set({ ended_at: now(), ...(as === "failed" && { state: "failed" as const }) })
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "started")
        .where("ended_at", "is", null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    async listBeside({ transactionId, workflow, distinctId, enteredAt, before }) {
      const runs = await db
        .selectFrom("runs")
        .select(["transaction_id", "entered_at", "state"])
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("transaction_id", "!=", transactionId)
        .where("entered_at", "<", before)
        .where((row) =>
          row.or([
            row.and([row("state", "=", "started"), row("ended_at", "is", null)]),
            row.and([row("state", "=", "failed"), row("ended_at", ">=", enteredAt)]),
          ]),
        )
        .orderBy("entered_at")
        .limit(MOST_BESIDE)
        .execute();
      return runs.map((run) => ({
        transactionId: run.transaction_id,
        enteredAt: run.entered_at ?? 0,
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

    async insertForeign({ transactionId, workflow, distinctId, occurredAt }) {
      const { numInsertedOrUpdatedRows = 0n } = await db
        .insertInto("runs")
        .values({
          transaction_id: transactionId,
          workflow,
          distinct_id: distinctId,
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
  };
}

function idsWith(begun: Array<{ transactionId: string; shape: string | null }>, shape: string | null): string[] {
  return unique(begun.filter((one) => one.shape === shape).map(({ transactionId }) => transactionId)).sort();
}

function start(trx: Kysely<Tables>, { ids, shape, at }: { ids: string[]; shape: string | null; at: number }) {
  return trx
    .updateTable("runs")
    .set((row) => ({
      state: "started" as const,
      entered_at: row.fn.coalesce("entered_at", row.val(at)),
      shape: row.fn.coalesce("shape", row.val(shape)),
    }))
    .where("transaction_id", "in", ids)
    .where("state", "in", ["pending", "started"])
    .returning(["transaction_id", "workflow", "distinct_id", "entered_at"])
    .execute();
}

/** The look at what became of a run, unless a step puts it off by its wait. */
function mustBeHeardOf({ transaction_id: transactionId }: Pick<Tables["runs"], "transaction_id">, at: number) {
  return jobRow(overdueKey(transactionId), { kind: "overdue", body: { transactionId } }, at);
}

/** The report that a run owes once Novu has taken it on. */
function triggered(run: Pick<Tables["runs"], "transaction_id" | "workflow" | "distinct_id">, at: number) {
  const capture: Capture = {
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
  return jobRow(reportKey(capture), { kind: "capture", body: capture }, at);
}

function unique<Value>(values: Value[]): Value[] {
  return [...new Set(values)];
}
