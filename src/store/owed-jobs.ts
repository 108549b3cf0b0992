import type { Kysely } from "kysely";
import { reportKey } from "../contracts/capture.ts";
import type { Chosen, Work } from "../contracts/work.ts";
import { workRow } from "./acceptance.ts";
import { IS_WAITING, type Tables } from "./tables.ts";

export type Owed = Extract<Work, { kind: "preferences" | "unwanted" | "capture" }>;

/** Adds a job that a choice owes, or its topics to the one that waits; for a transaction that no other choice of the person is in. */
export async function owe(
  trx: Kysely<Tables>,
  work: Owed,
  { now, dueAt }: { now: number; dueAt: number },
): Promise<void> {
  if (work.kind === "capture") return void (await addJob(trx, reportKey(work.body), work, now));
  const { distinctId, at } = work.body;
  const keys = chosenKeys(work.kind, distinctId, at);
  if (await addToWaiting(trx, keys, work.body, now)) return;
  for (const key of keys) if (await addJob(trx, key, work, dueAt)) return;
}

/**
 * One job of a kind waits for each person. A job that is under way may have read what held before, and so
 * another one waits behind it; the last key is for when that one is under way too.
 */
function chosenKeys(kind: "preferences" | "unwanted", distinctId: string, at: string): string[] {
  return [`${kind}:${distinctId}`, `${kind}:${distinctId}:next`, `${kind}:${distinctId}:${at}`];
}

/** Whether a job that nobody is doing now sees to these topics too. */
async function addToWaiting(trx: Kysely<Tables>, keys: string[], chosen: Chosen, now: number): Promise<boolean> {
  const waiting = await trx
    .selectFrom("work")
    .select(["id", "body"])
    .where("key", "in", keys)
    .where(IS_WAITING)
    .where("leased_until", "<=", now)
    .execute();
  for (const { id, body } of waiting) {
    const { kind, body: before } = JSON.parse(body) as { kind: string; body: Chosen };
    const topics = [...new Set([...before.topics, ...chosen.topics])];
    const { numUpdatedRows } = await trx
      .updateTable("work")
      .set({ body: JSON.stringify({ kind, body: { ...chosen, topics } }) })
      .where("id", "=", id)
      // It may just have been claimed.
      .where("leased_until", "<=", now)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows > 0n) return true;
  }
  return false;
}

async function addJob(trx: Kysely<Tables>, key: string, work: Work, dueAt: number): Promise<boolean> {
  const added = await trx
    .insertInto("work")
    .values(workRow(key, work, dueAt))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
