import type { Insertable, Kysely } from "kysely";
import { type Queue, queueOf } from "../contracts/job.ts";
import { addressHash, type OptOutChange, type OptOuts } from "../contracts/opt-out.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import { insertOwedJob, type OwedJob } from "./owed-jobs.ts";
import type { People } from "./people.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";
import { together } from "./write-together.ts";

type Row = Insertable<Tables["opt_outs"]>;

/** Of one topic by one person. */
const MOST_CHANGES = 50;
const AGAIN_WITHIN_MS = MINUTE_MS;
const SENT_AFTER_MS = 5_000;

/** Opt-outs of people, and addresses that bounced. */
export function optOuts({
  db,
  now,
  lock,
  announce,
}: {
  db: Kysely<Tables>;
  now: () => number;
  /** Blocks other transactions that lock this name until this one has ended. */
  lock(trx: Kysely<Tables>, name: string): Promise<void>;
  announce(queue: Queue): void;
}): Pick<People, "changeOptOuts" | "findOptOuts" | "saveBounce" | "listBounces"> {
  return {
    async changeOptOuts(change) {
      const { changed, owed } = await inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, change.distinctId);
        await lock(trx, `opt-outs of ${ids[0] ?? change.distinctId}`);
        const changes = await changesOf(trx, ids);
        const { rows, repeats } = compare(change, changes);
        for (const { distinct_id, topic, at, is_out, last_at } of repeats)
          await trx
            .updateTable("opt_outs")
            .set({ last_at })
            .where("distinct_id", "=", distinct_id)
            .where("topic", "=", topic)
            .where("at", "=", at)
            .where("is_out", "=", is_out)
            .execute();
        if (rows.length === 0) return { changed: [], owed: [] };
        await trx.insertInto("opt_outs").values(rows).execute();
        await deleteOldest(trx, rows, changes);
        const owed = jobOf(change, rows, changes);
        for (const job of owed)
          await insertOwedJob(trx, job, { now: now(), dueAt: now() + pauseAfter(changes, now()) });
        return { changed: rows.map(({ topic }) => topic), owed };
      });
      for (const queue of new Set(owed.map(queueOf))) announce(queue);
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

    async saveBounce({ distinctId, address, at }) {
      const address_hash = address === null ? null : addressHash(address);
      await db
        .insertInto("bounces")
        .values({ distinct_id: distinctId, address_hash, at })
        .onConflict((conflict) =>
          conflict.column("distinct_id").doUpdateSet({ address_hash, at }).where("bounces.at", "<=", at),
        )
        .execute();
    },

    listBounces: together(async (asked: string[]) => {
      const ids = await idsOfPersons(db, asked);
      const all = [...new Set([...ids.values()].flat())];
      const rows = await db.selectFrom("bounces").selectAll().where("distinct_id", "in", all).execute();
      return asked.map((distinctId) =>
        rows
          .filter(({ distinct_id }) => ids.get(distinctId)?.includes(distinct_id))
          .map(({ address_hash, at }) => ({ addressHash: address_hash, at })),
      );
    }),
  };
}

/** Every change of these ids, the newest last; of two at one moment the opt-out is valid. */
async function changesOf(on: Kysely<Tables>, distinctIds: string[]): Promise<Tables["opt_outs"][]> {
  const rows = await on.selectFrom("opt_outs").selectAll().where("distinct_id", "in", distinctIds).execute();
  return rows.sort((a, b) => (a.last_at === b.last_at ? a.is_out - b.is_out : a.last_at < b.last_at ? -1 : 1));
}

function validAmong(changes: Tables["opt_outs"][]): Pick<OptOuts, "off" | "on"> {
  const last = [...new Map(changes.map((row) => [row.topic, row])).values()];
  const on = last.filter(({ is_out }) => is_out === 0).map(({ topic, last_at }) => [topic, last_at]);
  const off = last.filter(({ is_out }) => is_out === 1).map(({ topic }) => topic);
  return { off: off.sort(), on: Object.fromEntries(on) };
}

/**
 * The new rows, and the rows of which this change is a repeat, with its time. A change from elsewhere may arrive
 * late: one that is older than the newest of its topic is dropped.
 */
function compare(
  { off, on, cause, at, distinctId, report }: OptOutChange,
  changes: Tables["opt_outs"][],
): { rows: Row[]; repeats: Tables["opt_outs"][] } {
  const newest = new Map(changes.map((row) => [row.topic, row]));
  // A click is newer than every earlier change, even when the clock of another process was ahead.
  const last_at = cause === "link" ? justAfter(changes.at(-1)?.last_at, at) : at;
  const by = { cause, transaction_id: report?.transactionId ?? null, step: report?.step ?? null };
  const rows: Row[] = [];
  const repeats: Tables["opt_outs"][] = [];
  for (const [topic, is_out] of [...off.map((one) => [one, 1] as const), ...on.map((one) => [one, 0] as const)]) {
    const before = newest.get(topic);
    if (before !== undefined && [before.last_at, before.is_out].join(" ") > [last_at, is_out].join(" ")) continue;
    if (before?.is_out === is_out) repeats.push({ ...before, last_at });
    else rows.push({ distinct_id: distinctId, topic, at: last_at, last_at, is_out, ...by });
  }
  return { rows, repeats };
}

function justAfter(newest: string | undefined, at: string): string {
  return newest === undefined || at > newest ? at : new Date(Date.parse(newest) + 1).toISOString();
}

/** After a second change within a minute more may follow: those are sent together. */
function pauseAfter(changes: Tables["opt_outs"][], now: number): number {
  const last = changes.at(-1);
  return last !== undefined && now - Date.parse(last.last_at) < AGAIN_WITHIN_MS ? SENT_AFTER_MS : 0;
}

/** A link works for ever, so only the newest changes of each topic are stored. */
async function deleteOldest(trx: Kysely<Tables>, rows: Row[], changes: Tables["opt_outs"][]): Promise<void> {
  for (const { topic } of rows) {
    const ofTopic = changes.filter((row) => row.topic === topic);
    for (const { distinct_id, at, is_out } of ofTopic.slice(0, Math.max(0, ofTopic.length - MOST_CHANGES)))
      await trx
        .deleteFrom("opt_outs")
        .where("distinct_id", "=", distinct_id)
        .where("topic", "=", topic)
        .where("at", "=", at)
        .where("is_out", "=", is_out)
        .execute();
  }
}

/** The jobs that send the change to Novu and PostHog, and the report of `unsubscribed`, once for each message. */
function jobOf({ distinctId, report }: OptOutChange, rows: Row[], changes: Tables["opt_outs"][]): OwedJob[] {
  const body = { distinctId, topics: rows.map(({ topic }) => topic), at: rows[0]?.at ?? "" };
  const isOfThis = (row: Row) =>
    row.is_out === 1 && row.transaction_id === report?.transactionId && row.step === report?.step;
  const isFirst = report !== null && rows.some(isOfThis) && !changes.some(isOfThis);
  return [
    { kind: "preferences", body },
    { kind: "opt-outs", body },
    ...(isFirst ? [{ kind: "report", body: report } satisfies OwedJob] : []),
  ];
}
