import { Channel } from "../contracts/channel.ts";
import type { Objection } from "../contracts/decision.ts";
import type { Run } from "../contracts/run.ts";
import type { FixedWait, Shape, ShapeStep } from "../contracts/shape.ts";
import { NOVU_UNITS_MS } from "../lib/novu-units.ts";
import { answerOf, type StepAnswer } from "./bridge-call.ts";
import { skippedDecision } from "./skipped-decision.ts";

/**
 * The answer for a step without its code: a wait takes as long as it did at the trigger, a message is skipped with the
 * reason, and anything else is skipped. `then` is the run's shape at its trigger.
 */
export async function answerRemovedStep(
  step: ShapeStep | undefined,
  why: Objection,
  {
    run,
    workflow,
    then,
    onWait,
    now,
  }: {
    run: Run;
    workflow: string;
    then: Shape | null;
    onWait(run: Run, waitMs: number): Promise<void>;
    now: () => number;
  },
): Promise<StepAnswer> {
  const skip: StepAnswer = { answer: answerOf("skip"), decisions: [] };
  if (step === undefined) return skip;
  const channel = Channel.safeParse(step.type);
  if (channel.success)
    return {
      ...skip,
      decisions: [skippedDecision({ run, workflow, step: step.step, channel: channel.data, ...why }, now)],
    };
  if (step.fixed === undefined || isCovered(step.fixed, step.step, then)) return skip;
  const { amount, unit } = step.fixed;
  await onWait(run, amount * (NOVU_UNITS_MS[unit] ?? 0));
  return { answer: answerOf({ type: "regular", amount, unit }), decisions: [] };
}

/** Whether the run's own shape has the whole wait in other parts, so that this part would make it too long. */
function isCovered({ wait }: FixedWait, step: string, then: Shape | null): boolean {
  if (then === null || then.steps.some((one) => one.step === step)) return false;
  return then.steps.some(({ fixed }) => fixed?.wait === wait);
}
