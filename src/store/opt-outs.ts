import type { Insertable, Kysely } from "kysely";
import { type Queue, queueOf } from "../contracts/job.ts";
import type { OptOutChange, OptOuts } from "../contracts/opt-out.ts";
import { addressHash } from "../lib/address-hash.ts";
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
const TOLD_AFTER_MS = 5_000;

/** What people said that they do not want, and addresses that cannot be reached. */
export function optOuts({
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
}): Pick<People, "changeOptOuts" | "findOptOuts" | "saveBounce" | "listBounces"> {
  return {
    async changeOptOuts(choice) {
      const { changed, owed } = await inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, choice.distinctId);
        await lock(trx, `choices of ${ids[0] ?? choice.distinctId}`);
        const said = await saidBy(trx, ids);
        const { rows, again } = newsOf(choice, said);
        for (const { distinct_id, topic, at, is_out, last_at } of again)
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
        await forgetOldest(trx, rows, said);
        const owed = jobOf(choice, rows, said);
        for (const job of owed) await insertOwedJob(trx, job, { now: now(), dueAt: now() + pauseAfter(said, now()) });
        return { changed: rows.map(({ topic }) => topic), owed };
      });
      for (const queue of new Set(owed.map(queueOf))) announce(queue);
      return changed;
    },

    findOptOuts: together(async (asked: string[]) => {
      const ids = await idsOfPersons(db, asked);
      const said = await saidBy(db, [...new Set([...ids.values()].flat())]);
      return asked.map((distinctId) => {
        const distinctIds = [...(ids.get(distinctId) ?? [])].sort();
        return { ...inForce(said.filter((row) => distinctIds.includes(row.distinct_id))), distinctIds };
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

/** All that was ever said by these ids, the newest last; of two at one moment the no counts. */
async function saidBy(on: Kysely<Tables>, distinctIds: string[]): Promise<Tables["opt_outs"][]> {
  const rows = await on.selectFrom("opt_outs").selectAll().where("distinct_id", "in", distinctIds).execute();
  return rows.sort((a, b) => (a.last_at === b.last_at ? a.is_out - b.is_out : a.last_at < b.last_at ? -1 : 1));
}

function inForce(said: Tables["opt_outs"][]): Pick<OptOuts, "off" | "on"> {
  const last = [...new Map(said.map((row) => [row.topic, row])).values()];
  const on = last.filter(({ is_out }) => is_out === 0).map(({ topic, last_at }) => [topic, last_at]);
  const off = last.filter(({ is_out }) => is_out === 1).map(({ topic }) => topic);
  return { off: off.sort(), on: Object.fromEntries(on) };
}

/**
 * What changes something, as new rows, and what was said `again`, with the time to note: what comes late
 * from elsewhere may be older. What is older than what was said since counts for nothing.
 */
function newsOf(
  { off, on, cause, at, distinctId, capture }: OptOutChange,
  said: Tables["opt_outs"][],
): { rows: Row[]; again: Tables["opt_outs"][] } {
  const newest = new Map(said.map((row) => [row.topic, row]));
  // Whoever uses a link does so now, whatever another process takes the time for.
  const last_at = cause === "link" ? justAfter(said.at(-1)?.last_at, at) : at;
  const by = { cause, transaction_id: capture?.transactionId ?? null, step: capture?.step ?? null };
  const rows: Row[] = [];
  const again: Tables["opt_outs"][] = [];
  for (const [topic, is_out] of [...off.map((one) => [one, 1] as const), ...on.map((one) => [one, 0] as const)]) {
    const before = newest.get(topic);
    if (before !== undefined && [before.last_at, before.is_out].join(" ") > [last_at, is_out].join(" ")) continue;
    if (before?.is_out === is_out) again.push({ ...before, last_at });
    else rows.push({ distinct_id: distinctId, topic, at: last_at, last_at, is_out, ...by });
  }
  return { rows, again };
}

function justAfter(newest: string | undefined, at: string): string {
  return newest === undefined || at > newest ? at : new Date(Date.parse(newest) + 1).toISOString();
}

/** A person who changes their mind again within a minute may do so once more: those changes are told together. */
function pauseAfter(said: Tables["opt_outs"][], now: number): number {
  const last = said.at(-1);
  return last !== undefined && now - Date.parse(last.last_at) < AGAIN_WITHIN_MS ? TOLD_AFTER_MS : 0;
}

/** A link may be used for ever, so only the newest changes of each topic are kept. */
async function forgetOldest(trx: Kysely<Tables>, rows: Row[], said: Tables["opt_outs"][]): Promise<void> {
  for (const { topic } of rows) {
    const ofTopic = said.filter((row) => row.topic === topic);
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

/** Novu and PostHog are told what holds by then; of one message PostHog hears once that somebody unsubscribed by it. */
function jobOf({ distinctId, capture }: OptOutChange, rows: Row[], said: Tables["opt_outs"][]): OwedJob[] {
  const body = { distinctId, topics: rows.map(({ topic }) => topic), at: rows[0]?.at ?? "" };
  const isOfThis = (row: Row) =>
    row.is_out === 1 && row.transaction_id === capture?.transactionId && row.step === capture?.step;
  const isFirst = capture !== null && rows.some(isOfThis) && !said.some(isOfThis);
  return [
    { kind: "preferences", body },
    { kind: "unwanted", body },
    ...(isFirst ? [{ kind: "capture", body: capture } satisfies OwedJob] : []),
  ];
}
