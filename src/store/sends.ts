import type { Kysely } from "kysely";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** What is about to be sent: how much one person gets, and how often a step was put off. */
export function sends({
  db,
  now,
  lockPerson,
}: {
  db: Kysely<Tables>;
  now: () => number;
  /** Lets no other transaction that asks for this person go on before this one has ended. */
  lockPerson(trx: Kysely<Tables>, distinctId: string): Promise<void>;
}): Pick<Store, "takePlace" | "putOff"> {
  return {
    takePlace({ transactionId, step, distinctId }, { most, withinMs }) {
      return inTransaction(db, async (trx) => {
        await lockPerson(trx, distinctId);
        const taken = await trx
          .selectFrom("sends")
          .select(["transaction_id", "step"])
          .where("distinct_id", "=", distinctId)
          .where("taken_at", ">", now() - withinMs)
          .execute();
        if (taken.some((row) => row.transaction_id === transactionId && row.step === step)) return true;
        if (taken.length >= most) return false;
        await trx
          .insertInto("sends")
          .values({ transaction_id: transactionId, step, distinct_id: distinctId, taken_at: now(), put_off: 0 })
          .onConflict((conflict) => conflict.columns(["transaction_id", "step"]).doUpdateSet({ taken_at: now() }))
          .execute();
        return true;
      });
    },

    async putOff({ transactionId, step, distinctId }) {
      const { put_off } = await db
        .insertInto("sends")
        .values({ transaction_id: transactionId, step, distinct_id: distinctId, taken_at: null, put_off: 1 })
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
}
