import type { Channel } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { Histories } from "../contracts/history.ts";
import type { Queue } from "../contracts/job.ts";
import type { PersonRead } from "../contracts/person.ts";

/** A workflow as it stands in the code. */
export interface WorkflowFacts {
  id: string;
  name: string;
  description: string;
  category: "marketing" | "transactional";
  /** What people turn it off by; null for what they cannot. */
  topic: string | null;
  tags: string[];
  /** The events that start or end it. */
  events: string[];
  /** Each of them with its effect. A condition depends on the event itself. */
  listens: Array<{ event: string; does: "starts it" | "ends it" | "starts or ends it, on a condition" }>;
  /** In the order Novu runs them. */
  steps: Array<{ step: string; type: string; channel: Channel | null }>;
}

/** A person as a step sees them, and where from. Unavailable says nothing about the person. */
export type PersonReading =
  | ({ outcome: "found"; source: "posthog" | "segment" | "own" } & PersonRead)
  | { outcome: "not found"; source: "posthog" | "segment" | "own" }
  | { outcome: "unavailable"; why: string };

/** What the studio asks of the rest of the house. */
export interface Facts extends Histories {
  workflows: WorkflowFacts[];
  /** The person of a run that such an event started, and when they were read, ISO 8601. */
  readPerson(run: {
    distinctId: string;
    source: Source;
    occurredAt: string;
  }): Promise<{ reading: PersonReading; readAt: string }>;
  countQueues(): Promise<Array<{ queue: Queue; waiting: number; dead: number; oldestDueAt: number | null }>>;
  /** Workflows that people entered in the last 7 days, longer ago than the first wait takes, and that sent nothing. */
  silent(): Promise<string[]>;
  deadCauses(): Promise<Array<{ error: string; count: number }>>;
  redrive(which: { id: number } | { error: string } | "all"): Promise<number>;
}
