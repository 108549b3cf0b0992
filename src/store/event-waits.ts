import { type NextPart, WaitResult, waitIn, waitName } from "../contracts/event-wait.ts";
import { ALL_RUNS, keysOfAnyone } from "../contracts/exit-match.ts";
import { keyOf, NEXT_PART_KEY } from "../contracts/job.ts";
import { inTransaction, type Parts } from "./engine.ts";
import { arrivalOf, exits, isBefore, isEndedBy, runsWithKeys } from "./exits.ts";
import { deleteByKey, insertJob } from "./job-queue.ts";
import { idsOfPerson } from "./merges.ts";
import type { Runs } from "./runs.ts";
import { IS_NO_START } from "./tables.ts";

/**
 * The waits of runs for events. A wait and its event may be written in any order, and at the same time. So a wait looks
 * for its event after its job is written, and the job of an event looks for waits after the event is written.
 */
export function eventWaits(parts: Parts) {
  const { db, now, lock, announce } = parts;
  const { findExitSince } = exits(parts);
  return {
    async beginWait(next) {
      const { transactionId } = next.run;
      const isOver = await inTransaction(db, async (trx) => {
        // `saveWait` has the same lock, and a job is deleted only after it. So no ended wait gets a second job.
        await lock(trx, [transactionId]);
        const saved = await trx
          .selectFrom("custom_values")
          .select("step")
          .where("transaction_id", "=", transactionId)
          .where("step", "=", next.wait)
          .executeTakeFirst();
        if (saved === undefined) await insertJob(trx, jobOf(next), Date.parse(next.endsAt));
        return saved !== undefined;
      });
      if (!isOver) await dueIfCome(next);
      return !isOver;
    },

    async waitAgain(next) {
      await inTransaction(db, async (trx) => {
        // The new row has a new id, so that the worker that runs the old job does not complete the new one.
        await deleteByKey(trx, { key: keyOf(jobOf(next)) });
        await insertJob(trx, jobOf(next), Date.parse(next.endsAt));
      });
      await dueIfCome(next);
    },

    async endWaits(awaited) {
      const { workflow, wait } = waitIn(awaited.workflow);
      const { occurredAt, matches = [ALL_RUNS] } = awaited;
      const event = { occurredAt, matches, arrival: await arrivalOf(db, awaited) };
      const waiting = () =>
        db
          .selectFrom("runs")
          .select("transaction_id")
          .where("workflow", "=", workflow)
          .where("state", "=", "in progress");
      const own = await waiting()
        .where("distinct_id", "in", await idsOfPerson(db, awaited.distinctId))
        .where(isEndedBy(event))
        .execute();
      const keys = keysOfAnyone({ matches });
      const others =
        keys.length === 0
          ? []
          : await waiting().where("transaction_id", "in", runsWithKeys(db, keys)).where(isBefore(event)).execute();
      const ids = [...new Set([...own, ...others].map((run) => run.transaction_id))];
      await makeDue(ids.map((id) => `${NEXT_PART_KEY}${id}:${wait}`));
    },

    saveWait: ({ transactionId, distinctId, wait }, result) =>
      inTransaction(db, async (trx) => {
        await lock(trx, [transactionId]);
        await trx
          .insertInto("custom_values")
          .values({
            transaction_id: transactionId,
            step: wait,
            distinct_id: distinctId,
            value: JSON.stringify(result),
            saved_at: now(),
          })
          .onConflict((conflict) => conflict.doNothing())
          .execute();
        const { value } = await trx
          .selectFrom("custom_values")
          .select("value")
          .where("transaction_id", "=", transactionId)
          .where("step", "=", wait)
          .executeTakeFirstOrThrow();
        return WaitResult.parse(JSON.parse(value));
      }),

    async beginPart({ transactionId, part, shape }) {
      const { numUpdatedRows } = await db
        .updateTable("runs")
        .set({ part, shape })
        .where("transaction_id", "=", transactionId)
        .where("state", "=", "in progress")
        .where("ended_at", "is", null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    async findNextPart({ transactionId, distinctId }) {
      const job = await db
        .selectFrom("jobs")
        .select("due_at")
        .where("distinct_id", "=", distinctId)
        .where("transaction_id", "=", transactionId)
        .where("kind", "=", "next part")
        // The condition of the index.
        .where(IS_NO_START)
        .executeTakeFirst();
      return job?.due_at ?? null;
    },
  } satisfies Partial<Runs>;

  /** Makes the next part due now if the event of its wait has come. */
  async function dueIfCome(next: NextPart): Promise<void> {
    const { run, workflow, wait } = next;
    const { transactionId, distinctId, occurredAt: since } = run;
    const event = await findExitSince({ workflow: waitName(workflow, wait), distinctId, transactionId, since });
    announce("novu", Date.parse(next.endsAt));
    if (event !== null) await makeDue([keyOf(jobOf(next))]);
  }

  async function makeDue(keys: string[]): Promise<void> {
    if (keys.length === 0) return;
    await db
      .updateTable("jobs")
      .set({ due_at: now() })
      .where("key", "in", keys)
      .where("state", "=", "waiting")
      .where("due_at", ">", now())
      .execute();
    announce("novu", now());
  }
}

function jobOf(next: NextPart) {
  return { kind: "next part", body: next } as const;
}
