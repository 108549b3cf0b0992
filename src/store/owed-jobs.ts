import type { Kysely } from "kysely";
import { reportKey } from "../contracts/capture.ts";
import type { Chosen, Job } from "../contracts/job.ts";
import { jobRow } from "./event-rows.ts";
import { IS_WAITING, type Tables } from "./tables.ts";

export type Owed = Extract<Job, { kind: "preferences" | "unwanted" | "capture" }>;

/** Adds a job that a choice owes, or its topics to the one that waits; for a transaction that no other choice of the person is in. */
export async function owe(
  trx: Kysely<Tables>,
  job: Owed,
  { now, dueAt }: { now: number; dueAt: number },
): Promise<void> {
  if (job.kind === "capture") return void (await addJob(trx, reportKey(job.body), job, now));
  const { distinctId, at } = job.body;
  const keys = chosenKeys(job.kind, distinctId, at);
  const waiting = await takeWaiting(trx, keys, now);
  const topics = [...new Set([...(waiting?.topics ?? []), ...job.body.topics])];
  const whole = { kind: job.kind, body: { ...job.body, topics } };
  for (const key of waiting === null ? keys : [waiting.key])
    if (await addJob(trx, key, whole, waiting?.dueAt ?? dueAt)) return;
}

/**
 * One job of a kind waits for each person. A job that is in progress may have read what held before, and so
 * another one waits behind it; the last key is for when that one is in progress too.
 */
function chosenKeys(kind: "preferences" | "unwanted", distinctId: string, at: string): string[] {
  return [`${kind}:${distinctId}`, `${kind}:${distinctId}:next`, `${kind}:${distinctId}:${at}`];
}

/**
 * Takes away a job that nobody is doing now, for another to take its place. Its body is not changed in place:
 * a worker whose lease has run out may have done it, and would complete the new one by the same id.
 */
async function takeWaiting(
  trx: Kysely<Tables>,
  keys: string[],
  now: number,
): Promise<{ key: string; topics: string[]; dueAt: number } | null> {
  const taken = await trx
    .deleteFrom("jobs")
    .where("key", "in", keys)
    .where(IS_WAITING)
    .where("leased_until", "<=", now)
    .returning(["key", "body", "due_at"])
    .execute();
  const [first] = taken;
  if (first === undefined) return null;
  const topics = taken.flatMap(({ body }) => (JSON.parse(body) as { body: Chosen }).body.topics);
  return { key: first.key, topics, dueAt: Math.min(...taken.map(({ due_at }) => due_at)) };
}

async function addJob(trx: Kysely<Tables>, key: string, job: Job, dueAt: number): Promise<boolean> {
  const added = await trx
    .insertInto("jobs")
    .values(jobRow(key, job, dueAt))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
