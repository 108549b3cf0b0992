import { type Kysely, sql } from "kysely";
import { Decision } from "../contracts/decision.ts";
import { PermanentError } from "../lib/errors.ts";
import { groupCommit } from "../lib/group-commit.ts";
import { type Acceptance, acceptAll, acceptanceOf, bytesOf, workRow } from "./accept.ts";
import type { Store } from "./store.ts";
import { NEXT_AT, type Tables } from "./tables.ts";

/** A destination without a filter sends every page view; the newest of what caused nothing are enough to see why. */
const MOST_SET_ASIDE = 1_000;
const LONGEST_BODY_KEPT = 20_000;

/** How much may wait to be written, and how much is written together. */
const TOGETHER = {
  mostWaiting: 5_000,
  mostWaitingBytes: 256 * 1024 * 1024,
  mostTogether: 200,
  mostBytesTogether: 8 * 1024 * 1024,
};

/** Where the engines differ. */
interface EngineParts {
  db: Kysely<Tables>;
  now: () => number;
  /** Whether a failed write is the fault of what was written. */
  isAboutAnItem: (error: unknown) => boolean;
  /** Whether claims of several processes may meet, and pass over what another is just claiming. */
  skipLocked: boolean;
  /** Tells other processes, once the transaction is done, that there is work. */
  announce(trx: Kysely<Tables>): Promise<void>;
  watch: Store["watch"];
  close: () => Promise<void>;
}

/** The store's promises in SQL that both engines speak; opening, locking and closing are the engine's. */
export function createKyselyStore({ db, now, isAboutAnItem, skipLocked, announce, watch, close }: EngineParts): Store {
  const accept = groupCommit<Acceptance, "accepted" | "duplicate">({
    commit: (group) =>
      db.transaction().execute(async (trx) => {
        const outcomes = await acceptAll(trx, group);
        if (outcomes.includes("accepted")) await announce(trx);
        return outcomes;
      }),
    bytesOf,
    isAboutAnItem,
    ...TOGETHER,
  });

  return {
    async accept(event, routing) {
      try {
        return await accept(acceptanceOf(event, routing, now()));
      } catch (error) {
        // RangeError: nested deeper than JSON.stringify goes.
        if (!(error instanceof RangeError || isAboutAnItem(error))) throw error;
        throw new PermanentError("the event cannot be stored", { cause: error });
      }
    },

    async setAside({ receivedAt, reason, eventUuid, eventName, body }) {
      const { id } = await db
        .insertInto("set_aside")
        .values({
          received_at: receivedAt,
          reason,
          event_uuid: eventUuid,
          event_name: eventName,
          // PostgreSQL keeps no NUL in text.
          body: body.slice(0, LONGEST_BODY_KEPT).replaceAll("\0", "\uFFFD"),
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

    async claim(lane, limit, leaseMs) {
      const due = db
        .selectFrom("work")
        .select("id")
        .where("lane", "=", lane)
        .where("state", "=", "waiting")
        .where("due_at", "<=", now())
        .where("leased_until", "<=", now())
        .orderBy("due_at")
        .orderBy("id")
        .limit(limit)
        .$if(skipLocked, (query) => query.forUpdate().skipLocked());
      const rows = await db
        .updateTable("work")
        .set({ leased_until: now() + leaseMs })
        .where("id", "in", due)
        .returning(["id", "body", "attempts", "refusals"])
        .execute();
      return rows.sort((a, b) => a.id - b.id);
    },

    async renew(ids, leaseMs) {
      await db
        .updateTable("work")
        .set({ leased_until: now() + leaseMs })
        .where("id", "in", ids)
        // Not what has just been put back to wait.
        .where("leased_until", ">", 0)
        .execute();
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

    async nextDueAt(lane) {
      const next = await db
        .selectFrom("work")
        .select(NEXT_AT.as("at"))
        .where("lane", "=", lane)
        .where("state", "=", "waiting")
        .orderBy(NEXT_AT)
        .limit(1)
        .executeTakeFirst();
      return next?.at ?? null;
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

    async takePlaces(line, count, intervalMs) {
      const [realNow, takenMs] = [Date.now(), count * intervalMs];
      const { next_at } = await db
        .insertInto("lines")
        .values({ name: line, next_at: realNow + takenMs })
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet({
            next_at: sql<number>`(case when lines.next_at > ${realNow} then lines.next_at else ${realNow} end) + ${takenMs}`,
          }),
        )
        .returning("next_at")
        .executeTakeFirstOrThrow();
      return next_at - takenMs;
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

    async runState(transactionId) {
      const run = await db
        .selectFrom("runs")
        .select("state")
        .where("transaction_id", "=", transactionId)
        .executeTakeFirst();
      return run?.state ?? null;
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
      const { transactionId, step, distinctId, outcome } = decision;
      await db.transaction().execute(async (trx) => {
        const earlier = await trx
          .selectFrom("decisions")
          .select("body")
          .where("transaction_id", "=", transactionId)
          .where("step", "=", step)
          .executeTakeFirst();
        const before = earlier && Decision.parse(JSON.parse(earlier.body));
        if (before !== undefined && ((ifOpen && before.outcome !== "failed") || isSame(before, decision))) return;

        const body = JSON.stringify(decision);
        await trx
          .insertInto("decisions")
          .values({ transaction_id: transactionId, step, distinct_id: distinctId, body })
          .onConflict((conflict) => conflict.columns(["transaction_id", "step"]).doUpdateSet({ body }))
          .execute();
        if (outcome === "failed") return;
        const report = workRow(`report:${transactionId}:${step}:${outcome}`, { kind: "report", body: decision }, now());
        await trx
          .insertInto("work")
          .values(report)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
    },

    async decidedSteps(transactionId) {
      const rows = await db
        .selectFrom("decisions")
        .select(["step", "body"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return rows.filter(({ body }) => Decision.parse(JSON.parse(body)).outcome !== "failed").map(({ step }) => step);
    },

    async listDecisions({ distinctId, limit = 1000 } = {}) {
      let query = db.selectFrom("decisions").select("body").orderBy("id", "desc").limit(limit);
      if (distinctId !== undefined) query = query.where("distinct_id", "=", distinctId);
      return (await query.execute()).map(({ body }) => Decision.parse(JSON.parse(body))).reverse();
    },

    async ping() {
      const row = { name: "ping", next_at: now() };
      await db
        .insertInto("lines")
        .values(row)
        .onConflict((conflict) => conflict.column("name").doUpdateSet(row))
        .execute();
    },

    watch,
    close,
  };
}

/** Two decisions that say the same, whenever they were made. */
function isSame(one: Decision, other: Decision): boolean {
  return one.outcome === other.outcome && one.reason === other.reason && one.detail === other.detail;
}
