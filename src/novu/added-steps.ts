import type { Decision } from "../contracts/decision.ts";
import { isOfOneJob, type Run } from "../contracts/run.ts";
import { type Shape, sendingStepsOf } from "../contracts/shape.ts";
import { skippedDecision } from "./skipped-decision.ts";

/**
 * Decisions for the messages that the code has and this run does not, because their steps were added after its
 * trigger. `missing` names the steps that Novu's state lacks.
 */
export function addedStepDecisions(
  { run, code, then, step, missing }: { run: Run; code: Shape; then: Shape | null; step: string; missing: string[] },
  now: () => number,
): Decision[] {
  if (isOfOneJob(run)) return [];
  return sendingStepsOf(code)
    .filter((one) => (then === null ? missing.includes(one.step) : one.step !== step && isAdded(one, then)))
    .map(({ step: added, channel }) =>
      skippedDecision({ run, workflow: code.workflow, step: added, channel, reason: "added later", detail: null }, now),
    );

  function isAdded({ step: one, channel }: { step: string; channel: string }, then: Shape): boolean {
    if (then.steps.some((known) => known.step === one && known.type === channel))
      // Novu may have been synced with an older version than the one that triggered the run.
      return missing.includes(one) && isBefore(then, one, step);
    const isLast = sendingStepsOf(then).at(-1)?.step === step;
    return isLast || isBefore(code, one, step);
  }
}

function isBefore({ steps }: Shape, one: string, other: string): boolean {
  const indexOf = (step: string) => steps.findIndex((known) => known.step === step);
  return indexOf(one) < indexOf(other);
}
