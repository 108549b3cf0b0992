import { isChannel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import type { RunQuery, RunRecord } from "../contracts/history.ts";
import { runIdsOf, transactionIdOf } from "../contracts/run.ts";
import { isOver, type NovuRun } from "./local-novu/state.ts";

/** The effects of one event, for `npm run event`. */
export interface EventEffects {
  started: StartedRun[];
  /** The workflows of the runs that the event ended. */
  ended: string[];
  /** The names of the events that can have an effect, of both sources. */
  names: string[];
}

export interface StartedRun {
  workflow: string;
  /** False if Novu has not started the run; the decisions have the reason. */
  isStarted: boolean;
  distinctId: string;
  /** "sent", or the reason why the message was not sent. */
  decided: Array<{ step: string; channel: string; result: string }>;
  /** The next message, and the earliest time at which it is due, in milliseconds since 1970; null if none is left. */
  next: { step: string; channel: string; notBefore: number } | null;
}

const MOST_RUNS = 100;

/** Reads the runs that this event started and ended. */
export async function effectsOf(
  eventUuid: string,
  {
    listRuns,
    listDecisions,
    novuRuns,
    workflowIds,
    names,
    now,
  }: {
    listRuns(query: RunQuery): Promise<RunRecord[]>;
    listDecisions(transactionIds: string[]): Promise<Decision[]>;
    /** The runs at the local Novu. */
    novuRuns: NovuRun[];
    workflowIds: string[];
    names: string[];
    now: number;
  },
): Promise<EventEffects> {
  const transactionIds = workflowIds.map((id) => transactionIdOf(eventUuid, id));
  const about = { distinctId: "", transactionIds, eventUuid };
  const runs = await listRuns({ limit: MOST_RUNS, about });
  const started = runs.filter((run) => run.eventUuid === eventUuid);
  const ended = runs
    .filter((run) => run.eventUuid !== eventUuid && run.status === "exited")
    .map(({ workflow }) => workflow);
  const decisions = await listDecisions(started.map(({ transactionId }) => transactionId));
  return { started: started.map(detailsOf), ended, names };

  function detailsOf({ transactionId, workflow, distinctId, status }: RunRecord): StartedRun {
    const decided = decisions
      .filter((decision) => decision.transactionId === transactionId)
      .map(({ step, channel, outcome, reason, detail }) => ({
        step,
        channel,
        result: reason === null ? outcome : [reason, detail].filter(Boolean).join(": "),
      }));
    return { workflow, isStarted: status !== "not started", distinctId, decided, next: nextOf(transactionId) };
  }

  function nextOf(transactionId: string): StartedRun["next"] {
    const parts = novuRuns.filter((run) => runIdsOf(run.transactionId).includes(transactionId));
    const left = parts.flatMap(({ jobs }) => jobs).filter((job) => !isOver(job));
    const next = left.find(({ type }) => isChannel(type));
    if (next === undefined) return null;
    const notBefore = Math.max(now, ...left.map(({ wakesAt }) => wakesAt ?? 0));
    return { step: next.stepId, channel: next.type, notBefore };
  }
}
