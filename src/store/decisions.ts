import type { Kysely } from "kysely";
import { Decision } from "../contracts/decision.ts";
import type { Lane } from "../contracts/work.ts";
import { workRow } from "./accept.ts";
import { idsOfPerson } from "./people.ts";
import type { Store } from "./store.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";

/** What was decided at each step, with the report that it owes. */
export function decisionLog({
  db,
  now,
  announce,
}: {
  db: Kysely<Tables>;
  now: () => number;
  announce(lane: Lane): void;
}): Pick<Store, "decide" | "decidedSteps" | "listDecisions"> {
  return {
    async decide(decision, { ifOpen = false, endsRun = false } = {}) {
      const { transactionId, step, distinctId, outcome } = decision;
      await inTransaction(db, async (trx) => {
        const earlier = await trx
          .selectFrom("decisions")
          .select("body")
          .where("transaction_id", "=", transactionId)
          .where("step", "=", step)
          .executeTakeFirst();
        const before = earlier && Decision.parse(JSON.parse(earlier.body));
        if (before !== undefined && ((ifOpen && before.outcome !== "failed") || isSame(before, decision))) return;

        if (endsRun)
          await trx
            .updateTable("runs")
            .set({ ended_at: now() })
            .where("transaction_id", "=", transactionId)
            .where("ended_at", "is", null)
            .execute();

        // The place under the cap is free again.
        if (outcome !== "sent")
          await trx
            .updateTable("sends")
            .set({ taken_at: null })
            .where("transaction_id", "=", transactionId)
            .where("step", "=", step)
            .where("taken_at", "is not", null)
            .execute();

        const body = JSON.stringify(decision);
        await trx
          .insertInto("decisions")
          .values({ transaction_id: transactionId, step, distinct_id: distinctId, body })
          .onConflict((conflict) => conflict.columns(["transaction_id", "step"]).doUpdateSet({ body }))
          .execute();
        if (outcome === "failed") return;
        const key = `report:${transactionId}:${step}:${outcome}`;
        const report = workRow(key, { kind: "report", body: decision }, now());
        await trx
          .insertInto("work")
          .values(report)
          .onConflict((conflict) => conflict.doNothing())
          .execute();
      });
      announce("posthog");
    },

    async decidedSteps(transactionId, { failed = false } = {}) {
      const rows = await db
        .selectFrom("decisions")
        .select(["step", "body"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return rows
        .filter(({ body }) => failed || Decision.parse(JSON.parse(body)).outcome !== "failed")
        .map(({ step }) => step);
    },

    async listDecisions({ distinctId, limit = 1000 } = {}) {
      let query = db.selectFrom("decisions").select("body").orderBy("id", "desc").limit(limit);
      if (distinctId !== undefined) query = query.where("distinct_id", "in", await idsOfPerson(db, distinctId));
      return (await query.execute()).map(({ body }) => Decision.parse(JSON.parse(body))).reverse();
    },
  };
}

/** Two decisions that say the same, whenever they were made. */
function isSame(one: Decision, other: Decision): boolean {
  return one.outcome === other.outcome && one.reason === other.reason && one.detail === other.detail;
}
