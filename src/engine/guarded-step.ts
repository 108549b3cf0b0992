import type { ExecuteInput } from "@novu/framework";
import type { ReactElement } from "react";
import type { z } from "zod";
import type { Duration } from "./duration.ts";
import type { Attachment } from "./email-providers.ts";
import type { MessageResult } from "./message-result.ts";
import type { Awaitable, MessageMoment, Moment } from "./moment.ts";
import type { Providers, StepName } from "./providers.ts";

export type NovuInput = ExecuteInput<Record<string, unknown>, Record<string, unknown>>;
/** Novu's own `step`. */
export type NovuStep = NovuInput["step"];
/** The content of a message as Novu takes it. */
export type NovuOutput<Name extends keyof NovuStep> = Awaited<ReturnType<Parameters<NovuStep[Name]>[1]>>;

/** An email. Each provider in EMAIL_PROVIDERS also gets the text part and the unsubscribe headers. */
export interface Email {
  subject: string;
  /** A React email, or a whole HTML document. */
  body: ReactElement | string;
  /** By default the sender of the integration at Novu. The provider has to have verified the address's domain. */
  from?: { email?: string; name?: string };
  replyTo?: string;
  /** The line beside the subject in a mail program; a React email has it in its `Layout` already. */
  preheader?: string;
  /** Needs EMAIL_PROVIDERS. */
  attachments?: Attachment[];
}

/** The facts for an email. */
export interface EmailMoment<Controls> extends MessageMoment<Controls> {
  /** The page on which the reader opts out; null without a topic. An email without this link gets it at its end. */
  unsubscribeUrl: string | null;
}

type KeysOf<Output> = Output extends unknown ? keyof Output : never;
/** Refuses fields that a message does not have: TypeScript accepts any further field in the result of a function. */
type Only<Made, Output> = Made extends unknown ? Record<Exclude<keyof Made, KeysOf<Output>>, never> : never;

/** Makes a message from the moment, and from the person's variants of the workflow's experiments. */
export type Compose<At, Output, Variants> = (moment: At & { variants: Variants }) => Awaitable<Output>;

type MessageStep<Name extends StepName, Output, Variants, Result = MessageResult> = <
  Controls extends z.ZodObject,
  Made extends Output,
>(
  id: string,
  compose: Compose<MomentOf<Name, z.output<Controls>>, Made & Only<Made, Output>, Variants>,
  options?: SendOptions<Name, Output, Controls>,
) => Promise<Result>;

type MomentOf<Name extends StepName, Controls> = Name extends "email" ? EmailMoment<Controls> : MessageMoment<Controls>;

export interface SendOptions<Name extends StepName, Output, Controls extends z.ZodObject = z.ZodObject> {
  /** The fields that a colleague can change in Novu's dashboard, each with a title and a default. */
  controlSchema?: Controls;
  /** The reason to skip this message for this person now, in a few words; false to send it. */
  skip?(moment: MessageMoment<z.output<Controls>>): Awaitable<string | false>;
  /**
   * Whether the message is also sent outside the sending hours, such as an answer to something that the person has just
   * done. Default: false for marketing, true for transactional messages. In-app messages are sent at any hour.
   */
  atAnyHour?: boolean;
  /**
   * Whether an unread note stays in the Inbox when an exit event ends the run, because it is of use after the exit too.
   * Default: the exit withdraws the note.
   */
  keepAfterExit?: Name extends "inApp" ? boolean : never;
  /** Additions to the request to a provider, by the provider's id at Novu. */
  providers?: Providers<Name, z.output<Controls>, Output>;
}

/** How long a digest gathers: a time, or until the next time of a cron expression in the subscriber's time zone. */
export type Window = Duration | { cron: string };

/** One run in a digest. */
export interface DigestedEvent<Payload> {
  payload: Payload;
  /** When the run's event happened. */
  time: Date;
}

export interface StepOptions<Controls extends z.ZodObject> {
  /** The fields that a colleague can change in Novu's dashboard, each with a title and a default. */
  controlSchema?: Controls;
  /** Whether to leave the step out for this person now. */
  skip?(moment: Moment<z.output<Controls>>): Awaitable<unknown>;
}

/** A value, or a function that finds it when the step is due. */
export type Due<Value, Controls extends z.ZodObject> =
  | Value
  | ((moment: Moment<z.output<Controls>>) => Awaitable<Value>);

type InAppResult = MessageResult & {
  seen: boolean;
  read: boolean;
  /** ISO 8601; null if never. */
  lastSeenDate: string | null;
  lastReadDate: string | null;
};

/**
 * Novu's `step` with guarded messages: each message reads the person when its step is due, is sent or skipped for one
 * reason, and has its decision recorded. Marketing that interrupts waits for the person's sending hours first.
 */
export interface GuardedStep<Payload = Record<string, unknown>, Variants = unknown, Waits extends string = never> {
  email: MessageStep<"email", Email, Variants>;
  /** Also returns whether the message was seen and read before the later step that asks. */
  inApp: MessageStep<"inApp", NovuOutput<"inApp">, Variants, InAppResult>;
  push: MessageStep<"push", NovuOutput<"push">, Variants>;
  sms: MessageStep<"sms", NovuOutput<"sms">, Variants>;
  /** A text or a card. */
  chat: MessageStep<"chat", NovuOutput<"chat">, Variants>;
  /** A text for another system, such as an incident in PagerDuty. */
  tool: MessageStep<"tool", NovuOutput<"tool">, Variants>;
  /**
   * A delay of any length, in as many delay steps as the Novu plan needs. A length from a function is found once, when
   * the wait begins, and needs `atMost`, which also limits it.
   */
  wait<Controls extends z.ZodObject>(id: string, duration: Duration, options?: StepOptions<Controls>): Promise<void>;
  wait<Controls extends z.ZodObject>(
    id: string,
    duration: (moment: Moment<z.output<Controls>>) => Awaitable<Duration>,
    options: StepOptions<Controls> & { atMost: Duration },
  ): Promise<void>;
  /**
   * Waits until a time, which each delay step of the wait finds anew. If there is no such time, if it is in the past
   * (unless `ifPast` is "go on"), or if it is later than `atMost` from now, no later message of the run is sent.
   */
  until<Controls extends z.ZodObject>(
    id: string,
    time: (moment: Moment<z.output<Controls>>) => Awaitable<Date | null | undefined>,
    options: StepOptions<Controls> & { atMost: Duration; ifPast?: "go on" | "end" },
  ): Promise<void>;
  /**
   * Waits until one of the events comes that the workflow's `waitFor` has under this name, or so long at most. An event
   * counts from the run's own event on, also if it came before the wait. Read the result only inside the functions of
   * later steps.
   */
  waitFor(id: Waits, options: { atMost: Duration }): Promise<{ came: boolean }>;
  /** One delay step of Novu, with Novu's own lengths: a cron time, or a length in the payload. */
  delay<Controls extends z.ZodObject>(
    id: string,
    output: (moment: Moment<z.output<Controls>>) => Awaitable<NovuOutput<"delay">>,
    options?: StepOptions<Controls>,
  ): Promise<void>;
  /**
   * Waits, and puts the runs that this person starts meanwhile into this run. Returns the events of all these runs, in
   * the order in which the runs began at Novu, without those that an exit event has ended. The window may be as long as
   * the Novu plan allows a delay to be.
   */
  digest<Controls extends z.ZodObject>(
    id: string,
    window: Due<Window, Controls>,
    options?: StepOptions<Controls> & {
      /** Gathers only runs with the same text, such as those about one project. */
      by?(moment: Moment<z.output<Controls>>): Awaitable<string>;
      /** Lets a run go on at once, unless another one came within this time before it. */
      lookBack?: Duration;
      /** Waits on until the subscriber's Schedule at Novu is open. */
      extendToSchedule?: boolean;
    },
  ): Promise<Array<DigestedEvent<Payload>>>;
  /**
   * Lets at most `most` runs of a person continue within a time; Novu ends the other runs here. No wait may come after
   * a throttle. `by` counts the runs with the same text.
   */
  throttle<Controls extends z.ZodObject>(
    id: string,
    limit: Due<{ most: number; within: Duration }, Controls>,
    options?: StepOptions<Controls> & { by?(moment: Moment<z.output<Controls>>): Awaitable<string> },
  ): Promise<void>;
  /**
   * Finds a value once, and keeps it for the run. Read the value only inside the functions of later steps: while Novu
   * discovers the workflow or calls an earlier step, the fields of the value are undefined. A skipped step has no
   * fields.
   */
  custom<Result extends z.ZodObject, Controls extends z.ZodObject>(
    id: string,
    schema: Result,
    find: (moment: Moment<z.output<Controls>>) => Awaitable<z.output<Result>>,
    options?: Pick<StepOptions<Controls>, "controlSchema"> & { skip?: never },
  ): Promise<z.output<Result>>;
  custom<Result extends z.ZodObject, Controls extends z.ZodObject>(
    id: string,
    schema: Result,
    find: (moment: Moment<z.output<Controls>>) => Awaitable<z.output<Result>>,
    options: StepOptions<Controls>,
  ): Promise<Partial<z.output<Result>>>;
}
