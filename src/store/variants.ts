import type { Kysely, Selectable } from "kysely";
import type { Decision, RunVariant } from "../contracts/decision.ts";
import type { Decisions } from "./decisions.ts";
import { inOrder, type Parts } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** The variants of runs. For each run and flag, the first written variant is valid. */
export function variants({ db, now }: Parts) {
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
      const common = { transaction_id: transactionId, distinct_id: distinctId, drawn_at: now(), exposed_by: null };
      const rows = Object.entries(drawn).map(([flag, { variant, source }]) => ({ ...common, flag, variant, source }));
      if (rows.length === 0) return {};
      const stored = await db
        .insertInto("variants")
        .values(inOrder(rows, ({ flag }) => flag))
        // The update changes nothing. With it, the statement returns the existing row.
        .onConflict((conflict) =>
          conflict.columns(["transaction_id", "flag"]).doUpdateSet((row) => ({ flag: row.ref("variants.flag") })),
        )
        .returning(["flag", "variant", "source"])
        .execute();
      return byFlag(stored);
    },
  } satisfies Partial<Decisions>;
}

/** The exposures of a decision that no other step of its run reports. From then on, only this step reports them. */
export async function firstExposures(
  trx: Kysely<Tables>,
  { transactionId, step, distinctId, variants, exposures }: Decision,
  now: number,
): Promise<string[]> {
  const common = { transaction_id: transactionId, distinct_id: distinctId, drawn_at: now, exposed_by: step };
  const rows = exposures.map((flag) => ({
    ...common,
    flag,
    variant: String(variants[flag]),
    source: "posthog" as const,
  }));
  const stored = await trx
    .insertInto("variants")
    .values(inOrder(rows, ({ flag }) => flag))
    .onConflict((conflict) =>
      conflict
        .columns(["transaction_id", "flag"])
        .doUpdateSet((row) => ({ exposed_by: row.fn.coalesce("variants.exposed_by", "excluded.exposed_by") })),
    )
    .returning(["flag", "exposed_by"])
    .execute();
  return stored.filter(({ exposed_by }) => exposed_by === step).map(({ flag }) => flag);
}

/** Lets another step of the run report these exposures, because a message that was not sent exposes no one. */
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

function byFlag(
  rows: Array<Pick<Selectable<Tables["variants"]>, "flag" | "variant" | "source">>,
): Record<string, RunVariant> {
  return Object.fromEntries(rows.map(({ flag, variant, source }) => [flag, { variant, source }]));
}
