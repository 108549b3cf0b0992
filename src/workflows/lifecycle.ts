import { type ExecuteInput, workflow as novuWorkflow, type Workflow } from "@novu/framework";
import type { z } from "zod";
import type { LifecycleEvent } from "../contracts/event.ts";
import { type Absence, InactivityProperties, USER_INACTIVE } from "../contracts/inactivity.ts";
import { EntryLimit } from "../contracts/notification.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import type { EventMatcher } from "./event.ts";
import { type GuardedStep, guardedStep } from "./guarded-step.ts";
import { publishedPayload } from "./novu-schema.ts";
import { RunInPayload, runOf } from "./run-in-payload.ts";
import type { Tools } from "./tools.ts";
import { type Duration, toMs } from "./wait.ts";

/** A welcome that comes a day late is none. */
const A_DAY: Duration = { hours: 24 };
/** Who has been away for a month still is a week later, so the daily sweep may be late. */
const A_WEEK: Duration = { days: 7 };

export interface LifecycleDefinition<Payload extends z.ZodObject> {
  id: string;
  name: string;
  description: string;
  /** Marketing is what a person may opt out of. */
  category: "marketing" | "transactional";
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
  /** What the run carries besides the person, and what Novu publishes as the workflow's payload. */
  payload: Payload;
  /** The event as the payload; what does not fit the schema is set aside with the reason. */
  from(event: LifecycleEvent): { [Key in keyof z.input<Payload>]: unknown };
  /** Novu Framework code. Declare every step each time and leave out a send by `skip`, never by `if`. */
  workflow(input: { step: GuardedStep; payload: z.output<Payload>; startedAt: Date }): Promise<void>;
}

export interface LifecycleWorkflow extends WorkflowRoutes {
  name: string;
  category: "marketing" | "transactional";
  /** The Novu workflow, working with these tools: live ones to execute, samples to preview. */
  build(tools: Tools): Workflow;
}

/** A workflow with its trigger beside it. */
export function lifecycle<Payload extends z.ZodObject>(definition: LifecycleDefinition<Payload>): LifecycleWorkflow {
  const { id, name, description, category, on, exitOn = [] } = definition;
  const absences = on.flatMap(absenceOf);
  const { startWithin = absences.length > 0 ? A_WEEK : A_DAY } = definition;
  const payloadSchema = publishable();

  return {
    id,
    name,
    category,
    events: [...on, ...exitOn].map((matcher) => matcher.event),
    entry: entryLimit(),
    startWithinMs: startWithin === "any time" ? null : toMs(startWithin),
    absences,
    startedBy: (event) => (isForAnother(event) ? null : (on.find((matcher) => means(matcher, event)) ?? null)),
    ends: (event) => exitOn.some((matcher) => means(matcher, event)),
    payloadOf(event) {
      try {
        const payload = definition.payload.safeParse(definition.from(event));
        return payload.success ? { payload: payload.data } : { misfit: misfitOf(payload.error) };
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
      }: ExecuteInput<Record<string, unknown>, Record<string, unknown>>) => {
        const run = runOf({ payload, subscriber, workflow: id, now: tools.now() });
        await definition.workflow({
          step: guardedStep({ step, run, addressAtNovu: subscriber?.email, workflow: id, tools }),
          // ajv has checked it against the schema published from definition.payload
          payload: payload as z.output<Payload>,
          startedAt: new Date(run.occurredAt),
        });
      };
      return novuWorkflow(id, execute, { payloadSchema, name, description, tags: ["lifecycle", category] });
    },
  };

  /** Found out here, and not when the first event is to be delivered. */
  function entryLimit(): EntryLimit {
    const { entry = "always" } = definition;
    // The fourth in a month is an nth as well.
    const countedMs = Math.max(
      0,
      ...on.map(({ occurrence, inactiveForDays }) => occurrence?.withinMs ?? toMs({ days: inactiveForDays ?? 0 })),
    );
    const fromCount = countedMs > 0 && definition.entry === undefined ? { oncePerMs: countedMs } : null;
    const limit = EntryLimit.safeParse(
      fromCount ?? (typeof entry === "object" ? { oncePerMs: toMs(entry.oncePer) } : entry),
    );
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

function means({ event: name, wants }: EventMatcher, event: LifecycleEvent): boolean {
  return name === event.name && wants(event);
}

/** Which fields do not fit and why, never the values. */
function misfitOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
