import { type ExecuteInput, workflow as novuWorkflow, type SeverityLevelEnum, type Workflow } from "@novu/framework";
import type { z } from "zod";
import { Channel } from "../contracts/decision.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import { type Absence, InactivityProperties, USER_INACTIVE } from "../contracts/inactivity.ts";
import { EntryLimit } from "../contracts/notification.ts";
import type { ChannelAtNovu } from "../contracts/send.ts";
import { decisionsIn } from "../contracts/step-decisions.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { setAtPath } from "../lib/set-at-path.ts";
import { zoned } from "../lib/time-zone.ts";
import type { Topic } from "../workflows/topics.ts";
import type { EventMatcher } from "./event.ts";
import type { Experiments, VariantsOf } from "./experiment.ts";
import { type GuardedStep, guardedStep } from "./guarded-step.ts";
import type { Rules, WhenUnreadable } from "./message.ts";
import { publishedPayload } from "./novu-schema.ts";
import { RunInPayload, runOf } from "./run-in-payload.ts";
import type { Tools } from "./tools.ts";
import { type Duration, toMs } from "./wait.ts";
import { fallbackFor } from "./web-url.ts";

type NovuOptions = NonNullable<Parameters<typeof novuWorkflow>[2]>;

/** A welcome that comes a day late is none. */
const A_DAY: Duration = { hours: 24 };
/** Who has been away for a month still is a week later, so the daily sweep may be late. */
const A_WEEK: Duration = { days: 7 };

/** Marketing belongs to a topic, which people can turn off, is capped, and keeps to their hours; a receipt is not. */
type Category = { category: "marketing"; topic: Topic } | { category: "transactional"; topic?: never };

export type LifecycleDefinition<
  Payload extends z.ZodObject,
  Tried extends Experiments = Record<never, never>,
> = Category & Journey<Payload, Tried>;

interface Journey<Payload extends z.ZodObject, Tried extends Experiments> {
  id: string;
  name: string;
  description: string;
  /** The events that start a run. */
  on: EventMatcher[];
  /** The events that end a waiting run of the same person. */
  exitOn?: EventMatcher[];
  /**
   * How often one person may enter; unless said otherwise whenever it is started, or once within the
   * time in which the events of an `occurrence` are counted, or that an `inactivity` takes.
   */
  entry?: "always" | "once" | "one at a time" | { oncePer: Duration };
  /** How long after its event a run may still begin; a day unless said otherwise, and a week after an `inactivity`. */
  startWithin?: Duration | "any time";
  /**
   * How long a run waits for an address of somebody who has none yet, because the event of a sign-up may
   * come before the identify that brings it; a minute unless said otherwise.
   */
  addressWithin?: Duration;
  /** The PostHog flag of the people who get nothing of this, so that its effect can be measured. */
  holdout?: string;
  /** What is tried out; its messages find the variant of each under the same name in `variants`. */
  experiments?: Tried;
  /** What to do when the person cannot be asked for at the moment of a send; "send", unless said otherwise. */
  whenUnreadable?: WhenUnreadable;
  /** For Novu's Inbox tabs, besides "lifecycle", the category and the topic. */
  tags?: string[];
  /** How much it matters in Novu's Inbox. */
  severity?: "high" | "medium" | "low" | "none";
  /** What is on unless the subscriber says otherwise, by channel; everything, unless said otherwise. */
  preferences?: NovuOptions["preferences"];
  /** What the run carries besides the person, and what Novu publishes as the workflow's payload. */
  payload: Payload;
  /** The event as the payload; what does not fit the schema is ignored with the reason. */
  from(event: LifecycleEvent): { [Key in keyof z.input<Payload>]: unknown };
  /** Novu Framework code. Declare every step each time and leave out a send by `skip`, never by `if`. */
  workflow(input: {
    step: GuardedStep<z.output<Payload>, VariantsOf<Tried>>;
    payload: z.output<Payload>;
    startedAt: Date;
  }): Promise<void>;
}

export interface LifecycleWorkflow extends WorkflowRoutes {
  name: string;
  category: "marketing" | "transactional";
  topic: string | null;
  /** The names of the events that end it. */
  exitEvents: string[];
  /** The PostHog flag of the people who get nothing of it. */
  holdout: string | null;
  /** The keys of all the PostHog flags that it asks for. */
  flags: string[];
  /** The Novu workflow, working with these tools: live ones to execute, samples to preview. */
  build(tools: Tools): Workflow;
}

/** A workflow with its trigger beside it. */
export function lifecycle<Payload extends z.ZodObject, Tried extends Experiments = Record<never, never>>(
  definition: LifecycleDefinition<Payload, Tried>,
): LifecycleWorkflow {
  const { id, name, description, category, topic = null, on, exitOn = [] } = definition;
  const absences = on.flatMap(absenceOf);
  const { startWithin = absences.length > 0 ? A_WEEK : A_DAY } = definition;
  // Novu's preferences are the subscriber's to change, but not for what has to arrive.
  const preferences = definition.preferences ?? { all: { enabled: true, readOnly: category === "transactional" } };
  const rules: Rules = {
    workflow: id,
    topic,
    holdout: definition.holdout ?? null,
    whenUnreadable: definition.whenUnreadable ?? "send",
    experiments: definition.experiments ?? {},
    off: offIn(preferences),
  };
  // The framework's type is an enum of just these words.
  const severity = (definition.severity ?? "none") as SeverityLevelEnum;
  const payloadSchema = publishable();

  return {
    id,
    name,
    category,
    topic,
    exitEvents: [...new Set(exitOn.map((matcher) => matcher.event))],
    holdout: rules.holdout,
    flags: [rules.holdout ?? [], Object.values(rules.experiments).map(({ flag }) => flag)].flat(),
    events: [...on, ...exitOn].map((matcher) => matcher.event),
    entry: entryLimit(),
    addressWithinMs: toMs(definition.addressWithin ?? { minutes: 1 }),
    startWithinMs: startWithin === "any time" ? null : toMs(startWithin),
    absences,
    startedBy: (event) => (isForAnother(event) ? null : (on.find((matcher) => means(matcher, event) === true) ?? null)),
    // A message too few is better than one to somebody who may have left.
    ends: (event) => exitOn.some((matcher) => means(matcher, event) !== false),
    payloadOf(event) {
      try {
        return payloadFrom(definition.from(event));
      } catch {
        // Its message may quote the event.
        return { misfit: "its `from` fails on this event" };
      }
    },
    build(tools) {
      const execute = async ({
        step,
        payload,
        subscriber,
        context,
      }: ExecuteInput<Record<string, unknown>, Record<string, unknown>>) => {
        const run = runOf({ payload, subscriber, workflow: id, now: tools.now() });
        const guarded = guardedStep<z.output<Payload>, VariantsOf<Tried>>(step, {
          run,
          rules,
          tools,
          addresses: { email: subscriber?.email, phone: subscriber?.phone, channels: channelsAtNovu(subscriber) },
          decisions: decisionsIn(context),
          payload,
          novuTimeZone: timeZoneAtNovu(subscriber),
          person: once(async () => {
            const person = await tools.person(run);
            return person && { ...person, properties: zoned(person.properties, run.timeZone) };
          }),
        });
        // ajv has checked it against the schema published from definition.payload
        await definition.workflow({
          step: guarded,
          payload: payload as z.output<Payload>,
          startedAt: new Date(run.occurredAt),
        });
      };
      const tags = ["lifecycle", category, ...(topic === null ? [] : [topic]), ...(definition.tags ?? [])];
      return novuWorkflow(id, execute, { payloadSchema, name, description, tags, preferences, severity });
    },
  };

  function payloadFrom(said: object): ReturnType<LifecycleWorkflow["payloadOf"]> {
    const read = definition.payload.safeParse(said);
    if (read.success) return { payload: read.data };
    const fallbacks = read.error.issues.map((issue) => ({ path: issue.path, url: fallbackFor(issue) }));
    if (fallbacks.some(({ url }) => url === undefined)) return { misfit: misfitOf(read.error) };
    const payload = definition.payload.safeParse(
      fallbacks.reduce<unknown>((replaced, { path, url }) => setAtPath(replaced, path, url), said),
    );
    return payload.success
      ? { payload: payload.data, notes: read.error.issues.map(reasonOf) }
      : { misfit: misfitOf(payload.error) };
  }

  /** Found out here, and not when the first event is to be delivered. */
  function entryLimit(): EntryLimit {
    // The fourth in a month is an nth as well.
    const countedMs = Math.max(
      0,
      ...on.map(({ occurrence, inactiveForDays }) => occurrence?.withinMs ?? toMs({ days: inactiveForDays ?? 0 })),
    );
    const { entry = countedMs > 0 ? { oncePer: { minutes: countedMs / MINUTE_MS } } : "always" } = definition;
    const limit = EntryLimit.safeParse(typeof entry === "object" ? { oncePerMs: toMs(entry.oncePer) } : entry);
    if (limit.success) return limit.data;
    throw new Error(`the entry of "${id}" cannot be kept: ${misfitOf(limit.error)}`);
  }

  /** Someone is there again by what ends the workflow. */
  function absenceOf({ inactiveForDays: days }: EventMatcher): Absence[] {
    if (days === undefined) return [];
    if (exitOn.length === 0)
      throw new Error(`"${id}" starts on inactivity, so its exitOn has to name the events of people who are there`);
    return [{ days, sessions: [...new Set(exitOn.map(({ event }) => event))] }];
  }

  /** Two workflows may look for the same days, and count other events as being there. */
  function isForAnother(event: LifecycleEvent): boolean {
    if (event.name !== USER_INACTIVE) return false;
    return ![id, null, undefined].includes(InactivityProperties.parse(event.properties).swept_for);
  }

  function publishable() {
    try {
      return publishedPayload(definition.payload.extend({ run: RunInPayload }));
    } catch (error) {
      throw new Error(`the payload of "${id}" has to be plain JSON`, { cause: error });
    }
  }
}

function means({ event: name, wants }: EventMatcher, event: LifecycleEvent): boolean | "unreadable" {
  return name === event.name && wants(event);
}

/** Which fields do not fit and why, never the values. */
function misfitOf(error: z.ZodError): string {
  return error.issues.map(reasonOf).join("; ");
}

function reasonOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.join(".")}: ${message}`;
}

/** Novu sends it, although the framework's type of a subscriber does not have it. */
function timeZoneAtNovu(subscriber: object | undefined): string | undefined {
  const { timezone } = (subscriber ?? {}) as { timezone?: unknown };
  return typeof timezone === "string" ? timezone : undefined;
}

/** Where push and chat reach them, as Novu sends it, although the framework's type does not say all of it. */
function channelsAtNovu(subscriber: object | undefined): ChannelAtNovu[] | undefined {
  const { channels } = (subscriber ?? {}) as { channels?: unknown };
  return Array.isArray(channels) ? channels.filter((one) => typeof one === "object" && one !== null) : undefined;
}

const CHANNEL_IN_CODE = { email: "email", in_app: "inApp", push: "push", sms: "sms", chat: "chat" } as const;

function offIn({ all, channels }: NonNullable<NovuOptions["preferences"]>): Rules["off"] {
  const isOn = (channel: Channel) => channels?.[CHANNEL_IN_CODE[channel]]?.enabled ?? all?.enabled ?? true;
  return { channels: Channel.options.filter((channel) => !isOn(channel)), isLocked: all?.readOnly === true };
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
