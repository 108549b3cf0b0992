import type { Arrived } from "./arrival.ts";
import type { Channel } from "./channel.ts";
import type { Decision } from "./decision.ts";
import type { LifecycleEvent, Source } from "./event.ts";
import type { Job, Queue } from "./job.ts";
import type { Exit } from "./routing.ts";

// What the store tells people who look. Times in numbers are milliseconds since 1970, in text ISO 8601.

/**
 * `pending`: Novu does not have it yet. `stuck`: and will not, because its start job is dead. `finished`: its last
 * message was decided. `exited`: by an exit event. `failed`: it ended at Novu before its last message.
 * `not started`: by a limit of its workflow, or because all its messages were decided before it began.
 */
export const RUN_STATUSES = ["pending", "stuck", "in progress", "finished", "exited", "failed", "not started"] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface RunRecord extends Arrived {
  transactionId: string;
  workflow: string;
  distinctId: string;
  eventUuid: string;
  /** Null once the event is deleted, which a run may outlive for a while. */
  eventName: string | null;
  /** When the starting event happened. */
  occurredAt: string;
  /** When it arrived. */
  receivedAt: number | null;
  status: RunStatus;
  /** When Novu took it on. */
  enteredAt: number | null;
  endedAt: number | null;
}

/** An event as it is kept: without the person's properties. */
export interface EventRecord
  extends Pick<LifecycleEvent, "source" | "uuid" | "name" | "distinctId" | "occurredAt" | "properties"> {
  receivedAt: number;
}

/** Job that is not done. */
export interface JobRecord {
  id: number;
  /** Says what it does, and of what. */
  key: string;
  queue: Queue;
  state: "waiting" | "dead";
  dueAt: number;
  attempts: number;
  /** What the last try came to; null when there was none. */
  error: string | null;
}

/** The same, of one person. */
export interface PersonJob extends JobRecord {
  kind: Job["kind"];
  /** Null where it is of the person and no workflow. */
  workflow: string | null;
  /** Null where it is of no single run. */
  transactionId: string | null;
}

/** A person wants this, or does not want it any more. */
export interface OptOutRecord {
  at: string;
  /** "all", a topic, or one workflow. */
  topic: string;
  isOut: boolean;
  /** How the app learned of it. */
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

/** Everything that decided what a run, or a person's runs, came to. Each list is in the order it happened. */
export interface History {
  runs: RunRecord[];
  /** What started the runs, and what ended them. */
  events: EventRecord[];
  exits: Array<Exit & Arrived>;
  decisions: Decision[];
  /** Of the run, or all of the person whatever the workflow. */
  jobs: PersonJob[];
  /** Of this person, as all that follows; nothing where one run was asked for. */
  ignored: IgnoredRecord[];
  optOuts: OptOutRecord[];
  /** The time of the data that Novu has of the person; null if it has none. */
  subscriberAsOf: string | null;
  /** Whether there are runs of other workflows than the one asked for. */
  hasOtherRuns: boolean;
}

/** What became of the runs that entered a workflow in a period, and of the messages decided in it. */
export interface WorkflowOutcomes {
  workflow: string;
  entered: number;
  /** Of those who entered: still in progress. */
  waiting: number;
  /** Of those who entered: left by an exit event. */
  converted: number;
  /** Of those who entered: ended at Novu before the last message. */
  lost: number;
  sent: Array<{ channel: Channel; count: number }>;
  skipped: Array<{ reason: string; count: number }>;
  failed: number;
}

export interface RunQuery {
  limit: number;
  workflow?: string | undefined;
  status?: RunStatus | undefined;
  /** Runs of this person, with one of these ids, or begun or ended by this event. */
  about?: { distinctId: string; transactionIds: string[]; eventUuid: string } | undefined;
  /** Only older ones than this. */
  before?: { occurredAt: string; transactionId: string } | undefined;
}
