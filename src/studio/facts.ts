import type { Channel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { History, IgnoredRecord, JobRecord, RunQuery, RunRecord, WorkflowOutcomes } from "../contracts/history.ts";
import type { Queue } from "../contracts/job.ts";
import type { PersonRead } from "../contracts/person.ts";
import type { EndedSessions } from "./access.ts";

/** A workflow as it is in the code. */
export interface WorkflowFacts {
  id: string;
  name: string;
  description: string;
  category: "marketing" | "transactional";
  /** The topic that people can turn off; null if they cannot. */
  topic: string | null;
  tags: string[];
  /** The events that start or end it. */
  events: string[];
  /** Each of them with its effect. A condition depends on the event itself. */
  listens: Array<{ event: string; does: "starts it" | "ends it" | "starts or ends it, on a condition" }>;
  /** In the order of Novu. */
  steps: Array<{ step: string; type: string; channel: Channel | null }>;
}

/** A person as a step reads them, and from which source. `unavailable`: the person could not be read. */
export type PersonReading =
  | ({ outcome: "found"; source: "posthog" | "segment" | "own" } & PersonRead)
  | { outcome: "not found"; source: "posthog" | "segment" | "own" }
  | { outcome: "unavailable"; why: string };

/** The part of the store that the studio uses. */
export interface StudioStore {
  runs: {
    /** Newest first, by the time of their event. */
    list(query: RunQuery): Promise<RunRecord[]>;
    /** One run, or the newest runs of a person in one workflow or all; empty lists if there are none. */
    history(of: { transactionId: string } | { distinctId: string; workflow?: string | undefined }): Promise<History>;
    countOutcomes(since: number): Promise<WorkflowOutcomes[]>;
  };
  /** In no order. */
  decisions: { listOfRuns(transactionIds: string[]): Promise<Decision[]> };
  events: {
    /** The most frequent first. */
    countIgnored(since: number): Promise<Array<{ reason: string; count: number }>>;
    /** Newest first; `before` is an id. */
    listIgnored(query: {
      limit: number;
      reason?: string | undefined;
      /** A distinct id or an event uuid. */
      about?: string | undefined;
      before?: number | undefined;
    }): Promise<IgnoredRecord[]>;
  };
  jobs: {
    countByQueue(): Promise<Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>>;
    countDeadByError(): Promise<Array<{ error: string; count: number }>>;
    /** The first due first. */
    listWaiting(queue: Queue, limit: number): Promise<JobRecord[]>;
    /** Newest first; `before` is an id. */
    listDead(query: { limit: number; error?: string | undefined; before?: number | undefined }): Promise<JobRecord[]>;
  };
  limits: EndedSessions;
}

/** Everything that the pages read, and the one thing that they change. */
export interface Facts extends Omit<StudioStore, "limits"> {
  workflows: WorkflowFacts[];
  /** The person of a run with such an event, and when they were read, ISO 8601. */
  readPerson(run: {
    distinctId: string;
    source: Source;
    occurredAt: string;
  }): Promise<{ reading: PersonReading; readAt: string }>;
  /** Workflows that people entered in the last 7 days, longer ago than the first wait takes, and that sent no message. */
  silent(): Promise<string[]>;
  redrive(which: { id: number } | { error: string } | "all"): Promise<number>;
}
