import type { ExpressionBuilder, Kysely, Selectable } from "kysely";
import { ALL_RUNS, endsRun, endsRunOfOther, keysOfAnyone, type MatchKeys } from "../contracts/exit-match.ts";
import type { Exit } from "../contracts/routing.ts";
import { type Arrived, earliestExit, latestStart } from "../contracts/run.ts";
import { type Parts, prepared, together } from "./engine.ts";
import { type ExitRow, exitIn, type KeyRow, matchKeysIn, matchKeysOf } from "./match-keys.ts";
import { idsOfPerson, idsOfPersons } from "./merges.ts";
import type { Runs } from "./runs.ts";
import { IS_OF_ANYONE, type Tables } from "./tables.ts";

const exitsOf = prepared<{ distinctIds: string[]; workflows: string[] }, ExitRow>((on, value) =>
  on
    .selectFrom("exits")
    .selectAll()
    .where("distinct_id", "in", value("distinctIds"))
    .where("workflow", "in", value("workflows")),
);
const exitsOfAnyone = prepared<{ keys: string[] }, ExitRow>((on, value) =>
  on.selectFrom("exits").selectAll().where("match_key", "in", value("keys")).where(IS_OF_ANYONE),
);
type RunRow = KeyRow & Pick<Selectable<Tables["runs"]>, "arrival" | "occurred_at">;
const runsOf = prepared<{ transactionIds: string[] }, RunRow>((on, value) =>
  on
    .selectFrom("runs")
    .leftJoin("match_keys", "match_keys.transaction_id", "runs.transaction_id")
    .select(["runs.transaction_id", "runs.arrival", "runs.occurred_at", "match_keys.field", "match_keys.key"])
    .where("runs.transaction_id", "in", value("transactionIds")),
);

/** The exit that ends a run, the runs that an exit ends, and the last exits of people, for the inactivity sweep. */
export function exits({ db }: Parts) {
  return {
    findExitSince: together((queries: RunOfExit[]) => endingExits(db, queries)),

    async markExiting(exit) {
      const { workflow, distinctId, occurredAt, matches = [ALL_RUNS] } = exit;
      const arrived = { occurredAt, arrival: await arrivalOf(db, exit) };
      const markEnded = () =>
        db
          .updateTable("runs")
          .set({ state: "exiting" })
          .where("workflow", "=", workflow)
          .where("state", "in", ["pending", "in progress", "exiting"])
          .returning(["transaction_id", "distinct_id", "part"]);
      const own = await markEnded()
        .where("distinct_id", "in", await idsOfPerson(db, distinctId))
        .where(isEndedBy({ ...arrived, matches }))
        .execute();
      const keys = keysOfAnyone({ matches });
      const others =
        keys.length === 0
          ? []
          : await markEnded().where("transaction_id", "in", runsWithKeys(db, keys)).where(isBefore(arrived)).execute();
      const ended = new Map([...own, ...others].map((run) => [run.transaction_id, run]));
      return [...ended.values()].map((run) => ({
        transactionId: run.transaction_id,
        distinctId: run.distinct_id,
        part: run.part ?? 0,
      }));
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

interface RunOfExit {
  workflow: string;
  distinctId: string;
  transactionId: string;
  /** When the run's event happened, ISO 8601; absent for the time that is stored with the run. */
  since?: string;
}

/** The name of an exit event that ends each of these runs; null if there is none, or no time of the run is known. */
export async function endingExits(on: Kysely<Tables>, queries: RunOfExit[]): Promise<Array<string | null>> {
  const ids = await idsOfPersons(
    on,
    queries.map(({ distinctId }) => distinctId),
  );
  const { rows } = await exitsOf(on, {
    distinctIds: [...new Set([...ids.values()].flat())],
    workflows: [...new Set(queries.map(({ workflow }) => workflow))],
  });
  const transactionIds = [...new Set(queries.map(({ transactionId }) => transactionId))];
  const { rows: runs } = await runsOf(on, { transactionIds });
  const keys = runs.flatMap(({ key }) => key ?? []);
  const { rows: ofAnyone } = keys.length === 0 ? { rows: [] } : await exitsOfAnyone(on, { keys });
  const stored = new Map(runs.map((run) => [run.transaction_id, run]));
  const matchKeys = matchKeysIn(runs);
  return queries.map(({ workflow, distinctId, transactionId, since }) => {
    const { arrival = null, occurred_at } = stored.get(transactionId) ?? {};
    const occurredAt = since ?? occurred_at;
    if (occurredAt === undefined) return null;
    const run = { occurredAt, arrival, matchKeys: matchKeys.get(transactionId) ?? {} };
    const own = rows.filter((row) => row.workflow === workflow && ids.get(distinctId)?.includes(row.distinct_id));
    const exit =
      own.find((row) => endsRun(exitIn(row), run)) ??
      ofAnyone.find((row) => row.workflow === workflow && endsRunOfOther(exitIn(row), run));
    return exit?.event_name ?? null;
  });
}

/** The arrival of a stored exit; null if the store does not have it any more. */
export async function arrivalOf(
  on: Kysely<Tables>,
  { workflow, distinctId, eventUuid }: Pick<Exit, "workflow" | "distinctId" | "eventUuid">,
): Promise<number | null> {
  const exit = await on
    .selectFrom("exits")
    .select("arrival")
    .where("distinct_id", "=", distinctId)
    .where("workflow", "=", workflow)
    .where("event_uuid", "=", eventUuid)
    .executeTakeFirst();
  return exit?.arrival ?? null;
}

/** An exit that ends this run of the person with these ids; undefined when there is none. */
export async function endingExit(
  on: Kysely<Tables>,
  run: Pick<Selectable<Tables["runs"]>, "transaction_id" | "workflow" | "occurred_at" | "arrival">,
  distinctIds: string[],
): Promise<Pick<ExitRow, "event_name"> | undefined> {
  const matchKeys = (await matchKeysOf(on, [run.transaction_id])).get(run.transaction_id) ?? {};
  const exits = () => on.selectFrom("exits").select("event_name").limit(1);
  const arrived = { occurredAt: run.occurred_at, arrival: run.arrival };
  const own = await exits()
    .where("distinct_id", "in", distinctIds)
    .where("workflow", "=", run.workflow)
    .where(endsThis({ ...arrived, matchKeys }))
    .executeTakeFirst();
  const keys = Object.values(matchKeys);
  if (own !== undefined || keys.length === 0) return own;
  return exits()
    .where("match_key", "in", keys)
    .where("workflow", "=", run.workflow)
    .where(IS_OF_ANYONE)
    .where(isAfter(arrived))
    .executeTakeFirst();
}

// The rules of `isSince` and `endsRun` in SQL, where a comparison with null is never true: without an arrival, only the
// times count.

/** Whether this exit ends a run of its person. */
export function isEndedBy({ matches = [ALL_RUNS], ...exit }: Arrived & Pick<Exit, "matches">) {
  return (where: ExpressionBuilder<Tables, "runs">) => {
    const isMatched = matches.map(({ field, key }) =>
      where.not(
        where.exists(
          where
            .selectFrom("match_keys")
            .select("match_keys.key")
            .whereRef("match_keys.transaction_id", "=", "runs.transaction_id")
            .where("match_keys.field", "=", field)
            .where("match_keys.key", "<>", key),
        ),
      ),
    );
    return where.and([isBefore(exit)(where), where.or(isMatched)]);
  };
}

/** Whether an exit of the run's person ends this run. */
export function endsThis({ matchKeys, ...run }: Arrived & { matchKeys: MatchKeys }) {
  return (where: ExpressionBuilder<Tables, "exits">) => {
    const [fields, keys] = [Object.keys(matchKeys), Object.values(matchKeys)];
    const isMatched = [where("exits.match_key", "in", keys), where("exits.match_field", "not in", fields)];
    return where.and([isAfter(run)(where), ...(fields.length === 0 ? [] : [where.or(isMatched)])]);
  };
}

/** The ids of the runs with one of these match keys. */
export function runsWithKeys(on: Kysely<Tables>, keys: string[]) {
  return on.selectFrom("match_keys").select("match_keys.transaction_id").where("match_keys.key", "in", keys);
}

/** Whether a run began before this exit. */
export function isBefore({ occurredAt, arrival = null }: Arrived) {
  return ({ eb, and, or }: ExpressionBuilder<Tables, "runs">) =>
    or([
      eb("runs.occurred_at", "<=", occurredAt),
      and([eb("runs.arrival", "<", arrival), eb("runs.occurred_at", "<=", latestStart(occurredAt))]),
    ]);
}

/** Whether an exit came after the beginning of this run. */
function isAfter({ occurredAt, arrival = null }: Arrived) {
  return ({ eb, and, or }: ExpressionBuilder<Tables, "exits">) =>
    or([
      eb("exits.occurred_at", ">=", occurredAt),
      and([eb("exits.arrival", ">", arrival), eb("exits.occurred_at", ">=", earliestExit(occurredAt))]),
    ]);
}
