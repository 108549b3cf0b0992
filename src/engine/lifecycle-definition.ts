import type { workflow as novuWorkflow, Workflow } from "@novu/framework";
import type { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { Topic } from "../workflows/topics.ts";
import type { EventMatcher } from "./event.ts";
import type { Experiments, VariantsOf } from "./experiment.ts";
import type { GuardedStep } from "./guarded-step.ts";
import type { WhenUnreadable } from "./run-context.ts";
import type { StepDependencies } from "./step-dependencies.ts";
import type { Duration } from "./wait.ts";

/** Marketing has a topic that people can turn off, counts for the cap, and waits for the sending hours; transactional messages do not. */
type Category = { category: "marketing"; topic: Topic } | { category: "transactional"; topic?: never };

export type LifecycleDefinition<
  Payload extends z.ZodObject,
  Tried extends Experiments = Record<never, never>,
> = Category & {
  id: string;
  name: string;
  description: string;
  /** The events that start a run. */
  on: EventMatcher[];
  /** The events that end a waiting run of the same person. */
  exitOn?: EventMatcher[];
  /**
   * How often one person may enter. Default: "always"; with an `occurrence` or `inactivity`, once within the time in
   * which it counts.
   */
  entry?: "always" | "once" | "one at a time" | { oncePer: Duration };
  /** How long after its event a run may still begin. Default: a day, or a week after an `inactivity`. */
  startWithin?: Duration | "any time";
  /**
   * How long a run waits for an address of a person who has none yet, because the event of a sign-up may arrive before
   * the identify that has it. Default: a minute.
   */
  addressWithin?: Duration;
  /** The PostHog flag of the people who get none of this, so that its effect can be measured. */
  holdout?: string;
  /** The experiments; messages read the variant of each under the same name in `variants`. */
  experiments?: Tried;
  /** How a message decides when the person cannot be read at the moment of sending. Default: "send". */
  whenUnreadable?: WhenUnreadable;
  /** For the tabs of Novu's Inbox, besides "lifecycle", the category and the topic. */
  tags?: string[];
  /** In Novu's Inbox. Default: "none". */
  severity?: "high" | "medium" | "low" | "none";
  /** The channels that are on until the subscriber changes them. Default: all. */
  preferences?: NonNullable<Parameters<typeof novuWorkflow>[2]>["preferences"];
  /** The data of a run besides the person, and the payload that Novu publishes. */
  payload: Payload;
  /** The payload from the event. An event that does not fit the schema is ignored, with the reason. */
  from(event: LifecycleEvent): { [Key in keyof z.input<Payload>]: unknown };
  /** Novu Framework code. Declare every step each time, and leave out a message by `skip`, never by `if`. */
  workflow(input: {
    step: GuardedStep<z.output<Payload>, VariantsOf<Tried>>;
    payload: z.output<Payload>;
    startedAt: Date;
  }): Promise<void>;
};

export interface LifecycleWorkflow extends WorkflowRoutes {
  name: string;
  category: "marketing" | "transactional";
  topic: string | null;
  /** The names of the events that end it. */
  exitEvents: string[];
  /** The PostHog flag of the people who get none of it. */
  holdout: string | null;
  /** The keys of all the PostHog flags that it uses. */
  flags: string[];
  /** The Novu workflow with these dependencies: real ones to execute, sample ones to preview. */
  build(deps: StepDependencies): Workflow;
}
