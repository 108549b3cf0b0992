import { createHash } from "node:crypto";
import { z } from "zod";
import { Channel } from "./channel.ts";
import type { SendingStep } from "./workflow.ts";

/** A part of a wait, as one delay step; the parts of one wait have the same `wait`. */
const FixedWait = z.object({
  /** The id of the wait in the workflow's code. */
  wait: z.string(),
  amount: z.number(),
  unit: z.enum(["days", "hours", "minutes"]),
});
export type FixedWait = z.infer<typeof FixedWait>;

const ShapeStep = z.object({
  step: z.string(),
  /** Novu's name of the type: email, delay, custom and so on. */
  type: z.string(),
  /** For a delay that is a part of a wait. */
  fixed: FixedWait.optional(),
});
export type ShapeStep = z.infer<typeof ShapeStep>;

/**
 * The steps of a workflow in one version of the code, in the order in which Novu runs them. Novu fixes the
 * steps of a run at its trigger, so a run keeps the shape that its workflow had then.
 */
export const Shape = z.object({
  workflow: z.string(),
  steps: z.array(ShapeStep),
  /** The payload's JSON schema, hashed. */
  payload: z.string(),
});
export type Shape = z.infer<typeof Shape>;

/** The same shape always has the same id. */
export function shapeIdOf(shape: Shape): string {
  return hashOf(shape);
}

export function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 20);
}

/** The steps that send a message, in order. */
export function sendingStepsOf({ steps }: Pick<Shape, "steps">): SendingStep[] {
  const throttle = steps.findIndex(({ type }) => type === "throttle");
  return steps.flatMap(({ step, type }, index) => {
    const channel = Channel.safeParse(type);
    const isThrottled = throttle !== -1 && index > throttle;
    return channel.success ? [{ step, channel: channel.data, isThrottled }] : [];
  });
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
