import type { Kysely } from "kysely";
import { type Decision, isFinal } from "../contracts/decision.ts";
import { keyOf, queueOf } from "../contracts/job.ts";
import { type Report, reportOf } from "../contracts/report.ts";
import { decisionsOf } from "./decision-log.ts";
import { isSame, mayReplace, needsReceipt, nextJob, unlessExited, type Wanted } from "./decision-rules.ts";
import type { Decisions } from "./decisions.ts";
import { inRounds, insertRows, inTransaction, type Parts, prepared, type Row, together } from "./engine.ts";
import { endingExits } from "./exits.ts";
import { deleteByKey, insertJob, jobRow } from "./job-queue.ts";
import type { Tables } from "./tables.ts";
import { firstExposures, releaseExposures } from "./variants.ts";

/** The most decisions in one transaction, because each of them waits for all. */
const MOST_TOGETHER = 64;

const endRuns = prepared<{ transactionIds: string[]; at: number }, never>((on, value) =>
  on
    .updateTable("runs")
    .set({ ended_at: value("at") })
    .where("transaction_id", "in", value("transactionIds"))
    .where("ended_at", "is", null),
);
const releaseSend = prepared<{ transactionId: string; step: string }, never>((on, value) =>
  on
    .updateTable("sends")
    .set({ reserved_at: null })
    .where("transaction_id", "=", value("transactionId"))
    .where("step", "=", value("step"))
    .where("reserved_at", "is not", null),
);

/** The decision that is valid, and whether it is new. */
type Recorded = Awaited<ReturnType<Decisions["record"]>>;

/** Writes decisions, each with its next job. Those of the same moment share a transaction and its statements. */
export function decisionWrites({ db, now, lock, share, fromRows, isAboutAnItem, announce }: Parts) {
  const record = together<Wanted, Recorded>(
    (all) =>
      share(async (trx) => {
        const runs = all.map(({ decision }) => decision.transactionId);
        await lock(trx, runs);
        return inRounds(
          all,
          ({ decision }) => stepKey(decision),
          (round) => recordAll(trx, round),
        );
      }),
    { mostInBatch: MOST_TOGETHER, isAboutAnItem },
  );

  return {
    async record(decision, options) {
      const recorded = await record({ decision, ...options });
      if (recorded.isNew) {
        const [job, dueAt] = nextJob(recorded.decision, now());
        announce(queueOf(job), dueAt);
      }
      return recorded;
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

  /** Each of the decisions is of another step or another run. */
  async function recordAll(trx: Kysely<Tables>, all: Wanted[]): Promise<Recorded[]> {
    const runs = [...new Set(all.map(({ decision }) => decision.transactionId))];
    const stored = new Map((await decisionsOf(trx, runs)).map((before) => [stepKey(before), before]));
    const beforeOf = ({ decision }: Wanted) => stored.get(stepKey(decision));
    const replacing = new Set(all.filter((one) => mayReplace(beforeOf(one), one)));
    const exits = await exitsBefore(trx, [...replacing]);
    const recorded: Recorded[] = [];
    for (const one of all) {
      const before = beforeOf(one);
      const valid =
        before !== undefined && !replacing.has(one) ? before : unlessExited(one.decision, exits.get(one.decision));
      recorded.push(await replace(trx, { before, valid, isCorrection: one.insteadOf !== undefined }));
    }
    const isNew = (_: unknown, index: number) => recorded[index]?.isNew === true;
    await write(trx, recorded.filter(isNew));
    const ended = all.filter(isNew).flatMap(({ decision, endsRun }) => (endsRun ? [decision.transactionId] : []));
    if (ended.length > 0) await endRuns(trx, { transactionIds: ended.sort(), at: now() });
    return recorded;
  }

  /** Changes what depends on the earlier decision. The valid decision is not written yet. */
  async function replace(
    trx: Kysely<Tables>,
    { before, valid, isCorrection }: { before: Decision | undefined; valid: Decision; isCorrection: boolean },
  ): Promise<Recorded> {
    // The person was deleted meanwhile.
    if (isCorrection && before === undefined) return { decision: valid, isNew: false };
    // A message that is not sent does not count under the cap. A repeated call may have reserved it again.
    if (valid.outcome !== "sent") await releaseSend(trx, valid);
    if (before !== undefined && isSame(before, valid)) return { decision: before, isNew: false };

    if (before?.outcome === "sent") await deleteNextJob(trx, before, now());
    // A correction releases the exposures; a confirmation does not change them.
    if (before?.outcome === "sent" && valid.outcome !== "sent") await releaseExposures(trx, before);
    else if (valid.receipt === undefined && valid.exposures.length > 0)
      return { decision: { ...valid, exposures: await firstExposures(trx, valid, now()) }, isNew: true };
    return { decision: valid, isNew: true };
  }

  /** Writes new decisions with their next jobs, in the order in which they were recorded. */
  async function write(trx: Kysely<Tables>, recorded: Recorded[]): Promise<void> {
    const rows = recorded.map(({ decision }) => ({
      transaction_id: decision.transactionId,
      step: decision.step,
      distinct_id: decision.distinctId,
      body: JSON.stringify(decision),
    }));
    await insertRows(trx, fromRows, "decisions", rows)
      ?.onConflict((conflict) =>
        conflict.columns(["transaction_id", "step"]).doUpdateSet((row) => ({ body: row.ref("excluded.body") })),
      )
      .execute();
    const jobs: Row<"jobs">[] = [];
    for (const { decision } of recorded)
      if (isFinal(decision) && (await isFirstReport(trx, decision, now())))
        jobs.push(jobRow(...nextJob(decision, now())));
    await insertRows(trx, fromRows, "jobs", jobs)
      ?.onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function stepKey({ transactionId, step }: Pick<Decision, "transactionId" | "step">): string {
  return JSON.stringify([transactionId, step]);
}

/** The exit event of each decision to send: the last check, because Novu sends after the decision is written. */
async function exitsBefore(trx: Kysely<Tables>, replacing: Wanted[]): Promise<Map<Decision, string>> {
  const asked = replacing.map(({ decision }) => decision).filter(needsReceipt);
  if (asked.length === 0) return new Map();
  const exits = await endingExits(trx, asked);
  return new Map(
    asked.flatMap((decision, index) => {
      const exit = exits[index];
      return exit == null ? [] : [[decision, exit]];
    }),
  );
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
