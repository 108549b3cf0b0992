import { isDeepStrictEqual } from "node:util";
import type { Kysely } from "kysely";
import { Decision, isFinal } from "../contracts/decision.ts";
import { type Job, keyOf, queueOf } from "../contracts/job.ts";
import { type Report, reportOf } from "../contracts/report.ts";
import type { Decisions } from "./decisions.ts";
import { inTransaction, type Parts, prepared } from "./engine.ts";
import { endingExits } from "./exits.ts";
import { deleteByKey, insertJob } from "./job-queue.ts";
import { idsOfPerson } from "./merges.ts";
import type { Tables } from "./tables.ts";
import { firstExposures, releaseExposures } from "./variants.ts";

/**
 * Novu calls a step four times when it gets no answer. The calls take up to 5 s each, with pauses of 1, 2 and 4 s: 27 s
 * in all. Until then a message that was recorded as sent may still fail.
 */
const RECEIPT_AFTER_MS = 30_000;

const findBody = prepared<{ transactionId: string; step: string }, { body: string }>((on, value) =>
  on
    .selectFrom("decisions")
    .select("body")
    .where("transaction_id", "=", value("transactionId"))
    .where("step", "=", value("step")),
);

const findBodies = prepared<{ transactionIds: string[] }, { body: string }>((on, value) =>
  on.selectFrom("decisions").select("body").where("transaction_id", "in", value("transactionIds")),
);
const writeBody = prepared<{ transactionId: string; step: string; distinctId: string; body: string }, never>(
  (on, value) =>
    on
      .insertInto("decisions")
      .values({
        transaction_id: value("transactionId"),
        step: value("step"),
        distinct_id: value("distinctId"),
        body: value("body"),
      })
      .onConflict((conflict) =>
        conflict.columns(["transaction_id", "step"]).doUpdateSet((row) => ({ body: row.ref("excluded.body") })),
      ),
);
const endRun = prepared<{ transactionId: string; at: number }, never>((on, value) =>
  on
    .updateTable("runs")
    .set({ ended_at: value("at") })
    .where("transaction_id", "=", value("transactionId"))
    .where("ended_at", "is", null),
);

/** Decisions, each with its next job: the receipt of a sent message, or the report. */
export function decisionLog({ db, now, lock, share, announce }: Parts) {
  return {
    async record(wanted, { ifOpen = false, insteadOf, endsRun = false } = {}) {
      const { transactionId, step, distinctId } = wanted;
      const decided = await share(async (trx) => {
        await lock(trx, transactionId);
        const [earlier] = (await findBody(trx, { transactionId, step })).rows;
        const before = earlier && decisionIn(earlier);
        // The person was deleted meanwhile.
        if (insteadOf !== undefined && before === undefined) return { decision: wanted, isNew: false };
        const mayReplace = insteadOf ? isDeepStrictEqual(before, insteadOf) : !staysValid(before, wanted, ifOpen);
        let decision = mayReplace || before === undefined ? await unlessExited(trx, wanted) : before;
        // A message that is not sent does not count under the cap. A repeated call may have reserved it again.
        if (decision.outcome !== "sent")
          await trx
            .updateTable("sends")
            .set({ reserved_at: null })
            .where("transaction_id", "=", transactionId)
            .where("step", "=", step)
            .where("reserved_at", "is not", null)
            .execute();
        if (before !== undefined && isSame(before, decision)) return { decision: before, isNew: false };

        if (endsRun) await endRun(trx, { transactionId, at: now() });

        // A correction releases the exposures; a confirmation does not change them.
        if (before?.outcome === "sent" && decision.outcome !== "sent") await releaseExposures(trx, before);
        else if (decision.receipt === undefined && decision.exposures.length > 0)
          decision = { ...decision, exposures: await firstExposures(trx, decision, now()) };
        const body = JSON.stringify(decision);
        await writeBody(trx, { transactionId, step, distinctId, body });
        if (before?.outcome === "sent") await deleteNextJob(trx, before, now());
        if (isFinal(decision) && (await isFirstReport(trx, decision, now()))) {
          await insertJob(trx, ...nextJob(decision, now()));
        }
        return { decision, isNew: true };
      });
      if (decided.isNew) {
        const [job, dueAt] = nextJob(decided.decision, now());
        announce(queueOf(job), dueAt);
      }
      return decided;
    },

    listOfRuns: (transactionIds) => decisionsOf(db, transactionIds),

    async listDecidedSteps(transactionId, { failed = false } = {}) {
      const rows = await db
        .selectFrom("decisions")
        .select(["step", "body"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return rows.filter((row) => failed || isFinal(decisionIn(row))).map(({ step }) => step);
    },

    async list({ distinctId, limit = 1000 } = {}) {
      let query = db.selectFrom("decisions").select("body").orderBy("id", "desc").limit(limit);
      if (distinctId !== undefined) query = query.where("distinct_id", "in", await idsOfPerson(db, distinctId));
      return (await query.execute()).map(decisionIn).reverse();
    },

    async insertReport(report) {
      const isFirst = await inTransaction(db, async (trx) => {
        if (!(await isNewStatus(trx, report, now()))) return false;
        await insertJob(trx, { kind: "report", body: report }, now());
        return true;
      });
      if (isFirst) announce("posthog", now());
      return isFirst;
    },
  } satisfies Partial<Decisions>;
}

/** All decisions of these runs, in no order. */
export async function decisionsOf(db: Kysely<Tables>, transactionIds: string[]): Promise<Decision[]> {
  if (transactionIds.length === 0) return [];
  const { rows } = await findBodies(db, { transactionIds });
  return rows.map(decisionIn);
}

function decisionIn({ body }: { body: string }): Decision {
  return Decision.parse(JSON.parse(body));
}

function needsReceipt({ outcome, receipt }: Decision): boolean {
  return outcome === "sent" && receipt === undefined;
}

/** A sent message is reported to PostHog after its receipt, every other decision at once. */
function nextJob(decision: Decision, now: number): [job: Job, dueAt: number] {
  if (needsReceipt(decision)) return [{ kind: "receipt", body: decision }, now + RECEIPT_AFTER_MS];
  return [{ kind: "report", body: reportOf(decision) }, now];
}

/** Deletes the jobs of the earlier decision. A report that a worker has leased or tried stays: PostHog may have it. */
async function deleteNextJob(trx: Kysely<Tables>, before: Decision, now: number): Promise<void> {
  await deleteByKey(trx, { key: keyOf({ kind: "receipt", body: before }) });
  await trx
    .deleteFrom("jobs")
    .where("key", "=", keyOf({ kind: "report", body: reportOf(before) }))
    .where("leased_until", "<=", now)
    .where("attempts", "=", 0)
    .execute();
}

/** False for a failure that a webhook of Novu has reported before. */
async function isFirstReport(trx: Kysely<Tables>, decision: Decision, now: number): Promise<boolean> {
  return decision.outcome !== "failed" || isNewStatus(trx, { ...decision, status: "failed" }, now);
}

/**
 * Writes a status; answers whether the status is new. A report's job cannot show that, because it is deleted when it is
 * done.
 */
async function isNewStatus(
  trx: Kysely<Tables>,
  { transactionId, step, status, distinctId }: Pick<Report, "transactionId" | "step" | "status" | "distinctId">,
  now: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows = 0n } = await trx
    .insertInto("reports")
    .values({
      transaction_id: transactionId,
      step: step ?? "",
      status,
      distinct_id: distinctId,
      reported_at: now,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows > 0n;
}

/**
 * Whether the earlier decision stays valid. A decision with the reason `exited` stays, because a bridge call that began
 * before the exit may end after it. A decision with a receipt stays too.
 */
function staysValid(before: Decision | undefined, wanted: Decision, ifOpen: boolean): before is Decision {
  if (before === undefined) return false;
  if (before.receipt !== undefined || isOfAnotherJob(before, wanted)) return true;
  if (before.outcome === "failed") return false;
  return ifOpen || before.reason === "exited" || isSame(before, wanted);
}

/** Novu may run one event twice, after two triggers at the same time. The decision of the first job that sent stays. */
function isOfAnotherJob(before: Decision, wanted: Decision): boolean {
  if (before.outcome !== "sent") return false;
  return before.jobId !== undefined && wanted.jobId !== undefined && before.jobId !== wanted.jobId;
}

/** The last check for an exit, because Novu sends the message after the decision is written. */
async function unlessExited(trx: Kysely<Tables>, decision: Decision): Promise<Decision> {
  // A decision with a receipt is about a message that was sent before.
  if (decision.outcome !== "sent" || decision.receipt !== undefined) return decision;
  const [exit = null] = await endingExits(trx, [decision]);
  if (exit === null) return decision;
  return {
    ...decision,
    outcome: "skipped",
    reason: "exited",
    detail: exit,
    personSource: null,
    exposures: [],
  };
}

function isSame(one: Decision, other: Decision): boolean {
  return (
    one.outcome === other.outcome &&
    one.reason === other.reason &&
    one.detail === other.detail &&
    one.receipt === other.receipt
  );
}
