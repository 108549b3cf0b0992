import type { Decision } from "../../contracts/decision.ts";
import type { EntryLimit, Recipient, Start } from "../../contracts/routing.ts";
import { type Run, withoutEventEmail } from "../../contracts/run.ts";
import { RetryLaterError, StoppingError, UnavailableError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Recipients } from "../recipients.ts";
import type { Subscribers } from "../subscribers.ts";
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
  /** When this event of the person started the workflow, earliest first. */
  listOccurrences(query: {
    distinctId: string;
    workflow: string;
    eventName: string;
    from: string;
    to: string;
  }): Promise<string[]>;
  /** Whether the entry limit lets the run begin. Once true, the answer stays true for this run. */
  enter(run: Run & { workflow: string }, limit: EntryLimit): Promise<boolean>;
  /** Whether another id of this person has a run of the same event and workflow, which goes first. */
  hasOtherOfEvent(run: Run & { workflow: string }): Promise<boolean>;
  markNotStarted(transactionId: string): Promise<void>;
  /** Saves the recipient of a trigger that Novu may have received, for the next attempt. */
  saveRecipient(trigger: { transactionId: string; refusals: number; recipient: Recipient }): Promise<void>;
}

/**
 * Starts a run at Novu. The start and the exit of a run may be handled in any order, and at the same time. So a start
 * checks for an exit before and after its call to Novu, and no run stays open after its exit.
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
  /** Whether a job is due that may merge another id with this one. */
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
    // An earlier attempt saved this state, and its process was killed before the job was complete.
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
    const { subscriber, occurredAt } = recipient;
    // Reading the recipient takes time in which the person may be deleted.
    if (subscriber !== start.to && (await runs.findState(run.transactionId)) === null) return;
    await pace();
    await triggerTo(recipient, start, attempt);
    const [outcome] = await Promise.all([
      runs.markStarted(run.transactionId, workflow),
      subscribers.saveSent({ subscriber, occurredAt }, sentBefore),
    ]);
    if (outcome === "exited") await runEnds.cancel({ ...run, workflow });
  };

  async function triggerTo(recipient: Recipient, start: Start, { refusals }: Pick<JobAttempt, "refusals">) {
    const { workflow, run } = start;
    const { transactionId, eventUuid } = run;
    // Novu repeats its answer to the same key, also an error. So the key changes after an error, and stays the same
    // when no answer came.
    const idempotencyKey = refusals === 0 ? transactionId : `${transactionId}:${refusals}`;
    try {
      await trigger(
        { ...start, run: recipient.hasEmail ? withoutEventEmail(run) : run, to: recipient.subscriber },
        idempotencyKey,
      );
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
    if (await isJoining(distinctId)) throw new RetryLaterError("a merge may add another id to this person", again);
    await runs.markNotStarted(transactionId);
  }

  /** Why a run must not start any more; null when it may. */
  async function objectionTo({
    run,
    workflow,
    startBy,
    isOneOfSeveral,
  }: Start): Promise<Pick<Decision, "reason" | "detail"> | null> {
    const { distinctId, transactionId, occurredAt: since } = run;
    const exitEvent = await runs.findExitSince({ workflow, distinctId, transactionId, since });
    if (exitEvent !== null) return { reason: "exited", detail: exitEvent };
    if (isOneOfSeveral && (await runs.hasOtherOfEvent({ ...run, workflow })))
      return { reason: "entered before", detail: "by another id in the same event" };
    const isLate = startBy !== null && now() > Date.parse(startBy);
    return isLate ? { reason: "too late", detail: `${run.eventName} happened at ${run.occurredAt}` } : null;
  }

  /**
   * Whether the event happened often enough within the period. Events may arrive in any order, and the event that
   * arrives last finds all of them.
   */
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

/** Whether Novu may have received the trigger. If so, the next attempt has the same key and the same recipient. */
function mayHaveArrived(error: unknown): boolean {
  if (error instanceof StoppingError) return false;
  return (error instanceof UnavailableError || error instanceof RetryLaterError) && !error.answered;
}
