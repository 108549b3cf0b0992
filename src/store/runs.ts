import type { Decision } from "../contracts/decision.ts";
import type { NextPart, WaitResult } from "../contracts/event-wait.ts";
import type { ExitRecord, History, RunQuery, RunRecord, WorkflowOutcomes } from "../contracts/history.ts";
import type { EntryLimit, Exit, Recipient } from "../contracts/routing.ts";
import type { RunKey } from "../contracts/run.ts";
import type { Shape } from "../contracts/workflow.ts";
import { allPeople } from "./all-people.ts";
import type { Parts } from "./engine.ts";
import { entries } from "./entries.ts";
import { eventWaits } from "./event-waits.ts";
import { exits } from "./exits.ts";
import { histories } from "./history.ts";
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
  /** The number of the part that was triggered last (`partOf`). */
  part: number;
}

/** The position of an exit in the list of exits from a workflow. */
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
  /** Whether a run may begin under the entry limit of its workflow. Once true, the answer stays true for this run. */
  enter(run: NewRun, limit: EntryLimit): Promise<boolean>;
  /** Whether another id of this person has a run of the same event and workflow, which goes first. */
  hasOtherOfEvent(
    run: Pick<NewRun, "transactionId" | "workflow" | "distinctId"> & { eventUuid: string },
  ): Promise<boolean>;
  /** Inserts a run that another system triggered, unless the store has the run already, for this or another person. */
  insertForeign(run: NewRun): Promise<"new" | "known" | "of another person">;
  findState(transactionId: string): Promise<RunState | null>;
  /** Null for a run that is not open. */
  findOpen(transactionId: string): Promise<OpenRun | null>;
  /**
   * Other runs of the same person and workflow that Novu accepted before `before`, and that are open or have failed
   * since this run began. The earliest come first; ten at most.
   */
  listBeside(
    run: OpenRun & { transactionId: string; before: number },
  ): Promise<Array<Pick<OpenRun, "enteredAt" | "part"> & { transactionId: string; isLost: boolean }>>;
  /**
   * The name of an exit event that ends this run; null when there is none. The event of the run happened at `since`. An
   * exit ends the run when it happened at `since` or later, or up to two minutes earlier and arrived later, and when it
   * matches the run (src/contracts/exit-match.ts).
   */
  findExitSince(query: {
    workflow: string;
    distinctId: string;
    transactionId: string;
    since: string;
  }): Promise<string | null>;
  /** Marks the runs that an exit ends, of any person, and answers them. Until `markExited`, it answers them again. */
  markExiting(exit: Exit): Promise<Array<RunKey & { part: number }>>;
  /** Novu has cancelled this run. */
  markExited(transactionId: string): Promise<void>;
  /** A limit of the workflow does not let this run begin. */
  markNotStarted(transactionId: string): Promise<void>;
  /** Novu has accepted the trigger. Answers `exited` if an exit event of the person came meanwhile. */
  markStarted(transactionId: string, shape?: string | null): Promise<"in progress" | "exited">;
  /**
   * Begins the wait of a run for an event: its next part is due when the wait ends, or now if the event has come.
   * Without effect if the wait has begun, or has ended. Answers false if it has ended.
   */
  beginWait(next: NextPart): Promise<boolean>;
  /** As `beginWait`, for a next part that a worker runs. */
  waitAgain(next: NextPart): Promise<void>;
  /** Makes the next part due of each run whose wait this event ends. */
  endWaits(awaited: Exit): Promise<void>;
  /** Saves the result of a wait, and answers the result that was saved first. */
  saveWait(wait: RunKey & { wait: string }, result: WaitResult): Promise<WaitResult>;
  /** Saves that a part of a run is about to be triggered. False if the run has ended, or its person was deleted. */
  beginPart(part: { transactionId: string; part: number; shape: string | null }): Promise<boolean>;
  /** When the next part of this run is due, in milliseconds since 1970; null if the run does not wait for an event. */
  findNextPart(run: RunKey): Promise<number | null>;
  /** Ends an open run for which Novu sends no more messages; answers whether the run was open. */
  close(transactionId: string, as: "finished" | "failed"): Promise<boolean>;
  /** Saves the recipient of a trigger without an answer, so that the next attempt has the same recipient. */
  saveRecipient(trigger: { transactionId: string; refusals: number; recipient: Recipient }): Promise<void>;
  /** The recipient that was saved at this number of refusals; null when there is none. */
  findRecipient(trigger: { transactionId: string; refusals: number }): Promise<Recipient | null>;

  /** Saves the shapes that the code of this process has. */
  saveShapes(shapes: Array<{ id: string; shape: Shape }>): Promise<void>;
  findShape(id: string): Promise<Shape | null>;
  /** The shape of a run's workflow at its trigger; null where it is not known. */
  findShapeOf(transactionId: string): Promise<Shape | null>;
  /** Every shape of a workflow; the shape that was last in the code comes first. */
  listShapes(workflow: string): Promise<Shape[]>;

  /** When these people last had an exit from a workflow, ISO 8601 by distinct id. People without an exit are absent. */
  findLastExits(query: { workflow: string; distinctIds: string[] }): Promise<Map<string, string>>;
  /**
   * Reads up to `limit` exits from a workflow, from `from` until just before `until`, ISO 8601. Answers the people who
   * have no later exit; a person with two exits at that moment may appear twice. `next` is the `after` of the next
   * call, null at the end.
   */
  listAbsent(query: {
    workflow: string;
    from: string;
    until: string;
    after: ExitCursor | null;
    limit: number;
  }): Promise<{ people: Array<{ distinctId: string; lastSeenAt: string }>; next: ExitCursor | null }>;
  /** When this event of a person started a workflow, from `from` to `to` inclusive; ISO 8601, earliest first. */
  listOccurrences(query: {
    distinctId: string;
    workflow: string;
    eventName: string;
    from: string;
    to: string;
  }): Promise<string[]>;

  /** Newest first, by the time of their event. */
  list(query: RunQuery): Promise<RunRecord[]>;
  /** The history of one run, or of the newest runs of a person, in one workflow or in all. */
  history(of: { transactionId: string } | { distinctId: string; workflow?: string | undefined }): Promise<History>;
  /** The distinct ids after `after` that have a run, in order; at most `limit`. */
  listDistinctIds(query: { after: string; limit: number }): Promise<string[]>;
  /** All distinct ids of the person of each of these ids, the id itself included. */
  findMergedIds(distinctIds: string[]): Promise<Map<string, string[]>>;
  /** The runs of these ids with their decisions, and the exits, each oldest first; hundreds of ids at most. */
  listOf(distinctIds: string[]): Promise<{ runs: RunRecord[]; exits: ExitRecord[]; decisions: Decision[] }>;
  /**
   * A change of something older may be counted later: of a decision after an hour at most, and of a run after seconds
   * where very many runs began in the same hours.
   */
  countOutcomes(since: number): Promise<WorkflowOutcomes[]>;
  countByWorkflow(since: number): Promise<WorkflowCounts[]>;
  /** How many runs have ended at Novu before their last message. */
  countLost(since: number): Promise<number>;
}

export function runs(parts: Parts): Runs {
  return {
    ...runStates(parts),
    ...exits(parts),
    ...eventWaits(parts),
    ...entries(parts),
    ...shapes(parts),
    ...runList(parts),
    ...histories(parts),
    ...allPeople(parts),
    ...runCounts(parts),
  };
}
