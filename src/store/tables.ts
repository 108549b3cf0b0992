import { type Generated, sql } from "kysely";
import type { Lane } from "../contracts/work.ts";

// Times named `…_at` in text are ISO 8601 as the facts had them; in numbers, milliseconds since 1970.

export interface Tables {
  events: { uuid: string; name: string; distinct_id: string; occurred_at: string; received_at: number; body: string };
  runs: {
    transaction_id: string;
    workflow: string;
    distinct_id: string;
    occurred_at: string;
    state: "pending" | "started" | "leaving" | "left";
  };
  exits: { workflow: string; distinct_id: string; event_uuid: string; event_name: string; occurred_at: string };
  work: {
    id: Generated<number>;
    /** Says what it does, so that the same work is never kept twice. */
    key: string;
    lane: Lane;
    body: string;
    state: "waiting" | "dead";
    due_at: number;
    /** Until then a claim holds it; 0 when none does. */
    leased_until: number;
    attempts: number;
    refusals: number;
    last_error: string | null;
  };
  decisions: {
    id: Generated<number>;
    transaction_id: string;
    step: string;
    distinct_id: string;
    body: string;
  };
  /** When the next place in each line is, in milliseconds since 1970, with fractions. */
  lines: { name: string; next_at: number };
  set_aside: {
    id: Generated<number>;
    received_at: string;
    reason: string;
    event_uuid: string | null;
    event_name: string | null;
    body: string;
  };
}

/** When waiting work is due again: its time, or the end of the claim that holds it. There is an index on just this. */
export const NEXT_AT = sql<number>`(case when leased_until > due_at then leased_until else due_at end)`;
