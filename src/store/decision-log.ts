import type { Kysely } from "kysely";
import { Decision, isFinal } from "../contracts/decision.ts";
import type { Decisions } from "./decisions.ts";
import { type Parts, prepared } from "./engine.ts";
import { idsOfPerson } from "./merges.ts";
import type { Tables } from "./tables.ts";

const findBodies = prepared<{ transactionIds: string[] }, { body: string }>((on, value) =>
  on.selectFrom("decisions").select("body").where("transaction_id", "in", value("transactionIds")),
);

/** Lists of decisions. */
export function decisionLog({ db }: Parts) {
  return {
    listOfRuns: (transactionIds) => decisionsOf(db, transactionIds),

    async listDecidedSteps(transactionId, { failed = false } = {}) {
      const rows = await db
        .selectFrom("decisions")
        .select(["step", "body"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return rows.filter((row) => failed || isFinal(decisionIn(row))).map(({ step }) => step);
    },

    async list({ distinctId, limit = 1000 } = {}) {
      let query = db.selectFrom("decisions").select("body").orderBy("id", "desc").limit(limit);
      if (distinctId !== undefined) query = query.where("distinct_id", "in", await idsOfPerson(db, distinctId));
      return (await query.execute()).map(decisionIn).reverse();
    },
  } satisfies Partial<Decisions>;
}

/** All decisions of these runs, in no order. */
export async function decisionsOf(db: Kysely<Tables>, transactionIds: string[]): Promise<Decision[]> {
  if (transactionIds.length === 0) return [];
  const { rows } = await findBodies(db, { transactionIds });
  return rows.map(decisionIn);
}

function decisionIn({ body }: { body: string }): Decision {
  return Decision.parse(JSON.parse(body));
}
