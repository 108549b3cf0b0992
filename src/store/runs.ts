import type { History, RunQuery, RunRecord, WorkflowOutcomes } from "../contracts/history.ts";
import type { EntryLimit, Exit } from "../contracts/routing.ts";
import type { Shape } from "../contracts/workflow.ts";
import type { Parts } from "./engine.ts";
import { entries } from "./entries.ts";
import { exits } from "./exits.ts";
import { histories } from "./history.ts";
import type { Profile } from "./people.ts";
import { runCounts } from "./run-counts.ts";
import { runList } from "./run-list.ts";
import { runStates } from "./run-states.ts";
import { shapes } from "./shapes.ts";
import type { Tables } from "./tables.ts";

export type RunState = Tables["runs"]["state"];

export interface NewRun {
  transactionId: string;
  workflow: string;
  distinctId: string;
  /** ISO 8601 */
  occurredAt: string;
}

/** A run that Novu has and that has not ended. */
export interface OpenRun extends Pick<NewRun, "workflow" | "distinctId"> {
  /** When Novu accepted the trigger. */
  enteredAt: number;
}

/** The place of an exit among those of its workflow. */
export interface ExitCursor {
  /** ISO 8601 */
  occurredAt: string;
  distinctId: string;
  eventUuid: string;
}

/** The runs and messages of one workflow in a period. */
export interface WorkflowCounts {
  workflow: string;
  /** Runs whose trigger Novu accepted. */
  entered: number;
  sent: number;
  skipped: number;
  failed: number;
}

export interface Runs {
  /** Whether a run may begin under its workflow's limit; the first that asks may, and still may when it asks again. */
  enter(run: NewRun, limit: EntryLimit): Promise<boolean>;
  /** Inserts a run whose trigger did not come from here; answers whether it was here already, for this person or another one. */
  insertForeign(run: NewRun): Promise<"new" | "known" | "of another person">;
  findState(transactionId: string): Promise<RunState | null>;
  /** Null for a run that is not open. */
  findOpen(transactionId: string): Promise<OpenRun | null>;
  /**
   * Other runs of a run's person and workflow that are open, or failed since it began, and that Novu accepted
   * before that time; the earliest first, ten at most.
   */
  listBeside(
    run: OpenRun & { transactionId: string; before: number },
  ): Promise<Array<{ transactionId: string; enteredAt: number; isLost: boolean }>>;
  /**
   * The name of an exit event of this person that ends this run, whose event happened at `since`; null when there
   * is none. An exit ends a run when it happened no earlier, or up to two minutes earlier and arrived later.
   */
  findExitSince(query: {
    workflow: string;
    distinctId: string;
    transactionId: string;
    since: string;
  }): Promise<string | null>;
  /** Marks the runs that an exit ends, and answers their transaction ids; the same ones again until `markExited`. */
  markExiting(exit: Exit): Promise<string[]>;
  /** Novu has cancelled this run. */
  markExited(transactionId: string): Promise<void>;
  /** A limit of the workflow does not let this run begin. */
  markNotStarted(transactionId: string): Promise<void>;
  /** Novu has accepted the trigger; `exited` if an exit event of the person came meanwhile. */
  markStarted(transactionId: string, shape?: string | null): Promise<"in progress" | "exited">;
  /** Ends an open run of which Novu sends nothing more; answers whether it was open. */
  close(transactionId: string, as: "finished" | "failed"): Promise<boolean>;
  /** Saves the recipient of a trigger that Novu has not answered, to send the same one again; until Novu refuses it. */
  saveRecipient(trigger: { transactionId: string; refusals: number; recipient: Profile }): Promise<void>;
  /** Null when none was saved since that number of refusals. */
  findRecipient(trigger: { transactionId: string; refusals: number }): Promise<Profile | null>;

  /** The code of this process has these now. */
  saveShapes(shapes: Array<{ id: string; shape: Shape }>): Promise<void>;
  findShape(id: string): Promise<Shape | null>;
  /** The shape of a run's workflow at its trigger; null where it is not known. */
  findShapeOf(transactionId: string): Promise<Shape | null>;
  /** Every shape of a workflow, the one that was last in the code first. */
  listShapes(workflow: string): Promise<Shape[]>;

  /** The last exits of these people from a workflow, ISO 8601 by distinct id; without people that have none. */
  findLastExits(query: { workflow: string; distinctIds: string[] }): Promise<Map<string, string>>;
  /**
   * Of up to `limit` exits of a workflow, from `from` until just before `until`, ISO 8601, those that were their
   * person's last one; a person twice when two were at that moment. `next` is what to go on `after`, null at the end.
   */
  listAbsent(query: {
    workflow: string;
    from: string;
    until: string;
    after: ExitCursor | null;
    limit: number;
  }): Promise<{ people: Array<{ distinctId: string; lastSeenAt: string }>; next: ExitCursor | null }>;
  /** When a person started a workflow by this event, within a time, both ends included; ISO 8601, earliest first. */
  listOccurrences(query: {
    distinctId: string;
    workflow: string;
    eventName: string;
    from: string;
    to: string;
  }): Promise<string[]>;

  /** Newest first, by when their event happened. */
  list(query: RunQuery): Promise<RunRecord[]>;
  /** One run, or the newest runs of a person in one workflow or all; empty lists where there is nothing. */
  history(of: { transactionId: string } | { distinctId: string; workflow?: string | undefined }): Promise<History>;
  countOutcomes(since: number): Promise<WorkflowOutcomes[]>;
  countByWorkflow(since: number): Promise<WorkflowCounts[]>;
  /** How many runs have ended at Novu before their last message. */
  countLost(since: number): Promise<number>;
}

export function runs(parts: Parts): Runs {
  return {
    ...runStates(parts),
    ...exits(parts),
    ...entries(parts),
    ...shapes(parts),
    ...runList(parts),
    ...histories(parts),
    ...runCounts(parts),
  };
}
