import type { Decision } from "../../contracts/decision.ts";
import type { EntryLimit, Start } from "../../contracts/routing.ts";
import type { Run } from "../../contracts/run.ts";
import { RetryLaterError, StoppingError, UnavailableError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Recipients } from "../recipients.ts";
import type { Profiled, Subscribers } from "../subscribers.ts";
import type { JobAttempt } from "../worker.ts";
import type { RunEnds } from "./end-run.ts";

const CHECK_AGAIN_MS = 1_000;

type OfRun = Pick<Run, "distinctId" | "transactionId"> & { workflow: string };

export interface StartRuns {
  /** The exit event of a run; null when there is none. */
  findExitSince(query: OfRun & { since: string }): Promise<string | null>;
  /** Null when there is no such run. */
  findState(transactionId: string): Promise<string | null>;
  markStarted(transactionId: string, workflow: string): Promise<"in progress" | "exited">;
  /** The times at which the person did this, earliest first. */
  listOccurrences(query: {
    distinctId: string;
    workflow: string;
    eventName: string;
    from: string;
    to: string;
  }): Promise<string[]>;
  /** Whether the entry limit lets the person in; once true, it stays true for this run. */
  enter(run: Run & { workflow: string }, limit: EntryLimit): Promise<boolean>;
  markNotStarted(transactionId: string): Promise<void>;
  /** Saves the recipient of a trigger that Novu may have, for the next attempt. */
  saveRecipient(trigger: { transactionId: string; refusals: number; recipient: Profiled }): Promise<void>;
}

/**
 * Starts a run at Novu. Starts and exits of one person may come in any order, and at the same time. So each reads the
 * facts before and after its call, and a person who has exited keeps no run.
 */
export function createStart({
  runs,
  isJoining,
  trigger,
  recipients,
  subscribers,
  runEnds,
  pace,
  onTriggered,
  now,
  log,
}: {
  runs: StartRuns;
  /** Whether a check at PostHog is due that may merge another id into this person. */
  isJoining(distinctId: string): Promise<boolean>;
  trigger(start: Start, idempotencyKey: string): Promise<void>;
  recipients: Recipients;
  subscribers: Subscribers;
  runEnds: Pick<RunEnds, "cancel" | "skip">;
  /** Resolves when Novu's rate limit has room for one more trigger. */
  pace(): Promise<void>;
  onTriggered(workflow: string): void;
  now: () => number;
  log: Log;
}) {
  return async function startRun(start: Start, attempt: Pick<JobAttempt, "refusals" | "isTried">): Promise<void> {
    const { run, workflow } = start;
    const [sentBefore, state, isOften, objection] = await Promise.all([
      subscribers.sentProfile(run.distinctId),
      runs.findState(run.transactionId),
      hasHappenedOften(start),
      objectionTo(start),
    ]);
    // The person was deleted while this job was in progress.
    if (state === null) return;
    // The process was killed when the run was started, or not started for a reason, and before the job was complete.
    if (state === "in progress" || state === "not started") return subscribers.sendDoubtful(sentBefore);
    if (!isOften) return markNotStarted(run);
    if (objection !== null) {
      // Novu may have accepted an earlier attempt whose answer was lost.
      await runEnds.cancel({ ...run, workflow });
      return runEnds.skip({ ...run, workflow }, objection);
    }
    if (!(await runs.enter({ ...run, workflow }, start.entry))) {
      await runEnds.skip({ ...run, workflow }, { reason: "entered before", detail: null });
      return runs.markNotStarted(run.transactionId);
    }

    const recipient = await recipients.recipientOf(start, attempt);
    // Reading the recipient takes time in which the person may be deleted.
    if (recipient.subscriber !== start.to && (await runs.findState(run.transactionId)) === null) return;
    await pace();
    await triggerTo(recipient, start, attempt);
    const [outcome] = await Promise.all([
      runs.markStarted(run.transactionId, workflow),
      subscribers.saveSent(recipient, sentBefore),
    ]);
    if (outcome === "exited") await runEnds.cancel({ ...run, workflow });
  };

  async function triggerTo(recipient: Profiled, start: Start, { refusals }: Pick<JobAttempt, "refusals">) {
    const { workflow, run } = start;
    const { transactionId, eventUuid } = run;
    // Novu saves each answer by this key, errors too. So after an error the next key differs; without an answer it is the same.
    const idempotencyKey = refusals === 0 ? transactionId : `${transactionId}:${refusals}`;
    try {
      await trigger({ ...start, to: recipient.subscriber }, idempotencyKey);
    } catch (error) {
      if (mayHaveArrived(error)) await runs.saveRecipient({ transactionId, refusals, recipient });
      throw error;
    }
    onTriggered(workflow);
    log.info({ component: "outbox", outcome: "triggered", workflow, transactionId, eventUuid });
  }

  /** The missing events may belong to another id of this person, for which a merge is due. */
  async function markNotStarted({ transactionId, distinctId }: Run): Promise<void> {
    const again = { retryAfterMs: CHECK_AGAIN_MS, answered: false };
    if (await isJoining(distinctId)) throw new RetryLaterError("another id may turn out to be this person's", again);
    await runs.markNotStarted(transactionId);
  }

  /** Why a run must not start any more; null when it may. */
  async function objectionTo({ run, workflow, startBy }: Start): Promise<Pick<Decision, "reason" | "detail"> | null> {
    const { distinctId, transactionId, occurredAt: since } = run;
    const exitEvent = await runs.findExitSince({ workflow, distinctId, transactionId, since });
    if (exitEvent !== null) return { reason: "exited", detail: exitEvent };
    const isLate = startBy !== null && now() > Date.parse(startBy);
    return isLate ? { reason: "too late", detail: `${run.eventName} happened at ${run.occurredAt}` } : null;
  }

  /** Whether the person did this often enough within the time. Events may arrive in any order; the last one to arrive finds all. */
  async function hasHappenedOften({ run, workflow, occurrence }: Start): Promise<boolean> {
    if (occurrence === null) return true;
    const { nth, withinMs } = occurrence;
    const at = Date.parse(run.occurredAt);
    const times = await runs.listOccurrences({
      distinctId: run.distinctId,
      workflow,
      eventName: run.eventName,
      from: new Date(at - withinMs).toISOString(),
      to: new Date(at + withinMs).toISOString(),
    });
    return isOftenWithin(times, nth, withinMs);
  }
}

/** Whether any `nth` of the times, earliest first, lie within `withinMs`. */
function isOftenWithin(times: string[], nth: number, withinMs: number): boolean {
  return times.some((time, index) => {
    const last = times[index + nth - 1];
    return last !== undefined && Date.parse(last) - Date.parse(time) <= withinMs;
  });
}

/** Whether Novu may have the trigger. If so, the next attempt has the same key and the same recipient. */
function mayHaveArrived(error: unknown): boolean {
  if (error instanceof StoppingError) return false;
  return (error instanceof UnavailableError || error instanceof RetryLaterError) && !error.answered;
}
