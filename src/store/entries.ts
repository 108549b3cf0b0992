import type { Kysely } from "kysely";
import { START_KEY } from "../contracts/job.ts";
import type { EntryLimit } from "../contracts/routing.ts";
import { LONGEST_RUN_MS } from "../contracts/run.ts";
import { inOrder, insertRows, type Parts, together } from "./engine.ts";
import { endingExit } from "./exits.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { NewRun, Runs } from "./runs.ts";
import type { Tables } from "./tables.ts";

/** The newest entry of each person into each workflow that limits entries. */
export function entries({ db, now, fromRows, share, shareOne }: Parts) {
  /** The common case: the first entry of a person with one id. A person with several ids may have entered before. */
  const enterFirst = together(async (runs: NewRun[]) => {
    const ids = await idsOfPersons(
      db,
      runs.map(({ distinctId }) => distinctId),
    );
    const entries = inOrder(
      runs.filter(({ distinctId }) => ids.get(distinctId)?.length === 1).map(entryOf),
      ({ distinct_id, workflow }) => JSON.stringify([distinct_id, workflow]),
    );
    const added = await shareOne(async (on) =>
      insertRows(on, fromRows, "entries", entries)
        ?.onConflict((conflict) => conflict.doNothing())
        .returning("transaction_id")
        .execute(),
    );
    const entered = new Set(added?.map((entry) => entry.transaction_id));
    return runs.map(({ transactionId }) => entered.has(transactionId));
  });

  return {
    /**
     * Of two pending runs the one with the smaller id goes first, so that two at the same time do not block each other.
     */
    async hasOtherOfEvent({ transactionId, workflow, distinctId, eventUuid }) {
      const ids = await idsOfPerson(db, distinctId);
      if (ids.length === 1) return false;
      const other = await db
        .selectFrom("runs")
        .select("transaction_id")
        .where("distinct_id", "in", ids)
        .where("workflow", "=", workflow)
        .where("event_uuid", "=", eventUuid)
        .where("transaction_id", "<>", transactionId)
        .where(({ eb, or, and }) =>
          or([
            eb("state", "not in", ["pending", "not started"]),
            and([eb("state", "=", "pending"), eb("ended_at", "is", null), eb("transaction_id", "<", transactionId)]),
          ]),
        )
        .limit(1)
        .executeTakeFirst();
      return other !== undefined;
    },

    async enter(run: NewRun, limit: EntryLimit): Promise<boolean> {
      if (limit === "always") return true;
      return (await enterFirst(run)) || enterNext(run, limit);
    },
  } satisfies Partial<Runs>;

  function enterNext(
    { transactionId, workflow, distinctId, occurredAt }: NewRun,
    limit: Exclude<EntryLimit, "always">,
  ): Promise<boolean> {
    return share(async (trx) => {
      const ids = await idsOfPerson(trx, distinctId);
      const [mainId = distinctId] = ids;
      const rows = () => trx.selectFrom("entries").selectAll().where("workflow", "=", workflow);
      // An entry by another id of the person, from before the merge, counts too.
      const others = ids.length === 1 ? [] : await rows().where("distinct_id", "in", ids).execute();
      if (others.some((entry) => entry.transaction_id === transactionId)) return true;
      for (const entry of others) if (await blocks(entry)) return false;

      const mine = entryOf({ transactionId, workflow, distinctId: mainId, occurredAt });
      // The write also locks the row, so that two runs of one person are checked one after the other.
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
      const isBlocked = await isBlockedBy(before);
      // A run with a dead start job, and a run that failed at Novu, do not block the next run.
      if (isBlocked && !(await isDead(trx, before.transaction_id))) return false;
      // A late, older event does not move the time of a newer entry back.
      if (!isBlocked && typeof limit === "object" && before.occurred_at > occurredAt) return true;
      await trx
        .updateTable("entries")
        .set(mine)
        .where("distinct_id", "=", mainId)
        .where("workflow", "=", workflow)
        .execute();
      return true;

      async function blocks(entry: Tables["entries"]): Promise<boolean> {
        return (await isBlockedBy(entry)) && !(await isDead(trx, entry.transaction_id));
      }

      async function isBlockedBy(entry: Pick<Tables["entries"], "transaction_id" | "occurred_at">): Promise<boolean> {
        if (limit === "one at a time") return isInProgress(trx, entry.transaction_id, ids);
        return typeof limit === "string" || isNear(entry.occurred_at, occurredAt, limit.oncePerMs);
      }
    });
  }

  async function isInProgress(trx: Kysely<Tables>, transactionId: string, distinctIds: string[]): Promise<boolean> {
    const run = await trx
      .selectFrom("runs")
      .select(["transaction_id", "workflow", "occurred_at", "arrival"])
      .where("transaction_id", "=", transactionId)
      .where("state", "in", ["pending", "in progress"])
      .where("ended_at", "is", null)
      .executeTakeFirst();
    if (run === undefined || now() - Date.parse(run.occurred_at) >= LONGEST_RUN_MS) return false;
    // After an exit the person may enter again before the earlier run has ended at Novu.
    return (await endingExit(trx, run, distinctIds)) === undefined;
  }
}

async function isDead(trx: Kysely<Tables>, transactionId: string): Promise<boolean> {
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
    .where("key", "=", START_KEY + transactionId)
    .where("state", "=", "dead")
    .executeTakeFirst();
  return start !== undefined;
}

/** Events may arrive in any order, so either time may be the earlier one. */
function isNear(one: string, other: string, ms: number): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) < ms;
}

function entryOf({ distinctId, workflow, transactionId, occurredAt }: NewRun): Tables["entries"] {
  return { distinct_id: distinctId, workflow, transaction_id: transactionId, occurred_at: occurredAt };
}
