import { type Kysely, type QueryCreator, type RawBuilder, type Selectable, sql } from "kysely";
import { type Job, keyOf, QUEUES, type Queue, queueOf, START_KEY, subjectOf } from "../contracts/job.ts";
import { type Parts, prepared, type Row } from "./engine.ts";
import type { Jobs } from "./jobs.ts";
import { IS_DEAD, IS_NO_START, IS_WAITING, NEXT_AT, type Tables } from "./tables.ts";

/** Claims, completions and retries. */
export function jobQueue({ db, now, skipLocked, share, shareOne, announce, changed }: Parts) {
  const claimDue = claimStatement(skipLocked);
  return {
    async claim(queue, limit, leaseMs, done = []) {
      return done.length === 0 ? shareOne(claim) : completeAndClaim(done);

      async function completeAndClaim(ids: number[]) {
        const claimed = await share(async (trx) => {
          await complete(trx, ids);
          return claim(trx);
        });
        changed();
        return claimed;
      }

      async function claim(on: Kysely<Tables>) {
        const at = now();
        const { rows } = await claimDue(on, { queue, at, limit, retries: Math.floor(limit / 4), until: at + leaseMs });
        return rows
          .map(({ last_error, ...row }) => ({ ...row, isTried: last_error !== null }))
          .sort((a, b) => a.id - b.id);
      }
    },

    async renew(ids, leaseMs) {
      await db
        .updateTable("jobs")
        .set({ leased_until: now() + leaseMs })
        .where("id", "in", ids)
        // A job without a lease was just released by `retry`, and must stay released.
        .where("leased_until", ">", 0)
        .execute();
    },

    complete: (ids) => shareOne((on) => complete(on, ids)),

    async retry(id, { at, error, failed, answered }) {
      await db
        .updateTable("jobs")
        .set((row) => ({
          due_at: at,
          leased_until: 0,
          last_error: error,
          attempts: row("attempts", "+", failed ? 1 : 0),
          refusals: row("refusals", "+", answered ? 1 : 0),
        }))
        .where("id", "=", id)
        .execute();
    },

    async giveUp(id, error, { answered } = { answered: false }) {
      await db
        .updateTable("jobs")
        .set((row) => ({
          state: "dead" as const,
          leased_until: 0,
          last_error: error,
          attempts: row("attempts", "+", 1),
          refusals: row("refusals", "+", answered ? 1 : 0),
        }))
        .where("id", "=", id)
        .execute();
    },

    async nextDueAt(queue) {
      const { rows } = await nextDue(db, { queue });
      const { fresh = null, tried = null } = rows[0] ?? {};
      return fresh === null || tried === null ? (fresh ?? tried) : Math.min(fresh, tried);
    },

    async schedule(job, at, { replace } = { replace: false }) {
      await share(async (trx) => {
        // The new row has a new id, so that a worker that runs the old job does not complete the new job.
        if (replace) await deleteByKey(trx, { key: keyOf(job) });
        await insertJob(trx, job, at);
      });
      announce(queueOf(job), at);
    },

    async redrive(which) {
      // `due_at` does not change, because it is in the past by the clock of every process.
      const again = { state: "waiting", leased_until: 0, attempts: 0 } as const;
      let dead = db.updateTable("jobs").set(again).where(IS_DEAD);
      if (which !== "all")
        dead = "id" in which ? dead.where("id", "=", which.id) : dead.where("last_error", "=", which.error);
      const { numUpdatedRows } = await dead.executeTakeFirstOrThrow();
      for (const queue of QUEUES) announce(queue, now());
      return Number(numUpdatedRows);
    },
  } satisfies Partial<Jobs>;
}

/**
 * Jobs that were never tried come first, but a quarter of the limit is for jobs that were tried before. So a job that
 * always fails does not delay the others, and still gets its attempts.
 */
function claimStatement(skipLocked: boolean) {
  return prepared<
    { queue: Queue; at: number; limit: number; retries: number; until: number },
    Pick<Selectable<Tables["jobs"]>, "id" | "body" | "attempts" | "refusals" | "last_error">
  >((on, value) => {
    const due = (query: QueryCreator<Tables>, isTried: boolean) =>
      waitingJobs(query, value("queue"), isTried)
        .select("id")
        .where(NEXT_AT, "<=", value("at"))
        .orderBy(NEXT_AT)
        .orderBy("id");
    const retries = due(on, true).limit(value("retries"));
    return (
      on
        // Materialized, because PostgreSQL may run a subquery in `where` once for each row and exceed the limit.
        .with(
          (name) => name("fresh").materialized(),
          (query) =>
            due(query, false)
              .limit(sql<number>`${value("limit")} - (select count(*) from (${retries}) as retries)`)
              .$if(skipLocked, (claiming) => claiming.forUpdate().skipLocked()),
        )
        .with(
          (name) => name("tried").materialized(),
          (query) =>
            due(query, true)
              .limit(sql<number>`${value("limit")} - (select count(*) from fresh)`)
              .$if(skipLocked, (claiming) => claiming.forUpdate().skipLocked()),
        )
        .updateTable("jobs")
        .set({ leased_until: value("until") })
        .where("id", "in", (query) =>
          query.selectFrom("fresh").select("id").unionAll(query.selectFrom("tried").select("id")),
        )
        .returning(["id", "body", "attempts", "refusals", "last_error"])
    );
  });
}

const nextDue = prepared<{ queue: Queue }, { fresh: number | null; tried: number | null }>((on, value) => {
  const next = (isTried: boolean) =>
    waitingJobs(on, value("queue"), isTried).select(NEXT_AT.as("at")).orderBy(NEXT_AT).limit(1);
  return on.selectNoFrom([next(false).as("fresh"), next(true).as("tried")]);
});

export const deleteByKey = prepared<{ key: string }, never>((on, value) =>
  on.deleteFrom("jobs").where("key", "=", value("key")),
);

const deleteById = prepared<{ ids: number[] }, never>((on, value) =>
  on.deleteFrom("jobs").where("id", "in", value("ids")),
);

async function complete(on: Kysely<Tables>, ids: number[]): Promise<void> {
  if (ids.length > 0) await deleteById(on, { ids });
}

/** The waiting jobs of a queue that were tried, or that were never tried. Each of the two sets has an index. */
export function waitingJobs(on: QueryCreator<Tables>, queue: Queue, isTried: boolean) {
  return on
    .selectFrom("jobs")
    .where("queue", "=", queue)
    .where(IS_WAITING)
    .where("last_error", isTried ? "is not" : "is", null);
}

/** Whether a job is of these persons. A start is found by its run. */
export function isJobOf(distinctIds: string[]): RawBuilder<boolean> {
  const isTheirs = (column: string) => sql`${sql.ref(column)} in (${sql.join(distinctIds)})`;
  return sql<boolean>`jobs.id in (
    select jobs.id from jobs where ${IS_NO_START} and ${isTheirs("jobs.distinct_id")}
    union select jobs.id from runs join jobs on jobs.key = ${sql.lit(START_KEY)} || runs.transaction_id
      where ${isTheirs("runs.distinct_id")})`;
}

/** The row of a job that is due at `dueAt`. */
export function jobRow(job: Job, dueAt: number) {
  const { distinctId, workflow, transactionId } = subjectOf(job);
  return {
    key: keyOf(job),
    kind: job.kind,
    queue: queueOf(job),
    workflow,
    transaction_id: transactionId,
    distinct_id: distinctId,
    body: JSON.stringify(job),
    state: "waiting",
    due_at: dueAt,
    leased_until: 0,
    attempts: 0,
    refusals: 0,
  } satisfies Row<"jobs">;
}

const insertRow = prepared<ReturnType<typeof jobRow>, never>((on, value) =>
  on
    .insertInto("jobs")
    .values({
      key: value("key"),
      kind: value("kind"),
      queue: value("queue"),
      workflow: value("workflow"),
      transaction_id: value("transaction_id"),
      distinct_id: value("distinct_id"),
      body: value("body"),
      state: value("state"),
      due_at: value("due_at"),
      leased_until: value("leased_until"),
      attempts: value("attempts"),
      refusals: value("refusals"),
    })
    .onConflict((conflict) => conflict.doNothing()),
);

/** Inserts a job unless the store has a job with its key; answers whether the job is new. */
export async function insertJob(trx: Kysely<Tables>, job: Job, dueAt: number): Promise<boolean> {
  const { numAffectedRows = 0n } = await insertRow(trx, jobRow(job, dueAt));
  return numAffectedRows > 0n;
}
