import type { Kysely } from "kysely";
import type { EntryLimit } from "../contracts/routing.ts";
import { LONGEST_RUN_MS } from "../contracts/run.ts";
import { endsThis } from "./ends.ts";
import { type FromRows, insertRows } from "./insert-rows.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { NewRun, RunStates } from "./runs.ts";
import type { Tables } from "./tables.ts";
import { inTransaction } from "./transaction.ts";
import { together } from "./write-together.ts";

/** Who has entered which workflow, where it does not let everybody in each time. */
export function entries({
  db,
  now,
  fromRows,
}: {
  db: Kysely<Tables>;
  now: () => number;
  fromRows: FromRows;
}): Pick<RunStates, "enter"> {
  /** Nearly always nobody was there before. Whoever has another id as well may have been, by that one. */
  const enterFirst = together(async (runs: NewRun[]) => {
    const asked = new Set(runs.map(({ distinctId }) => distinctId));
    const ids = await idsOfPersons(db, [...asked]);
    const places = runs
      .filter(({ distinctId }) => ids.get(distinctId)?.length === 1)
      .map(placeOf)
      // In one order everywhere, so that two processes do not lock each other out.
      .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
    const added = await insertRows(db, fromRows, "entries", places)
      ?.onConflict((conflict) => conflict.doNothing())
      .returning("transaction_id")
      .execute();
    const entered = new Set(added?.map((entry) => entry.transaction_id));
    return runs.map(({ transactionId }) => entered.has(transactionId));
  });

  return {
    async enter(run, limit) {
      if (limit === "always") return true;
      return (await enterFirst(run)) || enterNext(run, limit);
    },
  };

  function enterNext(
    { transactionId, workflow, distinctId, occurredAt }: NewRun,
    limit: Exclude<EntryLimit, "always">,
  ): Promise<boolean> {
    return inTransaction(db, async (trx) => {
      const ids = await idsOfPerson(trx, distinctId);
      const [place = distinctId] = ids;
      const rows = () => trx.selectFrom("entries").selectAll().where("workflow", "=", workflow);
      // What was entered by another id of the same person, before they were merged, counts as well.
      const others = ids.length === 1 ? [] : await rows().where("distinct_id", "in", ids).execute();
      if (others.some((entry) => entry.transaction_id === transactionId)) return true;
      for (const entry of others) if (await shutsOut(entry)) return false;

      const mine = placeOf({ transactionId, workflow, distinctId: place, occurredAt });
      // The row is also the lock that two runs of one person meet at.
      const before = await trx
        .insertInto("entries")
        .values(mine)
        .onConflict((conflict) =>
          conflict
            .columns(["distinct_id", "workflow"])
            .doUpdateSet((row) => ({ workflow: row.ref("entries.workflow") })),
        )
        .returning(["transaction_id", "occurred_at"])
        .executeTakeFirstOrThrow();
      if (before.transaction_id === transactionId) return true;
      const isShut = await isShutBy(before);
      // A run that could not be started, or was lost at Novu, keeps nobody out.
      if (isShut && !(await isDead(trx, before.transaction_id, ids))) return false;
      // One that comes late does not open the time that a newer one has closed.
      if (!isShut && typeof limit === "object" && before.occurred_at > occurredAt) return true;
      await trx
        .updateTable("entries")
        .set(mine)
        .where("distinct_id", "=", place)
        .where("workflow", "=", workflow)
        .execute();
      return true;

      async function shutsOut(entry: Tables["entries"]): Promise<boolean> {
        return (await isShutBy(entry)) && !(await isDead(trx, entry.transaction_id, ids));
      }

      async function isShutBy(entry: Pick<Tables["entries"], "transaction_id" | "occurred_at">): Promise<boolean> {
        if (limit === "one at a time") return isUnderWay(trx, entry.transaction_id, ids);
        return typeof limit === "string" || isNear(entry.occurred_at, occurredAt, limit.oncePerMs);
      }
    });
  }

  async function isUnderWay(trx: Kysely<Tables>, transactionId: string, distinctIds: string[]): Promise<boolean> {
    const run = await trx
      .selectFrom("runs")
      .select(["workflow", "occurred_at", "arrival"])
      .where("transaction_id", "=", transactionId)
      .where("state", "in", ["pending", "in progress"])
      .where("ended_at", "is", null)
      .executeTakeFirst();
    if (run === undefined || now() - Date.parse(run.occurred_at) >= LONGEST_RUN_MS) return false;
    // A person who has left may come back before the earlier run has ended.
    const exit = await trx
      .selectFrom("exits")
      .select("event_uuid")
      .where("distinct_id", "in", distinctIds)
      .where("workflow", "=", run.workflow)
      .where(endsThis({ occurredAt: run.occurred_at, arrival: run.arrival }))
      .limit(1)
      .executeTakeFirst();
    return exit === undefined;
  }
}

async function isDead(trx: Kysely<Tables>, transactionId: string, distinctIds: string[]): Promise<boolean> {
  const lost = await trx
    .selectFrom("runs")
    .select("transaction_id")
    .where("transaction_id", "=", transactionId)
    .where("state", "=", "failed")
    .executeTakeFirst();
  if (lost !== undefined) return true;
  const start = await trx
    .selectFrom("jobs")
    .select("id")
    .where("distinct_id", "in", distinctIds)
    .where("transaction_id", "=", transactionId)
    .where("kind", "=", "start")
    .where("state", "=", "dead")
    .executeTakeFirst();
  return start !== undefined;
}

/** Events may come in any order: near is near, whichever was first. */
function isNear(one: string, other: string, ms: number): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) < ms;
}

function placeOf({ distinctId, workflow, transactionId, occurredAt }: NewRun): Tables["entries"] {
  return { distinct_id: distinctId, workflow, transaction_id: transactionId, occurred_at: occurredAt };
}

function keyOf({ distinct_id, workflow }: Tables["entries"]): string {
  return JSON.stringify([distinct_id, workflow]);
}
