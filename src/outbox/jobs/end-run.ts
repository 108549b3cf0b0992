import { type Decision, NOTHING_COMPOSED } from "../../contracts/decision.ts";
import type { Exit } from "../../contracts/routing.ts";
import { isOfOneJob, isTriggeredHere, partId, type RunKey } from "../../contracts/run.ts";
import type { SendingStep } from "../../contracts/workflow.ts";
import type { Log } from "../../lib/log.ts";

type RunToEnd = RunKey & {
  workflow: string;
  /** The part that was triggered last; the first one by default. */
  part?: number;
};

export interface ExitRuns {
  /** The runs that this exit ends, of any person. A later attempt gets the same runs. */
  markExiting(exit: Exit): Promise<Array<RunKey & { part: number }>>;
  markExited(transactionId: string): Promise<void>;
}

export type RunEnds = ReturnType<typeof createRunEnds>;

/**
 * Ends runs early. `exit` and `throttle` are handlers of jobs. `cancel` cancels a run at Novu, and `skip` records
 * decisions for the messages that are not sent.
 */
export function createRunEnds({
  runs,
  cancel: cancelAtNovu,
  pace,
  listDecidedSteps,
  stepsOfRun,
  decide,
  withdrawNotes,
  now,
  log,
}: {
  runs: ExitRuns;
  cancel(transactionId: string): Promise<void>;
  /** Resolves when Novu's rate limit has room for one more trigger or cancel, which Novu counts together. */
  pace(): Promise<void>;
  listDecidedSteps(transactionId: string, options?: { failed: boolean }): Promise<string[]>;
  /** The steps that the workflow had when the run started. */
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  decide(decision: Decision, options: { ifOpen: boolean }): Promise<unknown>;
  /** Schedules that the unread notes of a run are archived. */
  withdrawNotes(run: RunToEnd): Promise<void>;
  now: () => number;
  log: Log;
}) {
  return { exit, throttle, cancel, skip };

  async function exit(exit: Exit): Promise<void> {
    const { workflow, eventName } = exit;
    for (const { transactionId, distinctId, part } of await runs.markExiting(exit)) {
      const run = { transactionId, workflow, distinctId, part };
      // Only our own trigger is cancelled: Novu cancels a trigger for all its subscribers, and another system's trigger
      // may have several subscribers.
      if ((part > 0 || isTriggeredHere(run)) && (await openSteps(run)).length > 0) await cancel(run);
      await skip(run, { reason: "exited", detail: eventName });
      await withdrawNotes(run);
      await runs.markExited(transactionId);
    }
  }

  /**
   * Records that Novu ended a run at a throttle, if Novu has called no step after the throttle. Novu does not report
   * that a throttle ended a run.
   */
  async function throttle(run: RunToEnd): Promise<void> {
    if (isOfOneJob(run)) return;
    const called = await listDecidedSteps(run.transactionId, { failed: true });
    const steps = await stepsOfRun(run.transactionId, run.workflow);
    if (steps.some(({ step, isThrottled }) => isThrottled && called.includes(step))) return;
    await skip(run, { reason: "throttled", detail: null });
  }

  async function cancel({ transactionId, workflow, part = 0 }: RunToEnd): Promise<void> {
    await pace();
    await cancelAtNovu(partId(transactionId, part));
    log.info({ component: "outbox", outcome: "cancelled", workflow, transactionId });
  }

  /** Records why the run's remaining messages are not sent. */
  async function skip(run: RunToEnd, why: Pick<Decision, "reason" | "detail">): Promise<void> {
    const { transactionId, distinctId, workflow } = run;
    const facts = { transactionId, distinctId, workflow, outcome: "skipped", ...why, ...NOTHING_COMPOSED } as const;
    for (const { step, channel } of await openSteps(run))
      await decide({ ...facts, step, channel, decidedAt: new Date(now()).toISOString() }, { ifOpen: true });
  }

  /** The sending steps without a decision. */
  async function openSteps({ transactionId, workflow }: RunToEnd): Promise<SendingStep[]> {
    const decided = await listDecidedSteps(transactionId);
    const steps = await stepsOfRun(transactionId, workflow);
    return steps.filter(({ step }) => !decided.includes(step));
  }
}
