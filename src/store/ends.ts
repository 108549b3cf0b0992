import type { ExpressionBuilder } from "kysely";
import { type Arrived, earliestExit, latestStart } from "../contracts/run.ts";
import type { Tables } from "./tables.ts";

// The rule of `endsRun` in SQL. A comparison with null is never true there: without an arrival only the times count.

/** Whether a run is one that this exit ends. */
export function isEndedBy({ occurredAt, arrival = null }: Arrived) {
  return ({ eb, and, or }: ExpressionBuilder<Tables, "runs">) =>
    or([
      eb("runs.occurred_at", "<=", occurredAt),
      and([eb("runs.arrival", "<", arrival), eb("runs.occurred_at", "<=", latestStart(occurredAt))]),
    ]);
}

/** Whether an exit is one that ends this run. */
export function endsThis({ occurredAt, arrival = null }: Arrived) {
  return ({ eb, and, or }: ExpressionBuilder<Tables, "exits">) =>
    or([
      eb("exits.occurred_at", ">=", occurredAt),
      and([eb("exits.arrival", ">", arrival), eb("exits.occurred_at", ">=", earliestExit(occurredAt))]),
    ]);
}
