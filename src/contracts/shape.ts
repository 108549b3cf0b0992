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

/** The steps that send a message, in order. */
export function sendingStepsOf({ steps }: Pick<Shape, "steps">): SendingStep[] {
  const throttle = steps.findIndex(({ type }) => type === "throttle");
  return steps.flatMap(({ step, type }, index) => {
    const channel = Channel.safeParse(type);
    const isThrottled = throttle !== -1 && index > throttle;
    return channel.success ? [{ step, channel: channel.data, isThrottled }] : [];
  });
}
