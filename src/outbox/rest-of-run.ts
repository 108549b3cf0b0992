import { type Decision, NOTHING_COMPOSED } from "../contracts/decision.ts";
import type { Run } from "../contracts/run.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import type { Log } from "../lib/log.ts";

export type RunToEnd = Pick<Run, "transactionId" | "distinctId"> & { workflow: string };

export interface RestOfRun {
  cancel(run: RunToEnd): Promise<void>;
  /** Records why the run's remaining messages are not sent. */
  skip(run: RunToEnd, why: Pick<Decision, "reason" | "detail">): Promise<void>;
  /** The sending steps without a decision. */
  openSteps(run: RunToEnd): Promise<SendingStep[]>;
}

/** The steps of a run that are still to come, when it ends early. */
export function createRestOfRun({
  cancel,
  pace,
  listDecidedSteps,
  stepsOfRun,
  decide,
  now,
  log,
}: {
  cancel(transactionId: string): Promise<void>;
  /** Resolves when Novu's rate limit has room for one more trigger or cancel, which Novu counts together. */
  pace(): Promise<void>;
  listDecidedSteps(transactionId: string): Promise<string[]>;
  /** The steps that the workflow had when the run started. */
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  decide(decision: Decision, options: { ifOpen: boolean }): Promise<unknown>;
  now: () => number;
  log: Log;
}): RestOfRun {
  return {
    async cancel({ transactionId, workflow }) {
      await pace();
      await cancel(transactionId);
      log.info({ component: "outbox", outcome: "cancelled", workflow, transactionId });
    },

    async skip({ transactionId, distinctId, workflow }, why) {
      const facts = { transactionId, distinctId, workflow, outcome: "skipped", ...why, ...NOTHING_COMPOSED } as const;
      for (const { step, channel } of await openSteps({ transactionId, workflow }))
        await decide({ ...facts, step, channel, decidedAt: new Date(now()).toISOString() }, { ifOpen: true });
    },

    openSteps,
  };

  async function openSteps({ transactionId, workflow }: Pick<RunToEnd, "transactionId" | "workflow">) {
    const decided = await listDecidedSteps(transactionId);
    const steps = await stepsOfRun(transactionId, workflow);
    return steps.filter(({ step }) => !decided.includes(step));
  }
}
