import { workflow as novuWorkflow, type SeverityLevelEnum, type Workflow } from "@novu/framework";
import { z } from "zod";
import { CHANNELS, Channel } from "../contracts/channel.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { Topic } from "../workflows/topics.ts";
import { awaitedRules, type WaitFor } from "./awaited-rules.ts";
import { type Duration, toMs } from "./duration.ts";
import { assertRecipientsFit, entryLimit } from "./entry.ts";
import { type ExitMatcher, eventPayload, type StartMatcher } from "./event.ts";
import { execute } from "./execute.ts";
import { exitRules } from "./exit-rules.ts";
import type { Experiments, VariantsOf } from "./experiment.ts";
import type { GuardedStep, NovuInput } from "./guarded-step.ts";
import { contextOf } from "./novu-context.ts";
import { publishedPayload } from "./novu-schema.ts";
import { type Rules, RunInPayload, type StepDependencies, type WhenPersonUnavailable } from "./run-context.ts";
import { samplePayloads } from "./sample-payloads.ts";
import { assertSameSteps, assertStepRules } from "./step-rules.ts";
import { guardedStep } from "./steps.ts";
import { isForAnother, sweptBy } from "./swept.ts";

/** Opt-outs by topic, the cap and the sending hours limit marketing messages, but no transactional messages. */
type Category = { category: "marketing"; topic: Topic } | { category: "transactional"; topic?: never };

export type LifecycleDefinition<
  Payload extends z.ZodObject,
  Tests extends Experiments = Record<never, never>,
  Waits extends string = never,
> = Category & {
  id: string;
  name: string;
  description: string;
  /** The events that start a run. */
  on: StartMatcher[];
  /** The events that end a waiting run of the same person, or with `same` a run with the same value. */
  exitOn?: ExitMatcher<NoInfer<keyof z.output<Payload> & string>>[];
  /** The events that `step.waitFor` waits for, by the name of the wait. With `same`, only events with the same value. */
  waitFor?: WaitFor<Waits, NoInfer<keyof z.output<Payload> & string>>;
  /**
   * How often one person may enter. Default: "always"; for an `occurrence`, once in its `within`; for `inactivity`,
   * once in its `days`; for a `cohort`, "once".
   */
  entry?: "always" | "once" | "one at a time" | { oncePer: Duration };
  /** How long after its event a run may still begin. Default: a day, or a week after an `inactivity` or a `cohort`. */
  startWithin?: Duration | "any time";
  /**
   * How long a run waits for an address of a person who has none yet. The event of a sign-up may arrive before the
   * identify with the address. Default: a minute.
   */
  addressWithin?: Duration;
  /** The PostHog flag of the people who get no message of this workflow, so that its effect can be measured. */
  holdout?: string;
  /** The experiments; messages read the variant of each under the same name in `variants`. */
  experiments?: Tests;
  /** How a message decides when the person cannot be read at the moment of sending. Default: "send". */
  whenPersonUnavailable?: WhenPersonUnavailable;
  /** Further tags for the tabs of Novu's Inbox. "lifecycle", the category and the topic are always tags. */
  tags?: string[];
  /** The severity in Novu's Inbox. Default: "none". */
  severity?: "high" | "medium" | "low" | "none";
  /** The channels that are on until the subscriber changes them. Default: all. */
  preferences?: NonNullable<Parameters<typeof novuWorkflow>[2]>["preferences"];
  /** The data of a run besides the person, and the payload that Novu publishes. */
  payload: Payload;
  /** The payload from the event. An event that does not fit the schema is ignored, with the reason. */
  from(event: LifecycleEvent): { [Key in keyof z.input<Payload>]: unknown };
  /**
   * Novu's context of a run, such as `(event) => ({ account: groupOf(event, "company") })`: at most five types, each with
   * an id of up to 100 letters, digits, "_" and "-". A missing id is left out; an event with another value is ignored,
   * with the reason.
   */
  context?(event: LifecycleEvent): Record<string, unknown>;
  /**
   * The distinct ids of the people who each get a run of their own, such as all admins of an account; 100 at most.
   * Default: the event's own person, who with `recipients` gets a run only if listed. An event without a list of
   * distinct ids is ignored, with the reason.
   */
  recipients?(event: LifecycleEvent): unknown;
  /** Novu Framework code. Each call has to declare every step, so leave out a message by `skip`, never by `if`. */
  workflow(input: {
    step: GuardedStep<z.output<Payload>, VariantsOf<Tests>, Waits>;
    payload: z.output<Payload>;
    startedAt: Date;
    /** The subscriber as Novu has it; read it inside the functions of steps. */
    subscriber: NovuInput["subscriber"];
    /** The environment's variables in Novu's dashboard. */
    env: NovuInput["env"];
    /** The context of the trigger at Novu, such as an account. */
    context: NovuInput["context"];
  }): Promise<unknown>;
};

export interface LifecycleWorkflow extends WorkflowRoutes {
  name: string;
  category: "marketing" | "transactional";
  topic: string | null;
  /** The names of the events that end the workflow. */
  exitEvents: string[];
  /** The PostHog flag of the people who get no message of this workflow. */
  holdout: string | null;
  /** The keys of all the PostHog flags that the workflow uses. */
  flags: string[];
  /** The Novu workflow with these dependencies: real dependencies to execute, samples to preview. */
  build(deps: StepDependencies): Workflow;
}

type Preferences = NonNullable<LifecycleDefinition<z.ZodObject>["preferences"]>;

/** A welcome that comes later makes no sense. */
const START_WITHIN: Duration = { hours: 24 };
/** A message about a month's absence still makes sense a week later, so the daily sweep may be late. */
const START_WITHIN_AFTER_SWEEP: Duration = { days: 7 };

/** A workflow, with the events that start and end it. */
export function lifecycle<
  Payload extends z.ZodObject,
  Tests extends Experiments = Record<never, never>,
  const Waits extends string = never,
>(definition: LifecycleDefinition<Payload, Tests, Waits>): LifecycleWorkflow {
  const { id, name, category, topic = null, on, exitOn = [] } = definition;
  const waitFor: WaitFor<string, string> = definition.waitFor ?? {};
  const awaited = Object.values(waitFor).flat();
  const swept = sweptBy({ id, on, exitOn });
  const isSwept = swept.absences.length + swept.cohorts.length > 0;
  const { startWithin = isSwept ? START_WITHIN_AFTER_SWEEP : START_WITHIN } = definition;
  // Subscribers can change their preferences at Novu, but not for transactional messages.
  const preferences = definition.preferences ?? { all: { enabled: true, readOnly: category === "transactional" } };
  const rules: Rules = {
    workflow: id,
    topic,
    holdout: definition.holdout ?? null,
    whenPersonUnavailable: definition.whenPersonUnavailable ?? "send",
    experiments: definition.experiments ?? {},
    waits: Object.keys(waitFor),
    off: channelsOffIn(preferences),
    published: new Map(),
  };
  assertRecipientsFit(definition);
  if (id.includes("#")) throw new Error(`the id "${id}" has a "#", which no id may have`);
  const payloadSchema = schemaForNovu();
  const exits = exitRules(definition);
  const waits = awaitedRules({ id, waitFor, payload: definition.payload });
  const entry = entryLimit(definition);

  return {
    id,
    name,
    category,
    topic,
    exitEvents: [...new Set(exitOn.map((matcher) => matcher.event))],
    holdout: rules.holdout,
    flags: [rules.holdout ?? [], Object.values(rules.experiments).map(({ flag }) => flag)].flat(),
    events: [...on, ...exitOn, ...awaited].map((matcher) => matcher.event),
    matchers: [
      ...on.map((matcher) => ({ ...matcher, does: "starts" as const })),
      ...exitOn.map((matcher) => ({ ...matcher, does: "ends" as const })),
      ...awaited.map((matcher) => ({ ...matcher, does: "ends a wait" as const })),
    ],
    entry,
    addressWithinMs: toMs(definition.addressWithin ?? { minutes: 1 }),
    startWithinMs: startWithin === "any time" ? null : toMs(startWithin),
    ...swept,
    // An unreadable event starts nothing.
    startedBy: (event) =>
      isForAnother(event, id) ? null : (on.find((matcher) => matches(matcher, event) === true) ?? null),
    exitBy: exits.exitBy,
    waitsEndedBy: waits.waitsEndedBy,
    matchKeysOf: (payload) => ({ ...exits.matchKeysOf(payload), ...waits.matchKeysOf(payload) }),
    payloadOf: (event) => eventPayload(event, { from: definition.from, schema: definition.payload }),
    contextOf: definition.context && ((event) => contextOf(event, (one) => definition.context?.(one) ?? {})),
    recipients: definition.recipients && ((event) => definition.recipients?.(event)),
    build,
  };

  function build(deps: StepDependencies): Workflow {
    const code = (input: NovuInput) =>
      execute(input, {
        rules,
        deps,
        code: (step, context) =>
          definition.workflow({
            step: guardedStep<z.output<Payload>, VariantsOf<Tests>, Waits>(step, context),
            // The framework has validated the payload against the schema published from definition.payload.
            payload: input.payload as z.output<Payload>,
            startedAt: new Date(context.run.occurredAt),
            subscriber: input.subscriber,
            env: input.env,
            context: input.context,
          }),
      });
    const workflow = novuWorkflow(id, code, {
      payloadSchema,
      name,
      description: definition.description,
      tags: ["lifecycle", category, ...(topic === null ? [] : [topic]), ...(definition.tags ?? [])],
      preferences,
      // The framework's type is an enum of just these words.
      severity: (definition.severity ?? "none") as SeverityLevelEnum,
    });
    return { ...workflow, discover: () => discover(workflow, code) };
  }

  /** Throws for steps that would not run as their author expects. */
  async function discover(workflow: Workflow, code: (input: NovuInput) => Promise<void>) {
    const found = await workflow.discover().catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
      throw new Error("its code must run with an empty payload outside its steps", { cause: error });
    });
    const steps = found.steps.map(({ stepId, type }) => ({ id: stepId, type }));
    assertStepRules(steps, { entry, waits: rules.waits });
    const empty = { controls: {}, subscriber: {}, env: {}, context: {} } as Omit<NovuInput, "step" | "payload">;
    await assertSameSteps({
      steps,
      payloads: samplePayloads(z.toJSONSchema(definition.payload, { unrepresentable: "any" })),
      run: (step, payload) => code({ ...empty, step, payload }),
    });
    return found;
  }

  function schemaForNovu() {
    try {
      return publishedPayload(definition.payload.extend({ run: RunInPayload }));
    } catch (error) {
      throw new Error(`the payload of "${id}" has to be plain JSON`, { cause: error });
    }
  }
}

function matches({ event: name, wants }: StartMatcher, event: LifecycleEvent): boolean | "unreadable" {
  return name === event.name && wants(event);
}

function channelsOffIn({ all, channels }: Preferences): Rules["off"] {
  const isOn = (channel: Channel) => channels?.[CHANNELS[channel].option]?.enabled ?? all?.enabled ?? true;
  return { channels: Channel.options.filter((channel) => !isOn(channel)), isLocked: all?.readOnly === true };
}
