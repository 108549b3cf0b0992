import { type Decision, isFinal, NOTHING_COMPOSED } from "../../contracts/decision.ts";
import { CALL_WITHIN_MS, type Overdue } from "../../contracts/job.ts";
import type { NovuJobRecord } from "../../contracts/novu.ts";
import { atNovu, LONGEST_RUN_MS, type RunKey } from "../../contracts/run.ts";
import type { SendingStep } from "../../contracts/workflow.ts";
import { DAY_MS, HOUR_MS } from "../../lib/durations.ts";
import type { Log } from "../../lib/log.ts";
import { isMerged, isOpen, type NovuResult, resultOfStep } from "../novu-result.ts";
import type { NovuRuns } from "./receipt.ts";

/** The time until the next check, when the end of the wait is not known. */
const CHECK_AGAIN_MS = 6 * HOUR_MS;
/** A run that is too old for Novu's activity feed counts as lost this long after its wait. */
const GIVEN_UP_AFTER_MS = DAY_MS;
/** A digest puts a run into an earlier run at Novu. Here, the `enteredAt` of the earlier run may be this much later. */
const INSERTED_WITHIN_MS = HOUR_MS;

/** Reasons that do not come from a result at Novu, so a late bridge call may still decide. */
const IS_OURS = new Set<Decision["reason"]>(["lost at Novu", "added later", "digested"]);

interface OpenRun {
  workflow: string;
  distinctId: string;
  /** When Novu accepted the trigger, in milliseconds since 1970. */
  enteredAt: number;
  /** The part that was triggered last. */
  part: number;
}

interface RunBeside extends Pick<OpenRun, "enteredAt" | "part"> {
  transactionId: string;
  isLost: boolean;
}

export interface OverdueRuns {
  /** Null when the run has ended, or not begun. */
  findOpen(transactionId: string): Promise<OpenRun | null>;
  /** When the run's next part is due, in milliseconds since 1970; null if the run does not wait for an event. */
  findNextPart(run: RunKey): Promise<number | null>;
  close(transactionId: string, as: "finished" | "failed"): Promise<boolean>;
  /** Other runs of the same person and workflow that are open, or were lost since this run began. */
  listBeside(run: OpenRun & { transactionId: string; before: number }): Promise<RunBeside[]>;
}

/**
 * Checks a run whose next bridge call is overdue. A run that still waits at Novu is checked again later. For a run that
 * is over, the missing decisions are saved with Novu's results. Throws when Novu does not answer.
 */
export function createOverdue({
  novuRuns,
  runs,
  decisionsOf,
  record,
  checkAgainAt,
  stepsOfRun,
  feedMs,
  onLost,
  now,
  log,
}: {
  novuRuns: Pick<NovuRuns, "jobsOf">;
  runs: OverdueRuns;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  /** Saves a decision where there is none; does not end the run. */
  record(decision: Decision): Promise<unknown>;
  checkAgainAt(overdue: Overdue, at: number): Promise<void>;
  /** The steps that the workflow had when the run started. */
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  /** How long Novu's plan lists a run after its trigger. */
  feedMs: number;
  onLost(workflow: string): void;
  now: () => number;
  log: Log;
}) {
  return async (overdue: Overdue): Promise<void> => {
    const { transactionId } = overdue;
    const run = await runs.findOpen(transactionId);
    if (run === null) return;
    const { workflow } = run;
    const nextPartAt = await runs.findNextPart({ ...run, transactionId });
    if (nextPartAt !== null && now() < run.enteredAt + LONGEST_RUN_MS)
      return checkAgainAt(overdue, Math.max(nextPartAt, now()) + CALL_WITHIN_MS);
    const there = atNovu({ ...run, transactionId });
    // The id of the run at Novu is not known, so Novu cannot be asked about it.
    if (there === null) return void (await runs.close(transactionId, "finished"));
    const jobs = await novuRuns.jobsOf(there);
    const beside = await runs.listBeside({ ...run, transactionId, before: run.enteredAt + INSERTED_WITHIN_MS });
    const againAt = await nextCheckAt(overdue, run, { jobs, beside });
    if (againAt !== null) return checkAgainAt(overdue, againAt);

    const missing = await missingDecisions({ ...run, transactionId }, { jobs, beside });
    for (const decision of missing) await record(decision);
    const [failed] = missing.filter(({ outcome }) => outcome === "failed");
    if (!(await runs.close(transactionId, failed ? "failed" : "finished")) || failed === undefined) return;
    onLost(workflow);
    log.error({ component: "outbox", outcome: "lost at Novu", workflow, transactionId, why: failed.detail });
  };

  /** Null when the run is over, or counts as lost. */
  async function nextCheckAt(
    { waitEndsAt }: Overdue,
    { enteredAt, ...run }: OpenRun,
    { jobs, beside }: { jobs: NovuJobRecord[]; beside: RunBeside[] },
  ): Promise<number | null> {
    const due = (waitEndsAt === undefined ? enteredAt : Date.parse(waitEndsAt)) + CALL_WITHIN_MS;
    const at = due > now() ? due : now() + CHECK_AGAIN_MS;
    if (now() >= enteredAt + LONGEST_RUN_MS) return null;
    if (jobs.length > 0 && !isMerged(jobs)) return jobs.some(isOpen) ? at : null;
    if (jobs.length === 0) {
      // Novu does not list a run that is older than its plan's activity feed, even while it waits.
      if (now() - enteredAt < feedMs) return null;
      if (now() < due + GIVEN_UP_AFTER_MS) return at;
    }
    for (const other of beside) if (!other.isLost && (await mayCarry(other, { ...run, enteredAt }))) return at;
    return null;
  }

  /** Whether a digest may have put the run into `other`, which is still in progress. */
  async function mayCarry({ transactionId, ...other }: RunBeside, run: OpenRun): Promise<boolean> {
    const there = atNovu({ ...run, transactionId });
    if (there === null) return false;
    const jobs = await novuRuns.jobsOf(there);
    // Novu lists neither run any more. A digest puts a run only into an earlier run.
    if (jobs.length === 0) return other.enteredAt <= run.enteredAt;
    return jobs.some(isOpen) && !isMerged(jobs);
  }

  async function missingDecisions(
    run: OpenRun & { transactionId: string },
    { jobs, beside }: { jobs: NovuJobRecord[]; beside: RunBeside[] },
  ): Promise<Decision[]> {
    const decided = await decisionsOf([run.transactionId]);
    const isCarrierLost = beside.some(({ isLost }) => isLost);
    return (await stepsOfRun(run.transactionId, run.workflow)).flatMap(({ step, channel }) => {
      const before = decided.find((one) => one.step === step);
      if (before !== undefined && isFinal(before)) return [];
      const result = resultOfStep({ step, channel }, jobs, { isCarrierLost });
      // Novu does not call the step again, so the saved failure stays valid.
      if (before !== undefined && result.outcome !== "sent") return [{ ...before, receipt: "corrected" as const }];
      return [decisionOf(run, { step, channel }, result)];
    });
  }

  function decisionOf(
    { transactionId, workflow, distinctId }: OpenRun & { transactionId: string },
    step: Pick<SendingStep, "step" | "channel">,
    result: NovuResult,
  ): Decision {
    return {
      ...{ transactionId, workflow, distinctId, ...step, ...result, ...NOTHING_COMPOSED },
      ...(IS_OURS.has(result.reason) ? {} : { receipt: result.outcome === "sent" ? "confirmed" : "corrected" }),
      decidedAt: new Date(now()).toISOString(),
    };
  }
}
