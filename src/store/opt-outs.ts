import type { Kysely } from "kysely";
import { type ChangedTopics, type Job, type Queue, queueOf } from "../contracts/job.ts";
import type { OptOutChange, OptOuts } from "../contracts/opt-out.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { inTransaction, type Parts, prepared, type Row, together } from "./engine.ts";
import { insertJob } from "./job-queue.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { People } from "./people.ts";
import { IS_NO_START, IS_WAITING, type Tables } from "./tables.ts";

/** A job that sends a change of opt-outs. */
type OwedJob = Extract<Job, { kind: "preferences" | "opt-outs" | "report" }>;

/** The most stored changes of one topic by one person. */
const MOST_CHANGES = 50;
const AGAIN_WITHIN_MS = MINUTE_MS;
const SENT_AFTER_MS = 5_000;

const bouncesOf = prepared<{ distinctIds: string[] }, Tables["bounces"]>((on, value) =>
  on.selectFrom("bounces").selectAll().where("distinct_id", "in", value("distinctIds")),
);

/** Opt-outs of people, and addresses that bounced. */
export function optOuts({ db, now, lock, announce }: Parts) {
  return {
    async changeOptOuts(change) {
      const { changed, due } = await inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, change.distinctId);
        await lock(trx, [`opt-outs of ${ids[0] ?? change.distinctId}`]);
        const changes = await changesOf(trx, ids);
        const { rows, repeats } = compare(change, changes);
        for (const { distinct_id, topic, at, is_out, last_at } of repeats)
          await trx
            .updateTable("opt_outs")
            .set({ last_at })
            .where(({ and }) => and({ distinct_id, topic, at, is_out }))
            .execute();
        if (rows.length === 0) return { changed: [], due: [] };
        await trx.insertInto("opt_outs").values(rows).execute();
        await deleteOldest(trx, rows, changes);
        const due: Array<[queue: Queue, dueAt: number]> = [];
        for (const job of jobOf(change, rows, changes)) {
          const dueAt = await insertOwedJob(trx, job, { now: now(), dueAt: now() + pauseAfter(changes, now()) });
          due.push([queueOf(job), dueAt]);
        }
        return { changed: rows.map(({ topic }) => topic), due };
      });
      for (const one of due) announce(...one);
      return changed;
    },

    findOptOuts: together(async (asked: string[]) => {
      const ids = await idsOfPersons(db, asked);
      const changes = await changesOf(db, [...new Set([...ids.values()].flat())]);
      return asked.map((distinctId) => {
        const distinctIds = [...(ids.get(distinctId) ?? [])].sort();
        return { ...validAmong(changes.filter((row) => distinctIds.includes(row.distinct_id))), distinctIds };
      });
    }),

    async saveBounce({ distinctId, addressHash, at }) {
      await db
        .insertInto("bounces")
        .values({ distinct_id: distinctId, address_hash: addressHash ?? "", at })
        .onConflict((conflict) =>
          conflict.columns(["distinct_id", "address_hash"]).doUpdateSet({ at }).where("bounces.at", "<=", at),
        )
        .execute();
    },

    listBounces: together(async (asked: string[]) => {
      const ids = await idsOfPersons(db, asked);
      const all = [...new Set([...ids.values()].flat())];
      const { rows } = await bouncesOf(db, { distinctIds: all });
      return asked.map((distinctId) =>
        rows
          .filter(({ distinct_id }) => ids.get(distinctId)?.includes(distinct_id))
          .map(({ address_hash, at }) => ({ addressHash: address_hash || null, at })),
      );
    }),
  } satisfies Partial<People>;
}

const changesBy = prepared<{ distinctIds: string[] }, Tables["opt_outs"]>((on, value) =>
  on.selectFrom("opt_outs").selectAll().where("distinct_id", "in", value("distinctIds")),
);

/** Every change of these ids, the newest last. Of two changes at one moment, the opt-out is last and so valid. */
async function changesOf(on: Kysely<Tables>, distinctIds: string[]): Promise<Tables["opt_outs"][]> {
  const { rows } = await changesBy(on, { distinctIds });
  return rows.sort((a, b) => (a.last_at === b.last_at ? a.is_out - b.is_out : a.last_at < b.last_at ? -1 : 1));
}

function validAmong(changes: Tables["opt_outs"][]): Pick<OptOuts, "off" | "on"> {
  const last = [...new Map(changes.map((row) => [row.topic, row])).values()];
  const on = last.filter(({ is_out }) => is_out === 0).map(({ topic, last_at }) => [topic, last_at]);
  const off = last.filter(({ is_out }) => is_out === 1).map(({ topic }) => topic);
  return { off: off.sort(), on: Object.fromEntries(on) };
}

/**
 * The rows to insert, and the rows that this change repeats, with the new `last_at`. A change may arrive late: a change
 * that is older than the newest of its topic is dropped.
 */
function compare(
  { off, on, cause, at, distinctId, report }: OptOutChange,
  changes: Tables["opt_outs"][],
): { rows: Row<"opt_outs">[]; repeats: Tables["opt_outs"][] } {
  const newest = new Map(changes.map((row) => [row.topic, row]));
  // A click on a link gets a later time than every stored change, because another process's clock may have been ahead.
  const newestAt = changes.at(-1)?.last_at ?? "";
  const last_at = cause === "link" && at <= newestAt ? justAfter(newestAt) : at;
  const by = { cause, transaction_id: report?.transactionId ?? null, step: report?.step ?? null };
  const rows: Row<"opt_outs">[] = [];
  const repeats: Tables["opt_outs"][] = [];
  for (const [topic, is_out] of [...off.map((one) => [one, 1] as const), ...on.map((one) => [one, 0] as const)]) {
    const before = newest.get(topic);
    if (before !== undefined && [before.last_at, before.is_out].join(" ") > [last_at, is_out].join(" ")) continue;
    if (before?.is_out === is_out) repeats.push({ ...before, last_at });
    else rows.push({ distinct_id: distinctId, topic, at: last_at, last_at, is_out, ...by });
  }
  return { rows, repeats };
}

function justAfter(at: string): string {
  return new Date(Date.parse(at) + 1).toISOString();
}

/** A second change within a minute waits before it is sent, because more changes may follow and be sent with it. */
function pauseAfter(changes: Tables["opt_outs"][], now: number): number {
  const last = changes.at(-1);
  return last !== undefined && now - Date.parse(last.last_at) < AGAIN_WITHIN_MS ? SENT_AFTER_MS : 0;
}

/** Only the newest changes of each topic are stored, because a link never expires and can be clicked very often. */
async function deleteOldest(
  trx: Kysely<Tables>,
  rows: Row<"opt_outs">[],
  changes: Tables["opt_outs"][],
): Promise<void> {
  for (const { topic } of rows) {
    const ofTopic = changes.filter((row) => row.topic === topic);
    for (const { distinct_id, at, is_out } of ofTopic.slice(0, Math.max(0, ofTopic.length - MOST_CHANGES)))
      await trx
        .deleteFrom("opt_outs")
        .where(({ and }) => and({ distinct_id, topic, at, is_out }))
        .execute();
  }
}

/** The jobs that send the change to Novu and PostHog, and the report of `unsubscribed`, once for each message. */
function jobOf(
  { distinctId, report }: OptOutChange,
  rows: Row<"opt_outs">[],
  changes: Tables["opt_outs"][],
): OwedJob[] {
  const body = { distinctId, topics: rows.map(({ topic }) => topic), at: rows[0]?.at ?? "" };
  const isOfThis = (row: Row<"opt_outs">) =>
    row.is_out === 1 && row.transaction_id === report?.transactionId && row.step === report?.step;
  const isFirst = report !== null && rows.some(isOfThis) && !changes.some(isOfThis);
  return [
    { kind: "preferences", body },
    { kind: "opt-outs", body },
    ...(isFirst ? [{ kind: "report", body: report } satisfies OwedJob] : []),
  ];
}

/**
 * Inserts a job that sends a change of opt-outs. The new job replaces a waiting job of the same kind and person, and
 * has the topics of both. A job in progress is not replaced, because it may have read the state before the change. The
 * caller holds the lock on the opt-outs of the person. Resolves to when the job is due.
 */
async function insertOwedJob(
  trx: Kysely<Tables>,
  job: OwedJob,
  { now, dueAt }: { now: number; dueAt: number },
): Promise<number> {
  if (job.kind === "report") {
    await insertJob(trx, job, now);
    return now;
  }
  const waiting = await deleteWaiting(trx, job, now);
  const topics = [...new Set([...waiting.topics, ...job.body.topics])];
  // A job in progress may have the key of this moment. Then the next millisecond is tried.
  const due = waiting.dueAt ?? dueAt;
  for (let at = job.body.at; ; at = justAfter(at))
    if (await insertJob(trx, { kind: job.kind, body: { ...job.body, at, topics } }, due)) return due;
}

/**
 * Deletes the waiting jobs of this kind and person that no worker has leased. A changed body in the same row would be
 * unsafe: a worker that has done the job after the end of its lease would complete the changed job by the same id.
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
    .where(IS_NO_START)
    .where(IS_WAITING)
    .where("leased_until", "<=", now)
    .returning(["body", "due_at"])
    .execute();
  const topics = deleted.flatMap((row) => (JSON.parse(row.body) as { body: ChangedTopics }).body.topics);
  return { topics, dueAt: deleted.length === 0 ? null : Math.min(...deleted.map(({ due_at }) => due_at)) };
}
