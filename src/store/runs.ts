import type { Kysely } from "kysely";
import { type Capture, reportKey } from "../contracts/capture.ts";
import type { Lane } from "../contracts/work.ts";
import { startKey, workRow } from "./accept.ts";
import { idsOfPerson, idsOfPersons } from "./people.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { together } from "./together.ts";
import { inTransaction } from "./transaction.ts";

/** A run whose end was never heard of, because Novu gave up on a step, does not keep its person out for ever. */
const LONGEST_RUN_MS = 60 * 24 * 60 * 60 * 1000;

type State = Tables["runs"]["state"];

/** Which runs there are, and who has left them. */
export function runFacts({
  db,
  now,
  announce,
}: {
  db: Kysely<Tables>;
  now: () => number;
  announce(lane: Lane): void;
}): Pick<Store, "exitSince" | "endRuns" | "runState" | "enter" | "refuse" | "markLeft" | "markStarted"> {
  return {
    exitSince: together(async (queries) => {
      const asked = unique(queries.map(({ distinctId }) => distinctId));
      const ids = await idsOfPersons(db, asked);
      const rows = await db
        .selectFrom("exits")
        .selectAll()
        .where("distinct_id", "in", unique([...ids.values()].flat()))
        .where("workflow", "in", unique(queries.map(({ workflow }) => workflow)))
        .execute();
      return queries.map(({ workflow, distinctId, since }) => {
        const exit = rows.find(
          (row) =>
            row.workflow === workflow && ids.get(distinctId)?.includes(row.distinct_id) && row.occurred_at >= since,
        );
        return exit?.event_name ?? null;
      });
    }),

    async endRuns({ workflow, distinctId, occurredAt }) {
      const ended = await db
        .updateTable("runs")
        .set({ state: "leaving" })
        .where("distinct_id", "in", await idsOfPerson(db, distinctId))
        .where("workflow", "=", workflow)
        .where("occurred_at", "<=", occurredAt)
        .where("state", "in", ["pending", "started", "leaving"])
        .returning("transaction_id")
        .execute();
      return ended.map((run) => run.transaction_id);
    },

    runState: together(async (transactionIds: string[]): Promise<Array<State | null>> => {
      const rows = await db
        .selectFrom("runs")
        .select(["transaction_id", "state"])
        .where("transaction_id", "in", unique(transactionIds))
        .execute();
      const states = new Map(rows.map((row) => [row.transaction_id, row.state]));
      return transactionIds.map((id) => states.get(id) ?? null);
    }),

    async enter({ transactionId, workflow, distinctId, occurredAt }, limit) {
      if (limit === "always") return true;
      return inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, distinctId);
        const [place = distinctId] = ids;
        const rows = () => trx.selectFrom("entries").selectAll().where("workflow", "=", workflow);
        // What was entered by another id of the same person, before they were merged, counts as well.
        const others = ids.length === 1 ? [] : await rows().where("distinct_id", "in", ids).execute();
        if (others.some((entry) => entry.transaction_id === transactionId)) return true;
        for (const entry of others) if (await shutsOut(entry)) return false;

        const mine = { distinct_id: place, workflow, transaction_id: transactionId, occurred_at: occurredAt };
        // The row is also the lock that two runs of one person meet at.
        const before = await trx
          .insertInto("entries")
          .values(mine)
          .onConflict((conflict) =>
            conflict
              .columns(["distinct_id", "workflow"])
              .doUpdateSet((row) => ({ workflow: row.ref("entries.workflow") })),
          )
          .returning(["transaction_id", "occurred_at"])
          .executeTakeFirstOrThrow();
        if (before.transaction_id === transactionId) return true;
        const isShut = await isShutBy(before);
        // A run that could not be started keeps nobody out.
        if (isShut && !(await isDead(trx, before.transaction_id))) return false;
        // One that comes late does not open the time that a newer one has closed.
        if (!isShut && typeof limit === "object" && before.occurred_at > occurredAt) return true;
        await trx
          .updateTable("entries")
          .set(mine)
          .where("distinct_id", "=", place)
          .where("workflow", "=", workflow)
          .execute();
        return true;

        async function shutsOut(entry: Tables["entries"]): Promise<boolean> {
          return (await isShutBy(entry)) && !(await isDead(trx, entry.transaction_id));
        }

        async function isShutBy(entry: Pick<Tables["entries"], "transaction_id" | "occurred_at">): Promise<boolean> {
          if (limit === "one at a time") return isUnderWay(trx, entry.transaction_id, ids);
          return typeof limit === "string" || isNear(entry.occurred_at, occurredAt, limit.oncePerMs);
        }
      });
    },

    async refuse(transactionId) {
      await db
        .updateTable("runs")
        .set({ state: "refused" })
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "pending")
        .execute();
    },

    async markLeft(transactionId) {
      await db
        .updateTable("runs")
        .set({ state: "left", ended_at: now() })
        .where("transaction_id", "=", transactionId)
        .execute();
    },

    markStarted: together(async (transactionIds: string[]) => {
      const at = now();
      const started = await inTransaction(db, async (trx) => {
        const rows = await trx
          .updateTable("runs")
          .set((row) => ({ state: "started" as const, entered_at: row.fn.coalesce("entered_at", row.val(at)) }))
          .where("transaction_id", "in", unique(transactionIds))
          .where("state", "in", ["pending", "started"])
          .returning(["transaction_id", "workflow", "distinct_id", "entered_at"])
          .execute();
        const reports = rows.filter(({ entered_at }) => entered_at === at).map((run) => triggered(run, at));
        if (reports.length > 0)
          await trx
            .insertInto("work")
            .values(reports)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        return rows;
      });
      announce("posthog");
      const ids = new Set(started.map((run) => run.transaction_id));
      return transactionIds.map((id) => (ids.has(id) ? "started" : "left"));
    }),
  };

  async function isUnderWay(trx: Kysely<Tables>, transactionId: string, distinctIds: string[]): Promise<boolean> {
    const run = await trx
      .selectFrom("runs")
      .select("occurred_at")
      .where("transaction_id", "=", transactionId)
      .where("state", "in", ["pending", "started"])
      .where("ended_at", "is", null)
      // Who has left may come back before the run of then has been ended.
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom("exits")
              .select("exits.event_uuid")
              .where("exits.distinct_id", "in", distinctIds)
              .whereRef("exits.workflow", "=", "runs.workflow")
              .whereRef("exits.occurred_at", ">=", "runs.occurred_at"),
          ),
        ),
      )
      .executeTakeFirst();
    return run !== undefined && now() - Date.parse(run.occurred_at) < LONGEST_RUN_MS;
  }
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
  return workRow(reportKey(capture), { kind: "capture", body: capture }, at);
}

async function isDead(trx: Kysely<Tables>, transactionId: string): Promise<boolean> {
  const start = await trx
    .selectFrom("work")
    .select("id")
    .where("key", "=", startKey(transactionId))
    .where("state", "=", "dead")
    .executeTakeFirst();
  return start !== undefined;
}

/** Events may come in any order: near is near, whichever was first. */
function isNear(one: string, other: string, ms: number): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) < ms;
}

function unique<Value>(values: Value[]): Value[] {
  return [...new Set(values)];
}
