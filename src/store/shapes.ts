import type { Kysely } from "kysely";
import { Shape } from "../contracts/workflow.ts";
import type { Decisions } from "./decisions.ts";
import type { Shapes } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** The shapes that workflows have had, and the results of custom steps. */
export function shapes({
  db,
  now,
}: {
  db: Kysely<Tables>;
  now: () => number;
}): Shapes & Pick<Decisions, "saveCustomValue" | "findCustomValues"> {
  return {
    async saveShapes(all) {
      if (all.length === 0) return;
      const seen_at = now();
      const rows = all.map(({ id, shape }) => ({
        id,
        workflow: shape.workflow,
        body: JSON.stringify(shape),
        seen_at,
      }));
      await db
        .insertInto("shapes")
        .values(rows.sort((a, b) => (a.id < b.id ? -1 : 1)))
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ seen_at }))
        .execute();
    },

    async findShape(id) {
      const row = await db.selectFrom("shapes").select("body").where("id", "=", id).executeTakeFirst();
      return row === undefined ? null : Shape.parse(JSON.parse(row.body));
    },

    async findShapeOf(transactionId) {
      const row = await db
        .selectFrom("runs")
        .innerJoin("shapes", "shapes.id", "runs.shape")
        .select("shapes.body")
        .where("runs.transaction_id", "=", transactionId)
        .executeTakeFirst();
      return row === undefined ? null : Shape.parse(JSON.parse(row.body));
    },

    async listShapes(workflow) {
      const rows = await db
        .selectFrom("shapes")
        .select("body")
        .where("workflow", "=", workflow)
        .orderBy("seen_at", "desc")
        .orderBy("id")
        .execute();
      return rows.map(({ body }) => Shape.parse(JSON.parse(body)));
    },

    async saveCustomValue({ transactionId, step, distinctId }, value, { replace } = { replace: false }) {
      const { value: kept } = await db
        .insertInto("custom_values")
        .values({
          transaction_id: transactionId,
          step,
          distinct_id: distinctId,
          value: JSON.stringify(value),
          saved_at: now(),
        })
        .onConflict((conflict) =>
          conflict
            .columns(["transaction_id", "step"])
            .doUpdateSet((row) => ({ value: row.ref(replace ? "excluded.value" : "custom_values.value") })),
        )
        .returning("value")
        .executeTakeFirstOrThrow();
      return JSON.parse(kept);
    },

    async findCustomValues(transactionId) {
      const rows = await db
        .selectFrom("custom_values")
        .select(["step", "value"])
        .where("transaction_id", "=", transactionId)
        .execute();
      return Object.fromEntries(rows.map(({ step, value }) => [step, JSON.parse(value)]));
    },
  };
}
