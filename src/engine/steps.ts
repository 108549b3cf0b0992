import { customStep } from "./custom.ts";
import { digestStep } from "./digest.ts";
import type { GuardedStep, NovuStep } from "./guarded-step.ts";
import { messageSteps } from "./messages.ts";
import type { RunContext } from "./run-context.ts";
import { throttleStep } from "./throttle.ts";
import { waitSteps } from "./wait.ts";
import { waitForStep } from "./wait-for.ts";

/** The steps of one workflow for one bridge call, made from Novu's own `step`. */
export function guardedStep<Payload, Variants, Waits extends string>(
  step: NovuStep,
  context: RunContext,
): GuardedStep<Payload, Variants, Waits> {
  const { untilHours, ...waits } = waitSteps(step, context);
  return {
    ...messageSteps<Variants>(step, context, untilHours),
    ...waits,
    digest: digestStep<Payload>(step, context),
    throttle: throttleStep(step, context),
    custom: customStep(step, context),
    waitFor: waitForStep(step, context),
  };
}
