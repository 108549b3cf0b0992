import type { Channel } from "./channel.ts";
import type { Decision } from "./decision.ts";
import type { LifecycleEvent, Source } from "./event.ts";
import type { Job, Queue } from "./job.ts";
import type { Exit } from "./routing.ts";
import type { Arrived } from "./run.ts";

// Records that the store returns for pages and commands. A time is a number of milliseconds since 1970, or a text in
// ISO 8601.

/**
 * `pending`: Novu does not have the run yet. `stuck`: the start job of the run is dead, so Novu never gets the run.
 * `finished`: the last message was decided. `exited`: an exit event ended the run. `failed`: the run ended at Novu
 * before its last message. `not started`: a limit of the workflow was reached, or all messages were decided before the
 * start.
 */
export const RUN_STATUSES = ["pending", "stuck", "in progress", "finished", "exited", "failed", "not started"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface RunRecord extends Arrived {
  transactionId: string;
  workflow: string;
  distinctId: string;
  eventUuid: string;
  /** Null when the event is already deleted; its run may be deleted later. */
  eventName: string | null;
  /** When the starting event happened. */
  occurredAt: string;
  /** When the starting event arrived. */
  receivedAt: number | null;
  status: RunStatus;
  /** When Novu accepted the trigger. */
  enteredAt: number | null;
  endedAt: number | null;
}

/** A stored event. */
export interface EventRecord
  extends Pick<LifecycleEvent, "source" | "uuid" | "name" | "distinctId" | "occurredAt" | "properties"> {
  receivedAt: number;
}

/** A stored event with all that the store has of it. */
export interface ArrivedEvent
  extends EventRecord,
    Pick<LifecycleEvent, "isIdentityEvent" | "changedProperties" | "previousId" | "deviceId"> {
  /**
   * The declared person properties as of the event, without those in the event's own `$set` and `$set_once`; absent
   * where there are none, and in an event that an earlier version stored.
   */
  personProperties?: Record<string, unknown>;
  /** As the arrival of a run, in microseconds since 1970; absent in an event that an earlier version stored. */
  arrival?: number;
}

/** A message that was seen or read, as Novu reported it. */
export interface ReplyRecord {
  at: number;
  transactionId: string;
  step: string;
  kind: "seen" | "read";
  distinctId: string;
}

/** A change of one opt-out of a person. */
export interface OptOutChangeRecord extends Pick<OptOutRecord, "at" | "topic" | "isOut"> {
  distinctId: string;
}

/** An exit, or an event that ends a wait. Of another person's exit no page shows the person or the event. */
export interface ExitRecord extends Pick<Exit, "workflow" | "eventName">, Arrived {
  /** Null for another person. */
  distinctId: string | null;
  eventUuid: string | null;
  /** The wait that it ends; null for an exit, which ends runs. */
  wait: string | null;
  /** The transaction ids of the runs in the same list that it ends, or whose wait it may end. */
  ends: string[];
}

/** A job that is not complete. */
export interface JobRecord {
  id: number;
  /** The key of `keyOf`. */
  key: string;
  queue: Queue;
  state: "waiting" | "dead";
  dueAt: number;
  attempts: number;
  /** The error of the last attempt; null before the first. */
  error: string | null;
}

/** A job of one person. */
export interface PersonJob extends JobRecord {
  kind: Job["kind"];
  /** Null for a job that belongs to no single workflow. */
  workflow: string | null;
  /** Null for a job that belongs to no single run. */
  transactionId: string | null;
}

/** A change of one opt-out. */
export interface OptOutRecord {
  at: string;
  /** "all", a topic, or one workflow. */
  topic: string;
  isOut: boolean;
  /** How the app learned of the change. */
  cause: string;
}

export interface IgnoredRecord {
  id: number;
  source: Source;
  receivedAt: string;
  reason: string;
  eventUuid: string | null;
  eventName: string | null;
  distinctId: string | null;
  body: string;
}

/** A note that was archived unread after an exit. `at`: milliseconds since 1970. */
export interface WithdrawalRecord {
  transactionId: string;
  step: string;
  at: number;
}

/** Every record about one run, or about all runs of a person. Each list has the earliest first. */
export interface History {
  runs: RunRecord[];
  /** The events that started or ended the runs. */
  events: EventRecord[];
  exits: ExitRecord[];
  decisions: Decision[];
  /** The notes that were archived unread after an exit. */
  withdrawals: WithdrawalRecord[];
  /** The jobs of the run; or all jobs of the person, of any workflow. */
  jobs: PersonJob[];
  /** The ignored events of the person. This field and the fields below are empty in the history of one run. */
  ignored: IgnoredRecord[];
  optOuts: OptOutRecord[];
  /** The time of the data that Novu has about the person; null if Novu has no data. */
  subscriberAsOf: string | null;
  /** Whether the person has runs of workflows that this history leaves out. */
  hasOtherRuns: boolean;
}

/** The runs that entered a workflow in a period, by their present state, and the messages decided in that period. */
export interface WorkflowOutcomes {
  workflow: string;
  entered: number;
  /** Entered, and still in progress. */
  waiting: number;
  /** Entered, and ended by an exit event. */
  converted: number;
  /** Entered, and ended at Novu before the last message. */
  lost: number;
  sent: Array<{ channel: Channel; count: number }>;
  skipped: Array<{ reason: string; count: number }>;
  failed: number;
}

export interface RunQuery {
  limit: number;
  workflow?: string | undefined;
  status?: RunStatus | undefined;
  /** Only the runs of this person, the runs with these ids, and the runs that this event started or ended. */
  about?: { distinctId: string; transactionIds: string[]; eventUuid: string } | undefined;
  /** Only runs that are older than this run. */
  before?: { occurredAt: string; transactionId: string } | undefined;
}
