import type { Decision } from "../contracts/decision.ts";
import type { Person } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";

/** What the workflows need of the rest of the house; the app provides it live, the preview as samples. */
export interface Tools {
  /** The longest single delay that the Novu plan takes, in milliseconds. */
  longestDelayMs: number;
  now(): number;
  /** The person at this moment; null when PostHog says there is none. Throws only to be tried again. */
  person(run: Pick<Run, "transactionId" | "distinctId" | "snapshot">): Promise<Person | null>;
  /** The exit event by which this person has left the workflow since the run's event. */
  leftBy(run: Pick<Run, "distinctId" | "occurredAt"> & { workflow: string }): Promise<string | null>;
  /** Notes what was decided at a step; it counts once the bridge call is answered. */
  record(decision: Decision): Promise<void>;
}
