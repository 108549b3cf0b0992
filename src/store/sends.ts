import type { Kysely, Selectable } from "kysely";
import { inRounds, insertRows, type Parts, prepared, together } from "./engine.ts";
import type { Limits } from "./limits.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { Tables } from "./tables.ts";

/** A message about to be sent. */
export interface Send {
  transactionId: string;
  step: string;
  distinctId: string;
}

interface Reservation extends Send {
  most: number;
  withinMs: number;
}

/** The most reservations in one transaction, because each of them waits for all. */
const MOST_TOGETHER = 64;

type SendRow = Selectable<Tables["sends"]>;

const reservedSends = prepared<
  { distinctIds: string[]; after: number },
  Pick<SendRow, "transaction_id" | "step" | "distinct_id" | "reserved_at">
>((on, value) =>
  on
    .selectFrom("sends")
    .select(["transaction_id", "step", "distinct_id", "reserved_at"])
    .where("distinct_id", "in", value("distinctIds"))
    .where("reserved_at", ">", value("after")),
);

/** The frequency cap, and the requests to Novu to call a step again. */
export function sends({ db, now, lock, share, fromRows, isAboutAnItem }: Parts) {
  const reserve = together<Reservation, boolean>(
    (all) =>
      share(async (trx) => {
        const ids = await idsOfPersons(
          trx,
          all.map(({ distinctId }) => distinctId),
        );
        const idsOf = ({ distinctId }: Send) => (ids.get(distinctId) ?? [distinctId]).sort();
        const personOf = (send: Send) => idsOf(send)[0] ?? send.distinctId;
        await lock(trx, all.map(personOf));
        return inRounds(all, personOf, (round) => reserveAll(trx, round, idsOf));
      }),
    { mostInBatch: MOST_TOGETHER, isAboutAnItem },
  );

  return {
    reserveSend: (send, cap) => reserve({ ...send, ...cap }),

    async countSends(distinctId, { withinMs }) {
      const { count } = await db
        .selectFrom("sends")
        .select((row) => row.fn.countAll<number>().as("count"))
        .where("distinct_id", "in", await idsOfPerson(db, distinctId))
        .where("reserved_at", ">", now() - withinMs)
        .executeTakeFirstOrThrow();
      return Number(count);
    },

    async postponeSend(send) {
      const { attempts } = await db
        .insertInto("sends")
        .values({ ...rowOf(send), attempts: 1 })
        .onConflict((conflict) =>
          conflict
            .columns(["transaction_id", "step"])
            .doUpdateSet((row) => ({ attempts: row("sends.attempts", "+", 1) })),
        )
        .returning("attempts")
        .executeTakeFirstOrThrow();
      return attempts;
    },
  } satisfies Partial<Limits>;

  /** Each of the reservations is for another person. */
  async function reserveAll(
    trx: Kysely<Tables>,
    all: Reservation[],
    idsOf: (send: Send) => string[],
  ): Promise<boolean[]> {
    const at = now();
    const longestMs = Math.max(...all.map(({ withinMs }) => withinMs));
    const { rows } = await reservedSends(trx, { distinctIds: all.flatMap(idsOf), after: at - longestMs });
    const added: SendRow[] = [];
    const results = all.map((one) => {
      const ids = idsOf(one);
      const counted = rows.filter(
        (row) => ids.includes(row.distinct_id) && Number(row.reserved_at) > at - one.withinMs,
      );
      if (counted.some((row) => row.transaction_id === one.transactionId && row.step === one.step)) return true;
      if (counted.length >= one.most) return false;
      added.push({ ...rowOf(one), reserved_at: at });
      return true;
    });
    await insertRows(trx, fromRows, "sends", added)
      ?.onConflict((conflict) =>
        conflict
          .columns(["transaction_id", "step"])
          .doUpdateSet((row) => ({ reserved_at: row.ref("excluded.reserved_at") })),
      )
      .execute();
    return results;
  }

  function rowOf({ transactionId, step, distinctId }: Send): SendRow {
    return {
      transaction_id: transactionId,
      step,
      distinct_id: distinctId,
      asked_at: now(),
      reserved_at: null,
      attempts: 0,
    };
  }
}
