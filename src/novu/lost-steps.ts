import type { Decision, Objection } from "../contracts/decision.ts";
import { type Shape, sendingStepsOf } from "../contracts/shape.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { redactReason } from "../lib/redact-reason.ts";
import type { StepState } from "./bridge-call.ts";

type LostStep = Pick<SendingStep, "step" | "channel"> & Pick<Decision, "outcome"> & Objection;

/**
 * The messages of a run that Novu has given up, by the state in a later call. They count only where nothing was
 * decided: then Novu never got our answer for one that failed, and never called for one that it skipped.
 */
export function lostSteps(state: StepState[], sendingSteps: Array<Pick<SendingStep, "step" | "channel">>): LostStep[] {
  return sendingSteps.flatMap(({ step, channel }): LostStep[] => {
    const { status, error } = state.find(({ stepId }) => stepId === step)?.state ?? {};
    if (status === "failed")
      return [{ step, channel, outcome: "failed", reason: "lost at Novu", detail: wordsOf(error) }];
    if (status !== "canceled") return [];
    const detail = "Novu left it out without a call";
    return [{ step, channel, outcome: "skipped", reason: "outside the schedule", detail }];
  });
}

/** The error is a text, or an object whose `stack` has the message in its first line. */
function wordsOf(error: unknown): string {
  const { stack, message } = (error ?? {}) as { stack?: unknown; message?: unknown };
  const [said] = [error, message, stack].filter((one): one is string => typeof one === "string" && one !== "");
  return redactReason(said?.split("\n")[0] ?? "Novu gives no reason");
}

/** The messages that are lost when Novu gives up a step: a failed wait ends the run, a failed message only itself. */
export function lostWith(shape: Pick<Shape, "steps">, step: string): SendingStep[] {
  const index = shape.steps.findIndex((one) => one.step === step);
  const isWait = ["delay", "digest"].includes(String(shape.steps[index]?.type));
  if (isWait) return sendingStepsOf(shape).filter((sending) => indexOf(shape, sending.step) >= index);
  return sendingStepsOf(shape).filter((sending) => sending.step === step);
}

function indexOf({ steps }: Pick<Shape, "steps">, step: string): number {
  return steps.findIndex((one) => one.step === step);
}
