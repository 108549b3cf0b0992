import { type Decision, isFinal, NOTHING_COMPOSED } from "../contracts/decision.ts";
import { HEARD_WITHIN_MS, type Overdue } from "../contracts/job.ts";
import type { NovuJobRecord } from "../contracts/novu-activity.ts";
import { atNovu, LONGEST_RUN_MS } from "../contracts/run.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { DAY_MS, HOUR_MS } from "../lib/durations.ts";
import type { Log } from "../lib/log.ts";
import type { AskNovu } from "./ask-novu.ts";
import { isOpen, jobOf, type Word, wordOfJob } from "./receipt.ts";

/** Where it is not known when the wait ends. */
const LOOK_AGAIN_MS = 6 * HOUR_MS;
/** So long after a wait a run is given up of which Novu tells nothing because of its age. */
const GIVEN_UP_AFTER_MS = DAY_MS;

/** The run that a digest has taken another one into may be noted here a little later than that one. */
const NOTED_WITHIN_MS = HOUR_MS;

/** Decisions that no word of Novu's on a message stands behind, so that a call which comes after all is served. */
const IS_OURS = new Set<Decision["reason"]>(["lost at Novu", "added later", "digested"]);

interface OpenRun {
  workflow: string;
  distinctId: string;
  /** When Novu took it on, in milliseconds since 1970. */
  enteredAt: number;
}

interface RunBeside {
  transactionId: string;
  enteredAt: number;
  isLost: boolean;
}

const LOST_WITH_MAIN: Word = {
  outcome: "failed",
  reason: "lost at Novu",
  detail: "the run that a digest took this one into was lost",
};

/**
 * Looks what became of a run of which something must have been heard by now: one that still waits at Novu is
 * looked at again, and of one that is over the missing decisions are noted, in Novu's words. Throws when Novu
 * does not answer.
 */
export function createOverdue({
  ask,
  openRun,
  closeRun,
  runsBeside,
  decisionsOf,
  record,
  lookAgainAt,
  stepsOfRun,
  feedMs,
  onLost,
  now,
  log,
}: {
  ask: Pick<AskNovu, "jobsOf">;
  /** Null when the run has ended, or not begun. */
  openRun(transactionId: string): Promise<OpenRun | null>;
  closeRun(transactionId: string, as: "finished" | "failed"): Promise<boolean>;
  /** Other runs of the same person and workflow that are open, or were lost since this one began. */
  runsBeside(run: OpenRun & { transactionId: string; before: number }): Promise<RunBeside[]>;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  /** Notes a decision where none was made, which does not end the run. */
  record(decision: Decision): Promise<unknown>;
  lookAgainAt(overdue: Overdue, at: number): Promise<void>;
  /** Of the code that the run began with. */
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  /** How long Novu's plan tells of a run after its trigger. */
  feedMs: number;
  onLost(workflow: string): void;
  now: () => number;
  log: Log;
}) {
  return async (overdue: Overdue): Promise<void> => {
    const { transactionId } = overdue;
    const run = await openRun(transactionId);
    if (run === null) return;
    const { workflow } = run;
    const there = atNovu({ ...run, transactionId });
    // Novu has no such run, and nothing else is to be heard of it.
    if (there === null) return void (await closeRun(transactionId, "finished"));
    const jobs = await ask.jobsOf(there);
    const beside = await runsBeside({ ...run, transactionId, before: run.enteredAt + NOTED_WITHIN_MS });
    const againAt = await nextLookAt(overdue, run, { jobs, beside });
    if (againAt !== null) return lookAgainAt(overdue, againAt);

    const decided = await decisionsOf([transactionId]);
    const missing = (await stepsOfRun(transactionId, workflow)).flatMap(({ step, channel }) => {
      const before = decided.find((one) => one.step === step);
      if (before !== undefined && isFinal(before)) return [];
      const word = wordOn({ step, channel }, { jobs, beside });
      // Novu asks for it no more, so the failure that was noted stands.
      if (before !== undefined && word.outcome !== "sent") return [{ ...before, receipt: "corrected" as const }];
      return [decisionOf({ ...run, transactionId }, { step, channel }, word)];
    });
    for (const decision of missing) await record(decision);

    const [failed] = missing.filter(({ outcome }) => outcome === "failed");
    if (!(await closeRun(transactionId, failed ? "failed" : "finished")) || failed === undefined) return;
    onLost(workflow);
    const why = failed.detail;
    log.error({ component: "outbox", outcome: "lost at Novu", workflow, transactionId, why });
  };

  /** Null when the run is over, or has to be. */
  async function nextLookAt(
    { waitEndsAt }: Overdue,
    { enteredAt, ...run }: OpenRun,
    { jobs, beside }: { jobs: NovuJobRecord[]; beside: RunBeside[] },
  ): Promise<number | null> {
    const due = (waitEndsAt === undefined ? enteredAt : Date.parse(waitEndsAt)) + HEARD_WITHIN_MS;
    const at = due > now() ? due : now() + LOOK_AGAIN_MS;
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

  /** Whether a digest may have taken the run into another one, which is still in progress. */
  async function mayCarry({ transactionId, ...other }: RunBeside, run: OpenRun): Promise<boolean> {
    const there = atNovu({ ...run, transactionId });
    if (there === null) return false;
    const jobs = await ask.jobsOf(there);
    // Of two that Novu lists no more, the later one does not carry the earlier.
    if (jobs.length === 0) return other.enteredAt <= run.enteredAt;
    return jobs.some(isOpen) && !isMerged(jobs);
  }

  function decisionOf(
    { transactionId, workflow, distinctId }: OpenRun & { transactionId: string },
    step: Pick<SendingStep, "step" | "channel">,
    word: Word,
  ): Decision {
    return {
      ...{ transactionId, workflow, distinctId, ...step, ...word, ...NOTHING_COMPOSED },
      ...(IS_OURS.has(word.reason) ? {} : { receipt: word.outcome === "sent" ? "confirmed" : "corrected" }),
      decidedAt: new Date(now()).toISOString(),
    };
  }
}

/** Whether a digest has put the run into another one, which says its messages, so that it does not go on by itself. */
function isMerged(jobs: NovuJobRecord[]): boolean {
  const open = jobs.filter(isOpen);
  return open.length > 0 && open.every(({ status }) => status === "merged");
}

function wordOn(
  step: Pick<SendingStep, "step" | "channel">,
  { jobs, beside }: { jobs: NovuJobRecord[]; beside: RunBeside[] },
): Word {
  if (jobs.length === 0)
    return { outcome: "failed", reason: "lost at Novu", detail: "Novu took the trigger and has no such run" };
  const job = jobOf(step, jobs);
  // The steps of a run are fixed at its trigger.
  if (job === null) return { outcome: "skipped", reason: "added later", detail: null };
  if (job.status === "merged")
    return beside.some(({ isLost }) => isLost)
      ? LOST_WITH_MAIN
      : { outcome: "skipped", reason: "digested", detail: null };
  if (job.details.length > 0 || job.status === "completed") return wordOfJob(job);
  const before = jobs.slice(0, jobs.indexOf(job));
  const cause = before.findLast(({ status, details }) => status === "failed" && details.length > 0);
  const word = wordOfJob(cause ?? job);
  return cause === undefined ? word : { ...word, detail: `${cause.step ?? cause.type}: ${word.detail}` };
}
