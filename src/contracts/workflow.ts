import type { Channel } from "./channel.ts";
import type { LifecycleEvent } from "./event.ts";
import type { Absence } from "./inactivity.ts";
import type { EntryLimit, Occurrence } from "./routing.ts";

/** The part of a workflow that routing uses. */
export interface WorkflowRoutes {
  id: string;
  /** The names of the events that start or end it. */
  events: string[];
  /** The matching start of this event; null where it starts nothing. */
  startedBy(event: LifecycleEvent): { occurrence: Occurrence | null } | null;
  ends(event: LifecycleEvent): boolean;
  /** The absences that start it. */
  absences: Absence[];
  /** How long after its event a run may still begin; null for any time. */
  startWithinMs: number | null;
  /** How long after the arrival of its event a run waits for an address of a person who has none. */
  addressWithinMs: number;
  /** How often one person may enter. */
  entry: EntryLimit;
  /** The event as this workflow's payload, with a note for each replaced link; or the fields that do not fit. No notes contain values. */
  payloadOf(event: LifecycleEvent): { payload: Record<string, unknown>; notes?: string[] } | { misfit: string };
}

/** A step of a workflow that sends a message. */
export interface SendingStep {
  step: string;
  channel: Channel;
  /** Whether Novu may have ended the run before it, at a throttle. */
  isThrottled: boolean;
}
