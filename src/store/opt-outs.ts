import type { Insertable, Kysely } from "kysely";
import { reportKey } from "../contracts/capture.ts";
import type { Choice, Choices } from "../contracts/opt-out.ts";
import { type Chosen, type Lane, laneOf, type Work } from "../contracts/work.ts";
import { addressHash } from "../lib/address-hash.ts";
import { workRow } from "./acceptance.ts";
import { idsOfPerson, idsOfPersons } from "./people.ts";
import type { Store } from "./store.ts";
import { IS_WAITING, type Tables } from "./tables.ts";
import { together } from "./together.ts";
import { inTransaction } from "./transaction.ts";

type Row = Insertable<Tables["opt_outs"]>;

/** Of one topic by one person. */
const MOST_CHANGES = 50;

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
  announce(lane: Lane): void;
}): Pick<Store, "choose" | "choicesOf" | "noteBounce" | "bouncesOf"> {
  return {
    async choose(choice) {
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
        const owed = workOf(choice, rows, said);
        for (const work of owed) await owe(trx, work, now());
        return { changed: rows.map(({ topic }) => topic), owed };
      });
      for (const lane of new Set(owed.map(laneOf))) announce(lane);
      return changed;
    },

    choicesOf: together(async (asked: string[]) => {
      const ids = await idsOfPersons(db, asked);
      const said = await saidBy(db, [...new Set([...ids.values()].flat())]);
      return asked.map((distinctId) => {
        const distinctIds = [...(ids.get(distinctId) ?? [])].sort();
        return { ...inForce(said.filter((row) => distinctIds.includes(row.distinct_id))), distinctIds };
      });
    }),

    async noteBounce({ distinctId, address, at }) {
      const address_hash = address === null ? null : addressHash(address);
      await db
        .insertInto("bounces")
        .values({ distinct_id: distinctId, address_hash, at })
        .onConflict((conflict) =>
          conflict.column("distinct_id").doUpdateSet({ address_hash, at }).where("bounces.at", "<=", at),
        )
        .execute();
    },

    bouncesOf: together(async (asked: string[]) => {
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

function inForce(said: Tables["opt_outs"][]): Pick<Choices, "off" | "on"> {
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
  { off, on, cause, at, distinctId, capture }: Choice,
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

/** A link may be used for ever: only so much is kept of a mind that changes again and again. */
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
function workOf({ distinctId, capture }: Choice, rows: Row[], said: Tables["opt_outs"][]): Work[] {
  const body = { distinctId, topics: rows.map(({ topic }) => topic), at: rows[0]?.at ?? "" };
  const isOfThis = (row: Row) =>
    row.is_out === 1 && row.transaction_id === capture?.transactionId && row.step === capture?.step;
  const isFirst = capture !== null && rows.some(isOfThis) && !said.some(isOfThis);
  return [
    { kind: "preferences", body },
    { kind: "unwanted", body },
    ...(isFirst ? [{ kind: "capture", body: capture } satisfies Work] : []),
  ];
}

async function owe(trx: Kysely<Tables>, work: Work, now: number): Promise<void> {
  if (work.kind === "capture") return void (await addJob(trx, reportKey(work.body), work, now));
  if (work.kind !== "preferences" && work.kind !== "unwanted") return;
  const { distinctId, at } = work.body;
  const keys = chosenKeys(work.kind, distinctId, at);
  if (await addToWaiting(trx, keys, work.body, now)) return;
  for (const key of keys) if (await addJob(trx, key, work, now)) return;
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

async function addJob(trx: Kysely<Tables>, key: string, work: Work, now: number): Promise<boolean> {
  const added = await trx
    .insertInto("work")
    .values(workRow(key, work, now))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (added.numInsertedOrUpdatedRows ?? 0n) > 0n;
}
