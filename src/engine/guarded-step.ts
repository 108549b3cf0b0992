import type { ExecuteInput } from "@novu/framework";
import type { ReactElement } from "react";
import type { z } from "zod";
import type { Person } from "../contracts/person.ts";
import { messageSteps } from "./message-steps.ts";
import { publishedResult } from "./novu-schema.ts";
import type { RunContext } from "./run-context.ts";
import type { Duration } from "./wait.ts";
import { waitSteps } from "./wait-steps.ts";

/** Novu's own `step`. */
export type NovuStep = ExecuteInput<Record<string, unknown>, Record<string, unknown>>["step"];
type InAppOutput = Awaited<ReturnType<Parameters<NovuStep["inApp"]>[1]>>;

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

/** The facts for a message: the person, read at this moment, and the controls that a colleague set in Novu. */
export interface Moment<Controls> {
  person: Person["properties"];
  distinctId: string;
  controls: Controls;
  /** The present time; the machine's clock may differ. */
  now: Date;
  /**
   * A link as it goes into this message: with `utm_…`, and through a redirect that counts the click. An SMS is too
   * short for the redirect unless `track` is true. A link that is not to the web stays as it is.
   */
  link(url: string, options?: { track?: boolean }): string;
}

/** The same, with this person's variants of the workflow's experiments. */
interface Composition<Controls, Variants> extends Moment<Controls> {
  variants: Variants;
}

export type Compose<Controls extends z.ZodObject, Output, Variants> = (
  moment: Composition<z.output<Controls>, Variants>,
) => Output;

export interface SendOptions<Controls extends z.ZodObject = z.ZodObject> {
  /** The fields that a colleague can change in Novu's dashboard, besides the switch that every message has; each with a title and a default. */
  controlSchema?: Controls;
  /** Why this message is not right for this person now, in a few words; false when it is. */
  skip?(moment: Moment<z.output<Controls>>): string | false;
  /**
   * Whether it is sent outside the sending hours too, such as an answer to something that the person has just done. By default
   * marketing does not, and transactional messages do. In-app messages always do.
   */
  atAnyHour?: boolean;
}

/** As the framework's, without its types, which it infers from a literal JSON schema. */
type CustomStep = (
  id: string,
  resolve: () => Promise<Record<string, unknown>>,
  options: { outputSchema: object },
) => Promise<unknown>;

function customStep(step: NovuStep, { run, deps, person }: RunContext): GuardedStep["custom"] {
  return async <Result extends z.ZodObject>(
    id: string,
    schema: Result,
    find: Parameters<GuardedStep["custom"]>[2],
  ): Promise<z.output<Result>> => {
    const resolve = async () =>
      find({
        person: (await person())?.properties ?? run.snapshot,
        distinctId: run.distinctId,
        now: new Date(deps.now()),
      });
    const result = await (step.custom as CustomStep)(id, resolve, { outputSchema: publishedResult(schema) });
    // At a call for a later step the bridge has put a result there that fits; at other calls nothing runs that reads it.
    return (result ?? {}) as z.output<Result>;
  };
}
