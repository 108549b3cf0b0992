import type { ExecuteInput } from "@novu/framework";
import type { ReactElement } from "react";
import type { z } from "zod";
import { customStep } from "./custom-step.ts";
import type { Compose, Moment, SendOptions } from "./message-options.ts";
import { messageSteps } from "./message-steps.ts";
import type { RunContext } from "./run-context.ts";
import type { Duration } from "./wait.ts";
import { waitSteps } from "./wait-steps.ts";

/** Novu's own `step`. */
export type NovuStep = ExecuteInput<Record<string, unknown>, Record<string, unknown>>["step"];
export type InAppOutput = Awaited<ReturnType<Parameters<NovuStep["inApp"]>[1]>>;

/**
 * Novu's `step` with guarded messages: each reads the person when its step is due, is sent or skipped for one reason,
 * and has its decision recorded. Marketing that interrupts waits for the person's sending hours first.
 */
export interface GuardedStep<Payload = Record<string, unknown>, Variants = unknown> extends Pick<NovuStep, "delay"> {
  email<Controls extends z.ZodObject>(
    id: string,
    compose: Compose<Controls, { subject: string; body: ReactElement }, Variants>,
    options?: SendOptions<Controls>,
  ): Promise<void>;
  /** Returns, for later steps, whether the note is seen and read by then; false for one that was not sent. */
  inApp<Controls extends z.ZodObject>(
    id: string,
    compose: Compose<Controls, InAppOutput, Variants>,
    options?: SendOptions<Controls>,
  ): Promise<{ seen: boolean; read: boolean }>;
  push<Controls extends z.ZodObject>(
    id: string,
    compose: Compose<Controls, { subject: string; body: string }, Variants>,
    options?: SendOptions<Controls>,
  ): Promise<void>;
  sms<Controls extends z.ZodObject>(
    id: string,
    compose: Compose<Controls, { body: string }, Variants>,
    options?: SendOptions<Controls>,
  ): Promise<void>;
  chat<Controls extends z.ZodObject>(
    id: string,
    compose: Compose<Controls, { body: string }, Variants>,
    options?: SendOptions<Controls>,
  ): Promise<void>;
  /** A delay of any length, in as many delay steps as the Novu plan needs. */
  wait(id: string, duration: Duration): Promise<void>;
  /**
   * Waits, and puts the runs that this person starts meanwhile into this one. Returns the payload of each, in the order
   * in which they began at Novu. At most as long as a delay on the Novu plan.
   */
  digest(id: string, within: Duration): Promise<Payload[]>;
  /** Lets at most so many runs of a person pass in a time; Novu ends the others here. No wait may come after it. */
  throttle(id: string, limit: { most: number; within: Duration }): Promise<void>;
  /**
   * Finds a value once for all later steps; it stays with the run. Read it only inside the functions of later steps:
   * before them, while Novu discovers the workflow or calls an earlier step, its fields are undefined.
   */
  custom<Result extends z.ZodObject>(
    id: string,
    schema: Result,
    find: (moment: Pick<Moment<unknown>, "person" | "distinctId" | "now">) => z.output<Result>,
  ): Promise<z.output<Result>>;
}

export function guardedStep<Payload, Variants>(step: NovuStep, context: RunContext): GuardedStep<Payload, Variants> {
  const { untilHours, ...waits } = waitSteps<Payload>(step, context);
  return { ...messageSteps<Variants>(step, context, untilHours), ...waits, custom: customStep(step, context) };
}
