import { isOfOneJob } from "../../contracts/run.ts";
import type { SendingStep } from "../../contracts/workflow.ts";
import type { RestOfRun, RunToEnd } from "../rest-of-run.ts";

/**
 * Records that Novu ended a run at a throttle. Novu does not report that: no call for a step after the throttle shows it.
 */
export function createThrottle({
  listDecidedSteps,
  stepsOfRun,
  restOfRun,
}: {
  listDecidedSteps(transactionId: string, options: { failed: boolean }): Promise<string[]>;
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  restOfRun: RestOfRun;
}) {
  return async (run: RunToEnd): Promise<void> => {
    if (isOfOneJob(run)) return;
    const called = await listDecidedSteps(run.transactionId, { failed: true });
    const steps = await stepsOfRun(run.transactionId, run.workflow);
    if (steps.some(({ step, isThrottled }) => isThrottled && called.includes(step))) return;
    await restOfRun.skip(run, { reason: "throttled", detail: null });
  };
}
