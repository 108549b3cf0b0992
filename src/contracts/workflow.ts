import { z } from "zod";
import { type Channel, isChannel } from "./channel.ts";
import type { LifecycleEvent } from "./event.ts";
import type { ExitMatch, MatchKeys, SameValue } from "./exit-match.ts";
import type { EntryLimit, Occurrence } from "./routing.ts";

/** The sweep looks for people without any of these events for so many days. */
export interface Absence {
  days: number;
  /** The names of the events that count as activity. */
  sessions: string[];
}

/** A cohort of PostHog. The sweep looks for the people who enter it. */
export interface Cohort {
  /** The number in the cohort's address at PostHog. */
  id: number;
  /** Whether the workflow also starts for the people who are in it already. */
  startsMembers: boolean;
}

/** One matcher of a workflow, for a comparison with real events. */
export interface MatcherFacts {
  /** The name of the event. */
  event: string;
  does: "starts" | "ends" | "ends a wait";
  /** Set where the event is that of entering this cohort. */
  cohort?: Cohort | undefined;
  /** Whether it matches only some events of that name. */
  isConditional: boolean;
  /** Whether it matches; throws only if its `where` throws. */
  wants(event: LifecycleEvent): boolean | "unreadable";
  /** An event that ends runs with the same value; absent for one that ends all runs of its person, or starts runs. */
  same?: SameValue | undefined;
  /** The event's property with the email address of its person; absent where none is read. */
  emailIn?: string | undefined;
  /** The properties of the event that are missing or have another type than the matcher declares. */
  mistyped(event: LifecycleEvent): string[];
}

/** The part of a workflow that routing uses. */
export interface WorkflowRoutes {
  id: string;
  /** The names of the events that start or end it. */
  events: string[];
  matchers: MatcherFacts[];
  /**
   * The first matcher in `on` that this event matches; null if the event does not start the workflow. `emailIn` is the
   * event's property with the email address of its person.
   */
  startedBy(event: LifecycleEvent): { occurrence: Occurrence | null; emailIn?: string | undefined } | null;
  /** The runs that this event ends; empty for none. `hasFailed`: a `where` has thrown, and counts as true. */
  exitBy(event: LifecycleEvent): { matches: ExitMatch[]; hasFailed: boolean };
  /** The waits that this event ends, each with the runs. `hasFailed`: a `where` has thrown, and counts as false. */
  waitsEndedBy(event: LifecycleEvent): { waits: Array<{ wait: string; matches: ExitMatch[] }>; hasFailed: boolean };
  /** The match keys of a run with this payload, for the fields that an exit event may have in common with it. */
  matchKeysOf(payload: Record<string, unknown>): MatchKeys;
  /** The distinct ids of the people who each get a run of an event, unchecked; absent for the event's own person. */
  recipients?: ((event: LifecycleEvent) => unknown) | undefined;
  /** Novu's context of the runs of an event, by type; or why the event does not fit, without values. */
  contextOf?: ((event: LifecycleEvent) => { context: Record<string, string> } | { misfit: string }) | undefined;
  /** The absences that start it. */
  absences: Absence[];
  /** The cohorts that start it. */
  cohorts: Cohort[];
  /** How long after its event a run may still begin; null for any time. */
  startWithinMs: number | null;
  /** How long after the arrival of its event a run waits for an address of a person who has none. */
  addressWithinMs: number;
  /** How often one person may enter. */
  entry: EntryLimit;
  /**
   * The workflow's payload from the event, with a note for each replaced link; or a text that names the fields that do
   * not fit. The notes and the text contain no values.
   */
  payloadOf(event: LifecycleEvent): { payload: Record<string, unknown>; notes?: string[] } | { misfit: string };
}

/** A step of a workflow that sends a message. */
export interface SendingStep {
  step: string;
  channel: Channel;
  /** Whether a throttle before this step may have ended the run. */
  isThrottled: boolean;
}

/** One delay step of a wait. A long wait has several delay steps with the same `wait`. */
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
  /** Only for a delay step of a wait. */
  fixed: FixedWait.optional(),
  /** Only for a wait for an event: how long it takes at most, in milliseconds. */
  atMostMs: z.number().optional(),
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

/** A workflow as Novu discovers it. */
export interface DiscoveredWorkflow {
  id: string;
  name: string;
  description: string;
  tags: string[];
  sendingSteps: SendingStep[];
  /** The ids of the notes that an exit withdraws while they are unread. */
  withdrawnNotes: string[];
  shape: Shape;
}

/** The steps before this step, in order; empty if the workflow has no such step. */
export function stepsBefore({ steps }: Shape, step: string): ShapeStep[] {
  return steps.slice(
    0,
    Math.max(
      0,
      steps.findIndex((one) => one.step === step),
    ),
  );
}

/** The steps that send a message, in order. */
export function sendingStepsOf({ steps }: Pick<Shape, "steps">): SendingStep[] {
  const throttle = steps.findIndex(({ type }) => type === "throttle");
  return steps.flatMap(({ step, type }, index) => {
    const isThrottled = throttle !== -1 && index > throttle;
    return isChannel(type) ? [{ step, channel: type, isThrottled }] : [];
  });
}

// Novu's framework passes a workflow's schemas and resolvers on unchanged. The engine attaches facts to them under
// symbols, and the bridge reads them there.

const ZOD_SCHEMA = Symbol("zod schema");
const FIXED_WAIT = Symbol("fixed wait");
const KEPT_AFTER_EXIT = Symbol("kept after exit");
const EVENT_WAIT = Symbol("wait for an event");

/** Attaches the zod schema that a published JSON schema was made from. */
export function attachZodSchema<Published extends object>(published: Published, schema: z.ZodObject): Published {
  return Object.defineProperty(published, ZOD_SCHEMA, { value: schema });
}

/** Undefined where none is attached. */
export function attachedZodSchema(published: unknown): z.ZodObject | undefined {
  return (published as { [ZOD_SCHEMA]?: z.ZodObject } | undefined)?.[ZOD_SCHEMA];
}

/** Attaches the wait that a delay's resolver always returns. */
export function attachFixedWait<Resolve extends object>(resolve: Resolve, wait: FixedWait): Resolve {
  return Object.defineProperty(resolve, FIXED_WAIT, { value: wait });
}

/** Undefined where none is attached. */
export function attachedFixedWait(resolve: unknown): FixedWait | undefined {
  return (resolve as { [FIXED_WAIT]?: FixedWait } | undefined)?.[FIXED_WAIT];
}

/** Attaches to a note's resolver that the note stays in the Inbox after an exit. */
export function attachKeptAfterExit<Resolve extends object>(resolve: Resolve): Resolve {
  return Object.defineProperty(resolve, KEPT_AFTER_EXIT, { value: true });
}

export function isKeptAfterExit(resolve: unknown): boolean {
  return (resolve as { [KEPT_AFTER_EXIT]?: true } | undefined)?.[KEPT_AFTER_EXIT] === true;
}

/** Attaches the longest time of a wait for an event, in milliseconds. */
export function attachEventWait<Resolve extends object>(resolve: Resolve, atMostMs: number): Resolve {
  return Object.defineProperty(resolve, EVENT_WAIT, { value: atMostMs });
}

/** Undefined where none is attached. */
export function attachedEventWait(resolve: unknown): number | undefined {
  return (resolve as { [EVENT_WAIT]?: number } | undefined)?.[EVENT_WAIT];
}
