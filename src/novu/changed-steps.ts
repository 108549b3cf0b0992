import { type Channel, isChannel } from "../contracts/channel.ts";
import { type Decision, NOTHING_COMPOSED, type Objection } from "../contracts/decision.ts";
import { isOfOneJob, type Run } from "../contracts/run.ts";
import { type FixedWait, type Shape, type ShapeStep, sendingStepsOf, stepsBefore } from "../contracts/workflow.ts";
import { NOVU_UNITS_MS } from "../lib/durations.ts";
import { answerOf, type StepAnswer } from "./bridge-call.ts";
import type { CodedCall, StepCall } from "./continue-run.ts";

/**
 * Decisions to skip the messages whose steps were added to the code after the trigger of the run. `missing` names the
 * steps that Novu's state does not have.
 */
export function addedStepDecisions(
  { run, workflow, code: { shape }, then, step, now }: CodedCall,
  missing: string[],
): Decision[] {
  if (isOfOneJob(run)) return [];
  return sendingStepsOf(shape)
    .filter((one) => (then === null ? missing.includes(one.step) : one.step !== step && isAdded(one, then)))
    .map(({ step: added, channel }) =>
      skippedDecision({ run, workflow, step: added, channel, reason: "added later", detail: null, now }),
    );

  function isAdded({ step: one, channel }: { step: string; channel: string }, then: Shape): boolean {
    if (then.steps.some((known) => known.step === one && known.type === channel))
      // The version of the last sync may be older than the version that triggered the run.
      return missing.includes(one) && isBefore(then, one, step);
    const isLast = sendingStepsOf(then).at(-1)?.step === step;
    return isLast || isBefore(shape, one, step);
  }
}

function isBefore(shape: Shape, one: string, other: string): boolean {
  return stepsBefore(shape, other).some(({ step }) => step === one);
}

/**
 * The answer for a step that cannot run its code. A wait takes as long as it did at the trigger. A message is skipped
 * with the reason. Any other step is skipped.
 */
export async function answerRemovedStep(
  step: ShapeStep | undefined,
  why: Objection,
  { run, workflow, then, onWait, now }: StepCall & { onWait(run: Run, waitMs: number): Promise<void> },
): Promise<StepAnswer> {
  const skip: StepAnswer = { answer: answerOf("skip"), decisions: [] };
  if (step === undefined) return skip;
  const { type: channel } = step;
  if (isChannel(channel))
    return { ...skip, decisions: [skippedDecision({ run, workflow, step: step.step, channel, ...why, now })] };
  if (step.fixed === undefined || isCovered(step.fixed, step.step, then)) return skip;
  const { amount, unit } = step.fixed;
  await onWait(run, amount * (NOVU_UNITS_MS[unit] ?? 0));
  return { answer: answerOf({ type: "regular", amount, unit }), decisions: [] };
}

/** Whether the run has the whole wait in other delay steps, so that this delay step would make the wait too long. */
function isCovered({ wait }: FixedWait, step: string, then: Shape | null): boolean {
  if (then === null || then.steps.some((one) => one.step === step)) return false;
  return then.steps.some(({ fixed }) => fixed?.wait === wait);
}

/** The decision not to send a message, made without the code of its step. */
export function skippedDecision({
  run: { transactionId, distinctId },
  now,
  ...facts
}: Pick<StepCall, "run" | "workflow" | "step" | "now"> & { channel: Channel } & Objection): Decision {
  const decidedAt = new Date(now()).toISOString();
  return { transactionId, distinctId, ...facts, decidedAt, outcome: "skipped", ...NOTHING_COMPOSED };
}
