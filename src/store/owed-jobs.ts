import type { Kysely } from "kysely";
import type { ChangedTopics, Job } from "../contracts/job.ts";
import { jobRow } from "./event-rows.ts";
import { IS_WAITING, type Tables } from "./tables.ts";

export type OwedJob = Extract<Job, { kind: "preferences" | "opt-outs" | "report" }>;

/**
 * Inserts a job that a change of opt-outs owes. Topics join the job of the same kind and person that waits; a job
 * in progress may have read the state before the change, so another one is inserted. No other change of this
 * person may be in a transaction at the same time.
 */
export async function insertOwedJob(
  trx: Kysely<Tables>,
  job: OwedJob,
  { now, dueAt }: { now: number; dueAt: number },
): Promise<void> {
  if (job.kind === "report") return void (await insertJob(trx, job, now));
  const waiting = await deleteWaiting(trx, job, now);
  const topics = [...new Set([...waiting.topics, ...job.body.topics])];
  // A job in progress of the same moment has the same key.
  for (let at = job.body.at; ; at = justAfter(at))
    if (await insertJob(trx, { kind: job.kind, body: { ...job.body, at, topics } }, waiting.dueAt ?? dueAt)) return;
}

/**
 * Deletes the jobs of this kind and person that no worker has, for a new one to replace them. Their body does not
 * change in place: a worker whose lease ended may have done the job, and would complete the new one by the same id.
 */
async function deleteWaiting(
  trx: Kysely<Tables>,
  { kind, body }: { kind: OwedJob["kind"]; body: ChangedTopics },
  now: number,
): Promise<{ topics: string[]; dueAt: number | null }> {
  const deleted = await trx
    .deleteFrom("jobs")
    .where("distinct_id", "=", body.distinctId)
    .where("kind", "=", kind)
    .where(IS_WAITING)
    .where("leased_until", "<=", now)
    .returning(["body", "due_at"])
    .execute();
  const topics = deleted.flatMap((row) => (JSON.parse(row.body) as { body: ChangedTopics }).body.topics);
  return { topics, dueAt: deleted.length === 0 ? null : Math.min(...deleted.map(({ due_at }) => due_at)) };
}

async function insertJob(trx: Kysely<Tables>, job: Job, dueAt: number): Promise<boolean> {
  const inserted = await trx
    .insertInto("jobs")
    .values(jobRow(job, dueAt))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (inserted.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

function justAfter(at: string): string {
  return new Date(Date.parse(at) + 1).toISOString();
}
