import { Shape } from "../contracts/workflow.ts";
import { inOrder, type Parts } from "./engine.ts";
import type { Runs } from "./runs.ts";

/** The steps of workflows, in each version of the code. */
export function shapes({ db, now }: Parts) {
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
        .values(inOrder(rows, ({ id }) => id))
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
  } satisfies Partial<Runs>;
}
