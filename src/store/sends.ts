import type { Kysely } from "kysely";
import type { Limits, Send } from "./limits.ts";
import { idsOfPerson } from "./merges.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** What is about to be sent: how much one person gets, and how often a step was put off. */
export function sends({
  db,
  now,
  lock,
}: {
  db: Kysely<Tables>;
  now: () => number;
  /** Lets no other transaction that asks for this name go on before this one has ended. */
  lock(trx: Kysely<Tables>, name: string): Promise<void>;
}): Pick<Limits, "reserveSend" | "postponeSend"> {
  return {
    reserveSend(send, { most, withinMs }) {
      const { transactionId, step, distinctId } = send;
      return inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, distinctId);
        await lock(trx, ids[0] ?? distinctId);
        const taken = await trx
          .selectFrom("sends")
          .select(["transaction_id", "step"])
          .where("distinct_id", "in", ids)
          .where("taken_at", ">", now() - withinMs)
          .execute();
        if (taken.some((row) => row.transaction_id === transactionId && row.step === step)) return true;
        if (taken.length >= most) return false;
        await trx
          .insertInto("sends")
          .values({ ...rowOf(send), taken_at: now(), put_off: 0 })
          .onConflict((conflict) => conflict.columns(["transaction_id", "step"]).doUpdateSet({ taken_at: now() }))
          .execute();
        return true;
      });
    },

    async postponeSend(send) {
      const { put_off } = await db
        .insertInto("sends")
        .values({ ...rowOf(send), taken_at: null, put_off: 1 })
        .onConflict((conflict) =>
          conflict
            .columns(["transaction_id", "step"])
            .doUpdateSet((row) => ({ put_off: row("sends.put_off", "+", 1) })),
        )
        .returning("put_off")
        .executeTakeFirstOrThrow();
      return put_off;
    },
  };

  function rowOf({ transactionId, step, distinctId }: Send) {
    return { transaction_id: transactionId, step, distinct_id: distinctId, asked_at: now() };
  }
}
