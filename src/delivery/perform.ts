import type { Decision } from "../contracts/decision.ts";
import type { Exit, Start } from "../contracts/notification.ts";
import type { NovuAnswer } from "../contracts/novu-answer.ts";
import type { Run } from "../contracts/run.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import type { Log } from "../lib/log.ts";
import { verdictOn } from "./verdict.ts";
import type { Job } from "./worker.ts";

/** Where the runs' facts are kept. */
interface Runs {
  exitSince(query: { workflow: string; distinctId: string; since: string }): Promise<string | null>;
  endRuns(exit: Exit): Promise<string[]>;
  markLeft(transactionId: string): Promise<void>;
  markStarted(transactionId: string): Promise<"started" | "left">;
  decidedSteps(transactionId: string): Promise<string[]>;
  decide(decision: Decision, options: { ifOpen: boolean }): Promise<void>;
}

/**
 * Does one piece of work at Novu or PostHog; throws when it is to be tried again. Starts and exits
 * of one person may come in any order and side by side: each looks at the facts before and after
 * its call, so that a person who has left ends up with no run.
 */
export function createPerform({
  novu,
  runs,
  report,
  sendingSteps,
  pace,
  now,
  log,
}: {
  novu: {
    trigger(start: Start, idempotencyKey: string): Promise<NovuAnswer>;
    cancel(transactionId: string): Promise<NovuAnswer>;
  };
  runs: Runs;
  report: (decision: Decision) => Promise<void>;
  sendingSteps: (workflow: string) => SendingStep[];
  /** Resolves when Novu's rate limit has room for one more trigger. */
  pace: () => Promise<void>;
  now: () => number;
  log: Log;
}): (job: Job) => Promise<void> {
  return async (job) => {
    const { kind, body } = job.work;
    if (kind === "start") await start(body, job);
    else if (kind === "exit") await exit(body);
    else await report(body);
  };

  async function start(start: Start, { refusals }: Job): Promise<void> {
    const { run, workflow } = start;
    const exitEvent = await runs.exitSince({ workflow, distinctId: run.distinctId, since: run.occurredAt });
    if (exitEvent !== null) return end(run, workflow, { reason: "left", detail: exitEvent });
    if (start.startBy !== null && now() > Date.parse(start.startBy)) {
      return end(run, workflow, { reason: "too late", detail: `${run.eventName} happened at ${run.occurredAt}` });
    }

    // Novu remembers an answer by this key, errors too. After a no the key must differ; after silence it must not.
    const idempotencyKey = refusals === 0 ? run.transactionId : `${run.transactionId}:${refusals}`;
    await pace();
    throwIfAny(verdictOn(await novu.trigger(start, idempotencyKey), workflow));
    log.info({
      stop: "delivery",
      outcome: "triggered",
      workflow,
      transactionId: run.transactionId,
      eventUuid: run.eventUuid,
    });

    const state = await runs.markStarted(run.transactionId);
    if (state === "left") throwIfAny(verdictOn(await novu.cancel(run.transactionId), workflow));
  }

  async function exit(exit: Exit): Promise<void> {
    for (const transactionId of await runs.endRuns(exit)) {
      await end({ ...exit, transactionId }, exit.workflow, { reason: "left", detail: exit.eventName });
    }
  }

  /**
   * Ends a run, and notes why the rest of its messages are not sent. Novu is told unless the run is
   * over, even if it seems never to have begun: an earlier try may have reached Novu although its
   * answer never reached us.
   */
  async function end(
    { transactionId, distinctId }: Pick<Run, "transactionId" | "distinctId">,
    workflow: string,
    why: Pick<Decision, "reason" | "detail">,
  ): Promise<void> {
    const decided = await runs.decidedSteps(transactionId);
    const open = sendingSteps(workflow).filter(({ step }) => !decided.includes(step));
    if (open.length > 0) {
      throwIfAny(verdictOn(await novu.cancel(transactionId), workflow));
      log.info({ stop: "delivery", outcome: "ended", workflow, transactionId, ...why });
    }

    const facts = { transactionId, distinctId, workflow, outcome: "skipped", ...why, personSource: null } as const;
    for (const step of open) {
      await runs.decide({ ...facts, ...step, decidedAt: new Date(now()).toISOString() }, { ifOpen: true });
    }
    await runs.markLeft(transactionId);
  }
}

function throwIfAny(trouble: Error | null): void {
  if (trouble !== null) throw trouble;
}
