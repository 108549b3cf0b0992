import type { Channel } from "./decision.ts";
import type { LifecycleEvent } from "./event.ts";
import type { Absence } from "./inactivity.ts";
import type { EntryLimit, Occurrence } from "./routing.ts";

/** What routing needs to know of a workflow. */
export interface WorkflowRoutes {
  id: string;
  /** The names of the events it listens to. */
  events: string[];
  /** How the event starts it; null when it does not. */
  startedBy(event: LifecycleEvent): { occurrence: Occurrence | null } | null;
  ends(event: LifecycleEvent): boolean;
  /** The absences that start it. */
  absences: Absence[];
  /** How long after its event a run may still begin; null for any time. */
  startWithinMs: number | null;
  /** How long after its event arrived a run waits for an address of a person who has none. */
  addressWithinMs: number;
  /** How often one person may enter. */
  entry: EntryLimit;
  /** The event as this workflow's payload, with what of it was replaced; or what does not fit. Neither repeats a value. */
  payloadOf(event: LifecycleEvent): { payload: Record<string, unknown>; notes?: string[] } | { misfit: string };
}

/** A step of a workflow that sends something. */
export interface SendingStep {
  step: string;
  channel: Channel;
  /** Whether Novu may have ended the run before it, at a throttle. */
  isThrottled: boolean;
}
