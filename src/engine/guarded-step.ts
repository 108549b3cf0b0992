import type { ExecuteInput } from "@novu/framework";
import { toPlainText } from "@react-email/components";
import type { ReactElement } from "react";
import type { z } from "zod";
import type { Channel } from "../contracts/decision.ts";
import { Run } from "../contracts/run.ts";
import type { FixedWait } from "../contracts/shape.ts";
import { attachFixedWait } from "../lib/attached.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { headersOf, mailProviders, oneLine, takeRecipient } from "./mail-parts.ts";
import { type Composition, guardedMessage, type Moment, type Present, type SendOptions } from "./message.ts";
import { publishedResult } from "./novu-schema.ts";
import { renderEmail } from "./render-email.ts";
import { asOneDelay, type Duration, lengthOf, splitWait, toMs } from "./wait.ts";

type NovuStep = ExecuteInput<Record<string, unknown>, Record<string, unknown>>["step"];
type InAppOutput = Awaited<ReturnType<Parameters<NovuStep["inApp"]>[1]>>;

/** As the framework's, but for its types, which it works out from a JSON schema as it is written. */
type CustomStep = (
  id: string,
  resolve: () => Promise<Record<string, unknown>>,
  options: { outputSchema: object },
) => Promise<unknown>;

type Compose<Controls extends z.ZodObject, Output, Variants> = (
  moment: Composition<z.output<Controls>, Variants>,
) => Output;

/**
 * Novu's `step`, in which every send is guarded: it reads the person when the step is due, is left
 * out for one stated reason or sent, and is recorded either way. Marketing that interrupts somebody
 * waits for their own hours before.
 */
export interface GuardedStep<Payload = Record<string, unknown>, Variants = unknown> extends Pick<NovuStep, "delay"> {
  email<Controls extends z.ZodObject>(
    id: string,
    compose: Compose<Controls, { subject: string; body: ReactElement }, Variants>,
    options?: SendOptions<Controls>,
  ): Promise<void>;
  /** Answers, in later steps, whether the note has been seen and read by then; one that was not sent has not. */
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
  /** A delay of any length, spread over as many delay steps as the Novu plan needs. */
  wait(id: string, duration: Duration): Promise<void>;
  /**
   * Waits, and takes the runs that this person begins meanwhile into this one: answers what each
   * of them carries, in the order in which they began at Novu. As long as Novu's plan lets a delay be.
   */
  digest(id: string, within: Duration): Promise<Payload[]>;
  /** Lets no more than so many runs of a person pass in a time; Novu ends the others here. Waits come before it, not after. */
  throttle(id: string, limit: { most: number; within: Duration }): Promise<void>;
  /** Finds something out once for all steps that follow: what it answers stays with the run. */
  custom<Result extends z.ZodObject>(
    id: string,
    schema: Result,
    find: (moment: Pick<Moment<unknown>, "person" | "distinctId" | "now">) => z.output<Result>,
  ): Promise<z.output<Result>>;
}

export function guardedStep<Payload, Variants>(
  step: NovuStep,
  {
    payload,
    novuTimeZone,
    ...facts
  }: Omit<Present, "digested"> & { payload: Record<string, unknown>; novuTimeZone: string | undefined },
): GuardedStep<Payload, Variants> {
  let digested: Run[] = [];
  let throttledAt: string | null = null;
  const present: Present = { ...facts, digested: () => digested };
  const { run, rules, tools, person } = present;

  return {
    delay: (id, resolve, options) => {
      mayWait(id);
      return step.delay(
        id,
        async (controls) => {
          const wait = await resolve(controls);
          // Novu refuses a time that is past, or longer than its plan.
          await waitBegins(wait, { mayBeRefused: true });
          return wait;
        },
        options,
      );
    },

    async email(id, compose, options = {}) {
      let template: string | null = null;
      const {
        to,
        resolve,
        options: novus,
      } = await message(
        id,
        "email",
        (moment: Parameters<typeof compose>[0]) => {
          const { subject, body } = compose(moment);
          template = nameOf(body);
          return { subject: oneLine(subject), body: renderEmail(body, wayOut(id)) };
        },
        options,
        () => template,
      );
      const providers = mailProviders(tools.emailProviders, ({ body }: { body: string }) => ({
        to: to(),
        headers: headersOf(wayOut(id), rules.topic),
        text: toPlainText(body),
      }));
      await step.email(id, resolve, { ...novus, providers });
    },

    async inApp(id, compose, options = {}) {
      const { resolve, options: novus } = await message(id, "in_app", compose, options);
      return step.inApp(id, resolve, novus);
    },

    async push(id, compose, options = {}) {
      const { resolve, options: novus } = await message(id, "push", compose, options);
      await step.push(id, resolve, novus);
    },

    async sms(id, compose, options = {}) {
      const { resolve, options: novus } = await message(id, "sms", compose, options);
      await step.sms(id, resolve, novus);
    },

    async chat(id, compose, options = {}) {
      const { resolve, options: novus } = await message(id, "chat", compose, options);
      await step.chat(id, resolve, novus);
    },

    async wait(id, duration) {
      mayWait(id);
      const delays = splitWait(id, duration, tools.longestDelayMs);
      for (const delay of delays) {
        const { amount, unit } = delay;
        const resolve = async () => {
          const wait = { type: "regular", amount, unit } as const;
          await waitBegins(wait, { isLast: delay === delays.at(-1) });
          return wait;
        };
        await step.delay(delay.id, attachFixedWait(resolve, { wait: id, amount, unit } satisfies FixedWait));
      }
    },

    async digest(id, within) {
      mayWait(id);
      mayLast(`the digest "${id}"`, within, tools.longestDelayMs);
      const result = await step.digest(id, async () => {
        await waitBegins(asOneDelay(within));
        return asOneDelay(within);
      });
      const payloads = (result?.events ?? []).map(({ payload }) => payload as Payload & { run?: unknown });
      digested = payloads
        .flatMap((payload) => Run.safeParse(payload.run).data ?? [])
        .filter(({ transactionId }) => transactionId !== run.transactionId);
      return payloads;
    },

    async throttle(id, { most, within }) {
      throttledAt = id;
      await step.throttle(id, async () => {
        for (const { transactionId, distinctId } of run.rehearsal ? digested : [run, ...digested])
          await tools.mayEndUnheard({ transactionId, distinctId, workflow: rules.workflow });
        return { type: "fixed", ...asOneDelay(within), threshold: most };
      });
    },

    custom,
  };

  /** Where the reader turns off what a message belongs to; null for what nobody can turn off. */
  function wayOut(id: string): string | null {
    const { transactionId, distinctId } = run;
    const { topic, workflow } = rules;
    return topic === null ? null : tools.unsubscribeUrl({ distinctId, topic, workflow, step: id, transactionId });
  }

  async function custom<Result extends z.ZodObject>(
    id: string,
    schema: Result,
    find: (moment: Pick<Moment<unknown>, "person" | "distinctId" | "now">) => z.output<Result>,
  ): Promise<z.output<Result>> {
    const resolve = async (): Promise<Record<string, unknown>> =>
      find({
        person: (await person())?.properties ?? run.snapshot,
        distinctId: run.distinctId,
        now: new Date(tools.now()),
      });
    const result = await (step.custom as CustomStep)(id, resolve, { outputSchema: publishedResult(schema) });
    // Nothing yet while Novu asks for an earlier step.
    return (result ?? {}) as z.output<Result>;
  }

  async function message<Controls extends z.ZodObject, Output>(
    id: string,
    channel: Channel,
    compose: Compose<Controls, Output, Variants>,
    options: SendOptions<Controls>,
    template?: () => string | null,
  ) {
    const { atAnyHour = rules.topic === null } = options;
    if (channel !== "in_app" && !atAnyHour) await untilHours(id);
    const mayReplace = channel === "email" && takeRecipient(tools.emailProviders);
    return guardedMessage({ present, id, channel, compose, options, mayReplace, ...(template && { template }) });
  }

  /** Until the person's own hours, if it is not during them. */
  async function untilHours(id: string): Promise<void> {
    mayWait(id);
    const waitMs = async () =>
      Math.min(tools.untilHours((await person())?.properties ?? run.snapshot, novuTimeZone), tools.longestDelayMs);
    await step.delay(
      `${id}-hours`,
      async () => {
        const wait = { type: "regular", amount: Math.ceil((await waitMs()) / 1000), unit: "seconds" } as const;
        await waitBegins(wait);
        return wait;
      },
      { skip: async () => (await waitMs()) === 0 },
    );
  }

  /** Behind a wait there may be a message, for which Novu loads its subscriber before it asks here. */
  async function waitBegins(wait: object, { isLast = true, mayBeRefused = false } = {}): Promise<void> {
    if (run.rehearsal) return;
    const waitMs = lengthOf(wait, { payload, now: tools.now() });
    await tools.expectAfter(run, { waitMs, mayBeRefused });
    if (waitMs > 0 && isLast) await tools.refresh(run, { waitMs, isWrong: false });
  }

  function mayWait(id: string): void {
    if (throttledAt === null) return;
    throw new Error(
      `"${id}" waits after the throttle "${throttledAt}"; Novu tells nobody that a run has ended there, so that what follows has to be sent at once: let the waits come before, and send \`atAnyHour\``,
    );
  }
}

/** Novu would let the run fail there. */
function mayLast(what: string, within: Duration, longestMs: number): void {
  if (toMs(within) <= longestMs) return;
  throw new Error(`${what} takes longer than the Novu plan lets it, which is ${longestMs / HOUR_MS} h`);
}

/** The name of the email's component. */
function nameOf({ type }: ReactElement): string | null {
  return typeof type === "function" ? type.name : null;
}
