import { type InsertResult, type Kysely, sql, type Transaction } from "kysely";
import { Decision } from "../contracts/decision.ts";
import type { Exit, Start } from "../contracts/notification.ts";
import { Work } from "../contracts/work.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";

type Db = Kysely<Tables> | Transaction<Tables>;

/** A destination without a filter sends every page view; the newest of what caused nothing are enough to see why. */
const MOST_SET_ASIDE = 1_000;
const LONGEST_BODY_KEPT = 20_000;

/** The store's promises in SQL that both engines speak; opening, locking and closing are the engine's. */
export function createKyselyStore({
  db,
  now,
  close,
}: {
  db: Kysely<Tables>;
  now: () => number;
  close: () => Promise<void>;
}): Store {
  return {
    async accept(event, { starts, exits }) {
      const added = await db.transaction().execute(async (trx) => {
        const { personProperties: _, ...rest } = event;
        let rows = await addedBy(
          trx
            .insertInto("events")
            .values({
              uuid: event.uuid,
              name: event.name,
              distinct_id: event.distinctId,
              occurred_at: event.occurredAt,
              received_at: now(),
              body: JSON.stringify(rest),
            })
            .onConflict((conflict) => conflict.doNothing()),
        );
        for (const start of starts) rows += await addStart(trx, start);
        for (const exit of exits) rows += await addExit(trx, exit);
        return rows;
      });
      return added > 0 ? "accepted" : "duplicate";
    },

    async setAside({ receivedAt, reason, eventUuid, eventName, body }) {
      const { id } = await db
        .insertInto("set_aside")
        .values({
          received_at: receivedAt,
          reason,
          event_uuid: eventUuid,
          event_name: eventName,
          body: body.slice(0, LONGEST_BODY_KEPT),
        })
        .returning("id")
        .executeTakeFirstOrThrow();
      await db
        .deleteFrom("set_aside")
        .where("id", "<=", id - MOST_SET_ASIDE)
        .execute();
    },

    async listSetAside(limit) {
      const rows = await db.selectFrom("set_aside").selectAll().orderBy("id", "desc").limit(limit).execute();
      return rows.map((row) => ({
        receivedAt: row.received_at,
        reason: row.reason,
        eventUuid: row.event_uuid,
        eventName: row.event_name,
        body: row.body,
      }));
    },

    async claim(limit, leaseMs) {
      const due = db
        .selectFrom("work")
        .select("id")
        .where("state", "=", "waiting")
        .where("due_at", "<=", now())
        .where("leased_until", "<=", now())
        .orderBy("due_at")
        .orderBy("id")
        .limit(limit);
      const rows = await db
        .updateTable("work")
        .set({ leased_until: now() + leaseMs })
        .where("id", "in", due)
        .returning(["id", "body", "attempts", "refusals"])
        .execute();
      return rows
        .sort((a, b) => a.id - b.id)
        .map(({ body, ...claimed }) => ({ ...claimed, work: Work.parse(JSON.parse(body)) }));
    },

    async complete(id) {
      await db.deleteFrom("work").where("id", "=", id).execute();
    },

    async retryAt(id, { at, error, failed, refused }) {
      await db
        .updateTable("work")
        .set((row) => ({
          due_at: at,
          leased_until: 0,
          last_error: error,
          attempts: row("attempts", "+", failed ? 1 : 0),
          refusals: row("refusals", "+", refused ? 1 : 0),
        }))
        .where("id", "=", id)
        .execute();
    },

    async bury(id, error) {
      await db
        .updateTable("work")
        .set((row) => ({
          state: "dead" as const,
          leased_until: 0,
          last_error: error,
          attempts: row("attempts", "+", 1),
        }))
        .where("id", "=", id)
        .execute();
    },

    async nextDueAt() {
      const next = await db
        .selectFrom("work")
        .select(sql<number>`case when leased_until > due_at then leased_until else due_at end`.as("at"))
        .where("state", "=", "waiting")
        .orderBy("at")
        .limit(1)
        .executeTakeFirst();
      return next === undefined ? null : Number(next.at);
    },

    async countWork() {
      const rows = await db
        .selectFrom("work")
        .select(["state", (count) => count.fn.countAll<number>().as("count")])
        .groupBy("state")
        .execute();
      const count = (state: Tables["work"]["state"]) => Number(rows.find((row) => row.state === state)?.count ?? 0);
      return { waiting: count("waiting"), dead: count("dead") };
    },

    async listDead(limit) {
      const rows = await db
        .selectFrom("work")
        .select(["id", "key", "attempts", "last_error"])
        .where("state", "=", "dead")
        .orderBy("id", "desc")
        .limit(limit)
        .execute();
      return rows.map(({ last_error, ...row }) => ({ ...row, error: last_error ?? "" }));
    },

    async exitSince({ workflow, distinctId, since }) {
      const exit = await db
        .selectFrom("exits")
        .select("event_name")
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("occurred_at", ">=", since)
        .limit(1)
        .executeTakeFirst();
      return exit?.event_name ?? null;
    },

    async endRuns({ workflow, distinctId, occurredAt }) {
      const ended = await db
        .updateTable("runs")
        .set({ state: "leaving" })
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("occurred_at", "<=", occurredAt)
        .where("state", "!=", "left")
        .returning("transaction_id")
        .execute();
      return ended.map((run) => run.transaction_id);
    },

    async markLeft(transactionId) {
      await db.updateTable("runs").set({ state: "left" }).where("transaction_id", "=", transactionId).execute();
    },

    async markStarted(transactionId) {
      const started = await db
        .updateTable("runs")
        .set({ state: "started" })
        .where("transaction_id", "=", transactionId)
        .where("state", "in", ["pending", "started"])
        .returning("transaction_id")
        .executeTakeFirst();
      return started === undefined ? "left" : "started";
    },

    async decide(decision, { ifOpen } = { ifOpen: false }) {
      await db.transaction().execute(async (trx) => {
        const { transactionId, step, distinctId, outcome } = decision;
        const body = JSON.stringify(decision);
        const changed = await addedBy(
          trx
            .insertInto("decisions")
            .values({ transaction_id: transactionId, step, distinct_id: distinctId, body })
            .onConflict((conflict) =>
              ifOpen ? conflict.doNothing() : conflict.columns(["transaction_id", "step"]).doUpdateSet({ body }),
            ),
        );
        if (changed > 0)
          await addWork(trx, `report:${transactionId}:${step}:${outcome}`, { kind: "report", body: decision });
      });
    },

    async decidedSteps(transactionId) {
      const rows = await db
        .selectFrom("decisions")
        .select("step")
        .where("transaction_id", "=", transactionId)
        .execute();
      return rows.map(({ step }) => step);
    },

    async listDecisions({ distinctId, limit = 1000 } = {}) {
      let query = db.selectFrom("decisions").select("body").orderBy("id", "desc").limit(limit);
      if (distinctId !== undefined) query = query.where("distinct_id", "=", distinctId);
      return (await query.execute()).map(({ body }) => Decision.parse(JSON.parse(body))).reverse();
    },

    async ping() {
      await db.updateTable("work").set({ leased_until: 0 }).where("id", "=", -1).execute();
    },

    close,
  };

  async function addStart(trx: Db, start: Start): Promise<number> {
    const { run, workflow } = start;
    const isNew = await addedBy(
      trx
        .insertInto("runs")
        .values({
          transaction_id: run.transactionId,
          workflow,
          distinct_id: run.distinctId,
          occurred_at: run.occurredAt,
          state: "pending",
        })
        .onConflict((conflict) => conflict.doNothing()),
    );
    if (isNew > 0) await addWork(trx, `start:${run.transactionId}`, { kind: "start", body: start });
    return isNew;
  }

  async function addExit(trx: Db, exit: Exit): Promise<number> {
    const { workflow, distinctId, eventUuid, eventName, occurredAt } = exit;
    const isNew = await addedBy(
      trx
        .insertInto("exits")
        .values({
          workflow,
          distinct_id: distinctId,
          event_uuid: eventUuid,
          event_name: eventName,
          occurred_at: occurredAt,
        })
        .onConflict((conflict) => conflict.doNothing()),
    );
    if (isNew > 0) await addWork(trx, `exit:${eventUuid}:${workflow}`, { kind: "exit", body: exit });
    return isNew;
  }

  async function addWork(trx: Db, key: string, work: Work): Promise<void> {
    await trx
      .insertInto("work")
      .values({
        key,
        body: JSON.stringify(work),
        state: "waiting",
        due_at: now(),
        leased_until: 0,
        attempts: 0,
        refusals: 0,
        last_error: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

/** How many rows an insert that may conflict has added or changed. */
async function addedBy(insert: { executeTakeFirst(): Promise<InsertResult | undefined> }): Promise<number> {
  return Number((await insert.executeTakeFirst())?.numInsertedOrUpdatedRows ?? 0n);
}
