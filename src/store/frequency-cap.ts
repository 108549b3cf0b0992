import type { Kysely } from "kysely";
import type { Limits, Send } from "./limits.ts";
import { idsOfPerson } from "./merges.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** The messages that count under the frequency cap, and how often a step was postponed. */
export function frequencyCap({
  db,
  now,
  lock,
}: {
  db: Kysely<Tables>;
  now: () => number;
  /** Blocks other transactions that lock this name until this one has ended. */
  lock(trx: Kysely<Tables>, name: string): Promise<void>;
}): Pick<Limits, "reserveSend" | "postponeSend"> {
  return {
    reserveSend(send, { most, withinMs }) {
      const { transactionId, step, distinctId } = send;
      return inTransaction(db, async (trx) => {
        const ids = await idsOfPerson(trx, distinctId);
        await lock(trx, ids[0] ?? distinctId);
        const reserved = await trx
          .selectFrom("sends")
          .select(["transaction_id", "step"])
          .where("distinct_id", "in", ids)
          .where("reserved_at", ">", now() - withinMs)
          .execute();
        if (reserved.some((row) => row.transaction_id === transactionId && row.step === step)) return true;
        if (reserved.length >= most) return false;
        await trx
          .insertInto("sends")
          .values({ ...rowOf(send), reserved_at: now(), attempts: 0 })
          .onConflict((conflict) => conflict.columns(["transaction_id", "step"]).doUpdateSet({ reserved_at: now() }))
          .execute();
        return true;
      });
    },

    async postponeSend(send) {
      const { attempts } = await db
        .insertInto("sends")
        .values({ ...rowOf(send), reserved_at: null, attempts: 1 })
        .onConflict((conflict) =>
          conflict
            .columns(["transaction_id", "step"])
            .doUpdateSet((row) => ({ attempts: row("sends.attempts", "+", 1) })),
        )
        .returning("attempts")
        .executeTakeFirstOrThrow();
      return attempts;
    },
  };

  function rowOf({ transactionId, step, distinctId }: Send) {
    return { transaction_id: transactionId, step, distinct_id: distinctId, asked_at: now() };
  }
}
