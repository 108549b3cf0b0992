import type { ExpressionBuilder, Kysely, Selectable } from "kysely";
import { type Arrived, earliestExit, endsRun, latestStart } from "../contracts/run.ts";
import { type Parts, prepared, together } from "./engine.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { Runs } from "./runs.ts";
import type { Tables } from "./tables.ts";

const exitsOf = prepared<{ distinctIds: string[]; workflows: string[] }, Selectable<Tables["exits"]>>((on, value) =>
  on
    .selectFrom("exits")
    .selectAll()
    .where("distinct_id", "in", value("distinctIds"))
    .where("workflow", "in", value("workflows")),
);
const arrivalsOf = prepared<
  { transactionIds: string[] },
  Pick<Selectable<Tables["runs"]>, "transaction_id" | "arrival">
>((on, value) =>
  on.selectFrom("runs").select(["transaction_id", "arrival"]).where("transaction_id", "in", value("transactionIds")),
);

/** The exit that ends a run, the runs that an exit ends, and the last exits of people, for the inactivity sweep. */
export function exits({ db }: Parts) {
  return {
    findExitSince: together(async (queries) => {
      const ids = await idsOfPersons(
        db,
        queries.map(({ distinctId }) => distinctId),
      );
      const { rows } = await exitsOf(db, {
        distinctIds: [...new Set([...ids.values()].flat())],
        workflows: [...new Set(queries.map(({ workflow }) => workflow))],
      });
      const transactionIds = [...new Set(queries.map(({ transactionId }) => transactionId))];
      const { rows: runs } = await arrivalsOf(db, { transactionIds });
      const arrivals = new Map(runs.map((run) => [run.transaction_id, run.arrival]));
      return queries.map(({ workflow, distinctId, transactionId, since }) => {
        const run = { occurredAt: since, arrival: arrivals.get(transactionId) ?? null };
        const exit = rows.find(
          (row) =>
            row.workflow === workflow &&
            ids.get(distinctId)?.includes(row.distinct_id) &&
            endsRun({ occurredAt: row.occurred_at, arrival: row.arrival }, run),
        );
        return exit?.event_name ?? null;
      });
    }),

    async markExiting({ workflow, distinctId, eventUuid, occurredAt }) {
      const exit = await db
        .selectFrom("exits")
        .select("arrival")
        .where("distinct_id", "=", distinctId)
        .where("workflow", "=", workflow)
        .where("event_uuid", "=", eventUuid)
        .executeTakeFirst();
      const ended = await db
        .updateTable("runs")
        .set({ state: "exiting" })
        .where("distinct_id", "in", await idsOfPerson(db, distinctId))
        .where("workflow", "=", workflow)
        .where(isEndedBy({ occurredAt, arrival: exit?.arrival ?? null }))
        .where("state", "in", ["pending", "in progress", "exiting"])
        .returning("transaction_id")
        .execute();
      return ended.map((run) => run.transaction_id);
    },

    async findLastExits({ workflow, distinctIds }) {
      if (distinctIds.length === 0) return new Map();
      const rows = await db
        .selectFrom("exits")
        .select((row) => ["distinct_id", row.fn.max("occurred_at").as("last_at")])
        .where("distinct_id", "in", distinctIds)
        .where("workflow", "=", workflow)
        .groupBy("distinct_id")
        .execute();
      return new Map(rows.map((row) => [row.distinct_id, row.last_at]));
    },

    async listAbsent({ workflow, from, until, after, limit }) {
      // The limit counts the exits that are read, not the people that are found, because nearly all may have come back.
      const rows = await db
        .selectFrom("exits")
        .select(["distinct_id", "event_uuid", "occurred_at"])
        .select(({ exists, selectFrom }) =>
          exists(
            selectFrom("exits as later")
              .select("later.event_uuid")
              .whereRef("later.distinct_id", "=", "exits.distinct_id")
              .whereRef("later.workflow", "=", "exits.workflow")
              .whereRef("later.occurred_at", ">", "exits.occurred_at"),
          ).as("came_back"),
        )
        .where("workflow", "=", workflow)
        .where("occurred_at", ">=", after?.occurredAt ?? from)
        .where("occurred_at", "<", until)
        .$if(after !== null, (query) =>
          query.where(({ eb, refTuple, tuple }) =>
            eb(
              refTuple("occurred_at", "distinct_id", "event_uuid"),
              ">",
              tuple(after?.occurredAt ?? "", after?.distinctId ?? "", after?.eventUuid ?? ""),
            ),
          ),
        )
        .orderBy("occurred_at")
        .orderBy("distinct_id")
        .orderBy("event_uuid")
        .limit(limit)
        .execute();
      const last = rows.at(-1);
      const people = rows.flatMap((row) =>
        row.came_back ? [] : [{ distinctId: row.distinct_id, lastSeenAt: row.occurred_at }],
      );
      return {
        people,
        next:
          last === undefined || rows.length < limit
            ? null
            : { occurredAt: last.occurred_at, distinctId: last.distinct_id, eventUuid: last.event_uuid },
      };
    },
  } satisfies Partial<Runs>;
}

/** An exit that ends this run of the person with these ids; undefined when there is none. */
export function endingExit(
  on: Kysely<Tables>,
  run: Pick<Selectable<Tables["runs"]>, "workflow" | "occurred_at" | "arrival">,
  distinctIds: string[],
) {
  return on
    .selectFrom("exits")
    .select("event_name")
    .where("distinct_id", "in", distinctIds)
    .where("workflow", "=", run.workflow)
    .where(endsThis({ occurredAt: run.occurred_at, arrival: run.arrival }))
    .limit(1)
    .executeTakeFirst();
}

// The rule of `endsRun` in SQL, where a comparison with null is never true: without an arrival, only the times count.

/** Whether this exit ends a run. */
export function isEndedBy({ occurredAt, arrival = null }: Arrived) {
  return ({ eb, and, or }: ExpressionBuilder<Tables, "runs">) =>
    or([
      eb("runs.occurred_at", "<=", occurredAt),
      and([eb("runs.arrival", "<", arrival), eb("runs.occurred_at", "<=", latestStart(occurredAt))]),
    ]);
}

/** Whether an exit ends this run. */
export function endsThis({ occurredAt, arrival = null }: Arrived) {
  return ({ eb, and, or }: ExpressionBuilder<Tables, "exits">) =>
    or([
      eb("exits.occurred_at", ">=", occurredAt),
      and([eb("exits.arrival", ">", arrival), eb("exits.occurred_at", ">=", earliestExit(occurredAt))]),
    ]);
}
