import type { Kysely } from "kysely";
import type { Decision } from "../contracts/decision.ts";
import type { RunVariant } from "../contracts/experiment.ts";
import type { Decisions } from "./decisions.ts";
import type { Tables } from "./tables.ts";

type Row = Tables["variants"];

/** What was drawn for each run: what one process has written first is what all read. */
export function variantMemory({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Pick<Decisions, "findVariants" | "saveVariants"> {
  return {
    async findVariants(transactionId) {
      const rows = await db
        .selectFrom("variants")
        .select(["flag", "variant", "source"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return byFlag(rows);
    },

    async saveVariants({ transactionId, distinctId }, drawn) {
      const place = { transaction_id: transactionId, distinct_id: distinctId, drawn_at: now(), exposed_by: null };
      const rows = Object.entries(drawn).map(([flag, { variant, source }]) => ({ ...place, flag, variant, source }));
      if (rows.length === 0) return {};
      const kept = await db
        .insertInto("variants")
        .values(inOrder(rows))
        // Changes nothing, and answers the row that was there.
        .onConflict((conflict) =>
          conflict.columns(["transaction_id", "flag"]).doUpdateSet((row) => ({ flag: row.ref("variants.flag") })),
        )
        .returning(["flag", "variant", "source"])
        .execute();
      return byFlag(kept);
    },
  };
}

/** Those of a decision's exposures that no other step of its run has told of; they are this step's from then on. */
export async function firstExposures(
  trx: Kysely<Tables>,
  { transactionId, step, distinctId, variants, exposures }: Decision,
  now: number,
): Promise<string[]> {
  if (exposures.length === 0) return [];
  const place = { transaction_id: transactionId, distinct_id: distinctId, drawn_at: now, exposed_by: step };
  const rows = exposures.map((flag) => ({
    ...place,
    flag,
    variant: String(variants[flag]),
    source: "posthog" as const,
  }));
  const kept = await trx
    .insertInto("variants")
    .values(inOrder(rows))
    .onConflict((conflict) =>
      conflict
        .columns(["transaction_id", "flag"])
        .doUpdateSet((row) => ({ exposed_by: row.fn.coalesce("variants.exposed_by", "excluded.exposed_by") })),
    )
    .returning(["flag", "exposed_by"])
    .execute();
  return kept.filter(({ exposed_by }) => exposed_by === step).map(({ flag }) => flag);
}

/** A message that did not go out exposes nobody; another step of its run may tell of these. */
export async function releaseExposures(
  trx: Kysely<Tables>,
  { transactionId, step, exposures }: Decision,
): Promise<void> {
  if (exposures.length === 0) return;
  await trx
    .updateTable("variants")
    .set({ exposed_by: null })
    .where("transaction_id", "=", transactionId)
    .where("exposed_by", "=", step)
    .execute();
}

function byFlag(rows: Array<Pick<Row, "flag" | "variant" | "source">>): Record<string, RunVariant> {
  return Object.fromEntries(rows.map(({ flag, variant, source }) => [flag, { variant, source }]));
}

/** In one order everywhere: two processes that write the same rows crosswise would lock each other out. */
function inOrder<One extends { flag: string }>(rows: One[]): One[] {
  return rows.sort((a, b) => (a.flag < b.flag ? -1 : 1));
}
