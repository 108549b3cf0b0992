import type { ExecuteInput } from "@novu/framework";
import type { ReactElement } from "react";
import type { z } from "zod";
import { CHANNELS, type Channel } from "../contracts/channel.ts";
import type { Person } from "../contracts/person.ts";
import { decideMessage } from "./decide-message.ts";
import { emailOverrides, oneLine, plainText, renderEmail, unsubscribeHeaders } from "./email.ts";
import { publishedResult } from "./novu-schema.ts";
import type { RunContext } from "./run-context.ts";
import { type Duration, waitSteps } from "./wait.ts";

export type NovuInput = ExecuteInput<Record<string, unknown>, Record<string, unknown>>;
/** Novu's own `step`. */
export type NovuStep = NovuInput["step"];
type InAppOutput = Awaited<ReturnType<Parameters<NovuStep["inApp"]>[1]>>;

type MessageStep<Output, Variants, Result = void> = <Controls extends z.ZodObject>(
  id: string,
  compose: Compose<Controls, Output, Variants>,
  options?: SendOptions<Controls>,
) => Promise<Result>;

/**
 * Novu's `step` with guarded messages: each message reads the person when its step is due, is sent or skipped for one
 * reason, and has its decision recorded. Marketing that interrupts waits for the person's sending hours first.
 */
export interface GuardedStep<Payload = Record<string, unknown>, Variants = unknown> extends Pick<NovuStep, "delay"> {
  email: MessageStep<{ subject: string; body: ReactElement }, Variants>;
  /** Returns whether the message was seen and read before the later step that asks; false if it was not sent. */
  inApp: MessageStep<InAppOutput, Variants, { seen: boolean; read: boolean }>;
  push: MessageStep<{ subject: string; body: string }, Variants>;
  sms: MessageStep<{ body: string }, Variants>;
  chat: MessageStep<{ body: string }, Variants>;
  /** A delay of any length, in as many delay steps as the Novu plan needs. */
  wait(id: string, duration: Duration): Promise<void>;
  /**
   * Waits, and puts the runs that this person starts meanwhile into this run. Returns the payload of each run, in the
   * order in which the runs began at Novu. `within` may be as long as the Novu plan allows a delay to be.
   */
  digest(id: string, within: Duration): Promise<Payload[]>;
  /**
   * Lets at most `most` runs of a person continue within a time; Novu ends the other runs here. No wait may come after
   * a throttle.
   */
  throttle(id: string, limit: { most: number; within: Duration }): Promise<void>;
  /**
   * Finds a value once, and keeps it for the run. Read the value only inside the functions of later steps: while Novu
   * discovers the workflow or calls an earlier step, the fields of the value are undefined.
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
  /** The present time of the app. In the sandbox it differs from the machine's clock. */
  now: Date;
  /**
   * The link for this message: with `utm_…`, and through a redirect that reports the click. A link in an SMS has no
   * redirect unless `track` is true, because the redirect is long. A link that is not to the web stays as it is.
   */
  link(url: string, options?: { track?: boolean }): string;
}

/** Makes a message from the moment, and from the person's variants of the workflow's experiments. */
export type Compose<Controls extends z.ZodObject, Output, Variants> = (
  moment: Moment<z.output<Controls>> & { variants: Variants },
) => Output;

export interface SendOptions<Controls extends z.ZodObject = z.ZodObject> {
  /** The fields that a colleague can change in Novu's dashboard, each with a title and a default. */
  controlSchema?: Controls;
  /** The reason to skip this message for this person now, in a few words; false to send it. */
  skip?(moment: Moment<z.output<Controls>>): string | false;
  /**
   * Whether the message is also sent outside the sending hours, such as an answer to something that the person has just
   * done. Default: false for marketing, true for transactional messages. In-app messages are sent at any hour.
   */
  atAnyHour?: boolean;
}

/** The framework's `custom` with simpler types. The framework infers its types from a literal JSON schema. */
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
    // In a call for a later step, the bridge has provided a valid result. In other calls no code reads the result.
    return (result ?? {}) as z.output<Result>;
  };
}

/** The steps that send a message. */
function messageSteps<Variants>(
  step: NovuStep,
  context: RunContext,
  untilHours: (id: string) => Promise<void>,
): Pick<GuardedStep<unknown, Variants>, "email" | "inApp" | "push" | "sms" | "chat"> {
  const { run, rules, deps } = context;

  return {
    async email(id, compose, options = {}) {
      let template: string | null = null;
      const { to, resolve, ...guarded } = await message(
        id,
        "email",
        (moment: Parameters<typeof compose>[0]) => {
          const { subject, body } = compose(moment);
          template = nameOf(body);
          return { subject: oneLine(subject), body: renderEmail(body, unsubscribeUrl(id)) };
        },
        options,
        () => template,
      );
      const providers = emailOverrides(deps.emailProviders, ({ body }: { body: string }) => ({
        to: to(),
        headers: unsubscribeHeaders(unsubscribeUrl(id), rules.topic),
        text: plainText(body),
      }));
      await step.email(id, resolve, { ...guarded.options, providers });
    },

    async inApp(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "in_app", compose, options);
      return step.inApp(id, resolve, guarded);
    },

    async push(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "push", compose, options);
      await step.push(id, resolve, guarded);
    },

    async sms(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "sms", compose, options);
      await step.sms(id, resolve, guarded);
    },

    async chat(id, compose, options = {}) {
      const { resolve, options: guarded } = await message(id, "chat", compose, options);
      await step.chat(id, resolve, guarded);
    },
  };

  async function message<Controls extends z.ZodObject, Output>(
    id: string,
    channel: Channel,
    compose: Compose<Controls, Output, Variants>,
    options: SendOptions<Controls>,
    template: () => string | null = () => null,
  ) {
    const { atAnyHour = rules.topic === null } = options;
    if (CHANNELS[channel].interrupts && !atAnyHour) await untilHours(id);
    return decideMessage({ context, id, channel, compose, options, template });
  }

  /** Null for a message without a topic, because nobody can opt out of it. */
  function unsubscribeUrl(id: string): string | null {
    const { transactionId, distinctId } = run;
    const { topic, workflow } = rules;
    return topic === null ? null : deps.unsubscribeUrl({ distinctId, topic, workflow, step: id, transactionId });
  }
}

/** The name of the email's component. */
function nameOf({ type }: ReactElement): string | null {
  return typeof type === "function" ? type.name : null;
}
