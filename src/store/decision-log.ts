import { isDeepStrictEqual } from "node:util";
import type { Kysely } from "kysely";
import { Decision, isFinal } from "../contracts/decision.ts";
import { keyOf, type Queue } from "../contracts/job.ts";
import type { Decisions } from "./decisions.ts";
import { endsThis } from "./ends.ts";
import { jobRow } from "./event-rows.ts";
import type { Row } from "./insert-rows.ts";
import { idsOfPerson } from "./merges.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";
import { firstExposures, releaseExposures } from "./variants.ts";

/**
 * As long as Novu goes on asking for a step whose answer it did not get: four times 5 s, and 7 s
 * between. A message that was recorded as sent may turn out not to be until then.
 */
const ASKED_AFTER_MS = 30_000;

/** What was decided at each step, with the report that it owes. */
export function decisionLog({
  db,
  now,
  lock,
  announce,
}: {
  db: Kysely<Tables>;
  now: () => number;
  /** Lets no other transaction that asks for this name go on before this one has ended. */
  lock(trx: Kysely<Tables>, name: string): Promise<void>;
  announce(queue: Queue): void;
}): Pick<Decisions, "record" | "listDecidedSteps" | "list" | "listOfRuns"> {
  return {
    async record(wanted, { ifOpen = false, insteadOf, endsRun = false } = {}) {
      const { transactionId, step, distinctId } = wanted;
      const decided = await inTransaction(db, async (trx) => {
        await lock(trx, transactionId);
        const earlier = await trx
          .selectFrom("decisions")
          .select("body")
          .where("transaction_id", "=", transactionId)
          .where("step", "=", step)
          .executeTakeFirst();
        const before = earlier && Decision.parse(JSON.parse(earlier.body));
        // The person was forgotten meanwhile.
        if (insteadOf !== undefined && before === undefined) return { decision: wanted, isNew: false };
        const isOpen = insteadOf ? isDeepStrictEqual(before, insteadOf) : !holdsAgainst(before, wanted, ifOpen);
        let decision = isOpen || before === undefined ? await unlessLeft(trx, wanted) : before;
        // The place under the cap is free again, also when Novu has asked again and heard the same.
        if (decision.outcome !== "sent")
          await trx
            .updateTable("sends")
            .set({ reserved_at: null })
            .where("transaction_id", "=", transactionId)
            .where("step", "=", step)
            .where("reserved_at", "is not", null)
            .execute();
        if (before !== undefined && isSame(before, decision)) return { decision: before, isNew: false };

        if (endsRun)
          await trx
            .updateTable("runs")
            .set({ ended_at: now() })
            .where("transaction_id", "=", transactionId)
            .where("ended_at", "is", null)
            .execute();

        // A correction takes the exposures back, and a confirmation keeps them.
        if (before?.outcome === "sent" && decision.outcome !== "sent") await releaseExposures(trx, before);
        else if (decision.receipt === undefined)
          decision = { ...decision, exposures: await firstExposures(trx, decision, now()) };
        const body = JSON.stringify(decision);
        await trx
          .insertInto("decisions")
          .values({ transaction_id: transactionId, step, distinct_id: distinctId, body })
          .onConflict((conflict) => conflict.columns(["transaction_id", "step"]).doUpdateSet({ body }))
          .execute();
        if (before?.outcome === "sent") await dropOwed(trx, before, now());
        const owed = isFinal(decision) && (await isFirstWord(trx, decision, now())) ? owedBy(decision, now()) : null;
        if (owed !== null)
          await trx
            .insertInto("jobs")
            .values(owed)
            .onConflict((conflict) => conflict.doNothing())
            .execute();
        return { decision, isNew: true };
      });
      if (decided.isNew) announce(isAsked(decided.decision) ? "receipts" : "posthog");
      return decided;
    },

    listOfRuns: (transactionIds) => decisionsOf(db, transactionIds),

    async listDecidedSteps(transactionId, { failed = false } = {}) {
      const rows = await db
        .selectFrom("decisions")
        .select(["step", "body"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return rows.filter(({ body }) => failed || isFinal(Decision.parse(JSON.parse(body)))).map(({ step }) => step);
    },

    async list({ distinctId, limit = 1000 } = {}) {
      let query = db.selectFrom("decisions").select("body").orderBy("id", "desc").limit(limit);
      if (distinctId !== undefined) query = query.where("distinct_id", "in", await idsOfPerson(db, distinctId));
      return (await query.execute()).map(({ body }) => Decision.parse(JSON.parse(body))).reverse();
    },
  };
}

/** In no order. */
export async function decisionsOf(db: Kysely<Tables>, transactionIds: string[]): Promise<Decision[]> {
  if (transactionIds.length === 0) return [];
  const rows = await db.selectFrom("decisions").select("body").where("transaction_id", "in", transactionIds).execute();
  return rows.map(({ body }) => Decision.parse(JSON.parse(body)));
}

/** Whether Novu is asked first what became of it. */
function isAsked({ outcome, receipt }: Decision): boolean {
  return outcome === "sent" && receipt === undefined;
}

/** A sent message is reported to PostHog after its receipt, and everything else at once. */
function owedBy(decision: Decision, now: number): Row<"jobs"> {
  if (isAsked(decision)) return jobRow({ kind: "receipt", body: decision }, now + ASKED_AFTER_MS);
  return jobRow({ kind: "report", body: decision }, now);
}

/** Takes back the question and the report of a message that did not go out after all. A job that a worker has in hand ends by itself. */
async function dropOwed(trx: Kysely<Tables>, before: Decision, now: number): Promise<void> {
  await trx
    .deleteFrom("jobs")
    .where("key", "=", keyOf({ kind: "receipt", body: before }))
    .execute();
  await trx
    .deleteFrom("jobs")
    .where("key", "=", keyOf({ kind: "report", body: before }))
    .where("leased_until", "<=", now)
    .where("attempts", "=", 0)
    .execute();
}

/** Novu's webhook may have said before that a message failed, and PostHog was told. */
async function isFirstWord(
  trx: Kysely<Tables>,
  { transactionId, step, distinctId, outcome }: Decision,
  now: number,
): Promise<boolean> {
  if (outcome !== "failed") return true;
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("captures")
    .values({ transaction_id: transactionId, step, status: "failed", distinct_id: distinctId, captured_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows !== 0n;
}

/** A person who has left stays so, even when a bridge call that began before ends after. Novu's word on a message stays as well. */
function holdsAgainst(before: Decision | undefined, wanted: Decision, ifOpen: boolean): before is Decision {
  if (before === undefined) return false;
  if (before.receipt !== undefined || isOfAnotherJob(before, wanted)) return true;
  if (before.outcome === "failed") return false;
  return ifOpen || before.reason === "exited" || isSame(before, wanted);
}

/** Novu may run one event twice, when triggers come at the same time: the first job that sends owns the step. */
function isOfAnotherJob(before: Decision, wanted: Decision): boolean {
  if (before.outcome !== "sent") return false;
  return before.jobId !== undefined && wanted.jobId !== undefined && before.jobId !== wanted.jobId;
}

/** What is sent is on its way once this is written: so this is the last look at whether the person has left. */
async function unlessLeft(trx: Kysely<Tables>, decision: Decision): Promise<Decision> {
  // A receipt is about a message that is out already.
  if (decision.outcome !== "sent" || decision.receipt !== undefined) return decision;
  const ids = await idsOfPerson(trx, decision.distinctId);
  const run = await trx
    .selectFrom("runs")
    .select(["workflow", "occurred_at", "arrival"])
    .where("transaction_id", "=", decision.transactionId)
    .executeTakeFirst();
  if (run === undefined) return decision;
  const exit = await trx
    .selectFrom("exits")
    .select("event_name")
    .where("distinct_id", "in", ids)
    .where("workflow", "=", run.workflow)
    .where(endsThis({ occurredAt: run.occurred_at, arrival: run.arrival }))
    .limit(1)
    .executeTakeFirst();
  if (exit === undefined) return decision;
  return {
    ...decision,
    outcome: "skipped",
    reason: "exited",
    detail: exit.event_name,
    personSource: null,
    exposures: [],
  };
}

/** Two decisions that say the same, whenever they were made. */
function isSame(one: Decision, other: Decision): boolean {
  return (
    one.outcome === other.outcome &&
    one.reason === other.reason &&
    one.detail === other.detail &&
    one.receipt === other.receipt
  );
}
