import type { Channel } from "../contracts/channel.ts";
import type { Comparison } from "../contracts/comparison.ts";
import type { Decision } from "../contracts/decision.ts";
import { COHORT_ENTERED, type LifecycleEvent, type Source } from "../contracts/event.ts";
import type { History, IgnoredRecord, JobRecord, RunQuery, RunRecord, WorkflowOutcomes } from "../contracts/history.ts";
import type { Queue } from "../contracts/job.ts";
import type { PersonRead } from "../contracts/person.ts";
import type { DiscoveredWorkflow, Shape, ShapeStep, WorkflowRoutes } from "../contracts/workflow.ts";
import { NOVU_UNITS_MS } from "../lib/durations.ts";
import type { EndedSessions } from "./access.ts";

/** A workflow as it is in the code. */
export interface WorkflowFacts {
  id: string;
  name: string;
  description: string;
  category: "marketing" | "transactional";
  /** The topic that people can turn off; null if they cannot turn the workflow off. */
  topic: string | null;
  tags: string[];
  /** The events that start or end a run. */
  events: string[];
  /** The cohorts that start it. */
  cohorts: Array<{ id: number }>;
  /**
   * Each of these events with its effect; that of a cohort once for each cohort, with the cohort as its `name`. "On a
   * condition": the effect depends on the event's properties.
   */
  listens: Array<{
    event: string;
    name: string;
    does: "starts it" | "ends it" | "ends a wait" | "starts or ends it, on a condition";
  }>;
  /** In Novu's order. */
  steps: StepFacts[];
}

export interface StepFacts {
  step: string;
  type: string;
  /** Null for a step that sends no message. */
  channel: Channel | null;
  /** The wait in the code to which the step belongs: a long wait has several delay steps. Null for other steps. */
  wait: string | null;
  /** The length of the step in milliseconds; null if the code finds it in each run. */
  waitMs: number | null;
  /** For a wait for an event: how long it takes at most, in milliseconds. */
  atMostMs: number | null;
}

/**
 * The result of reading a person as a step does. `own`: from the events that this app received. `unavailable`: the
 * person could not be read.
 */
export type PersonReading =
  | ({ outcome: "found"; source: "posthog" | "segment" | "own" } & PersonRead)
  | { outcome: "not found"; source: "posthog" | "segment" | "own" }
  | { outcome: "unavailable"; why: string };

/** The part of the store that the studio uses. */
export interface StudioStore {
  runs: {
    /** The runs with the newest event first. */
    list(query: RunQuery): Promise<RunRecord[]>;
    /** One run, or the newest runs of a person in one workflow or all; empty lists if there are none. */
    history(of: { transactionId: string } | { distinctId: string; workflow?: string | undefined }): Promise<History>;
    countOutcomes(since: number): Promise<WorkflowOutcomes[]>;
  };
  decisions: {
    /** In no particular order. */
    listOfRuns(transactionIds: string[]): Promise<Decision[]>;
    /** The newest, oldest first by the first decision of each step. */
    list(query: { limit: number }): Promise<Decision[]>;
  };
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
    /** The job that is due first comes first. */
    listWaiting(queue: Queue, limit: number): Promise<JobRecord[]>;
    /** Newest first; `before` is an id. */
    listDead(query: { limit: number; error?: string | undefined; before?: number | undefined }): Promise<JobRecord[]>;
  };
  limits: EndedSessions;
}

/** The data of the pages, and `redrive`, which is the only change that the pages make. */
export interface Facts extends Omit<StudioStore, "limits"> {
  workflows: WorkflowFacts[];
  /** Reads the person as a step of this run would. `readAt` is the time of reading, ISO 8601. */
  readPerson(run: {
    distinctId: string;
    source: Source;
    occurredAt: string;
  }): Promise<{ reading: PersonReading; readAt: string }>;
  /** The number of messages to this person that count under the frequency cap now, and the cap. */
  capOf(distinctId: string): Promise<{ sent: number; most: number; withinMs: number }>;
  /** Workflows that sent no message in the last 7 days, although people entered and their first wait is over. */
  silent(): Promise<string[]>;
  /** The workflows, compared with PostHog; null while PostHog has not answered. */
  compare(): Promise<Comparison | null>;
  redrive(which: { id: number } | { error: string } | "all"): Promise<number>;
}

export interface Routes extends WorkflowRoutes {
  category: "marketing" | "transactional";
  topic: string | null;
}

/** Joins the discovery and the routes of a workflow. */
export function workflowFacts(
  { id, name, description, tags, sendingSteps, shape }: DiscoveredWorkflow,
  workflows: Routes[],
): WorkflowFacts {
  const routes = workflows.find((workflow) => workflow.id === id);
  const events = [...new Set(routes?.events)];
  const cohorts = routes?.cohorts ?? [];
  return {
    id,
    name,
    description,
    tags,
    category: routes?.category ?? "transactional",
    topic: routes?.topic ?? null,
    events,
    cohorts,
    listens: events.flatMap((event) =>
      event === COHORT_ENTERED
        ? cohorts.map((cohort) => ({ event, name: `entering cohort ${cohort.id}`, does: "starts it" as const }))
        : { event, name: event, does: effectOf(event, routes) },
    ),
    steps: shape.steps.map((one) => ({
      step: one.step,
      type: one.type,
      channel: sendingSteps.find(({ step }) => step === one.step)?.channel ?? null,
      wait: waitOf(one, shape),
      waitMs: one.fixed === undefined ? null : one.fixed.amount * (NOVU_UNITS_MS[one.fixed.unit] ?? 0),
      atMostMs: one.atMostMs ?? null,
    })),
  };
}

/** The later delay steps of one wait have a number after its id. */
function waitOf({ step, type, fixed }: ShapeStep, { steps }: Shape): string | null {
  if (type !== "delay") return null;
  const first = step.replace(/-\d+$/, "");
  return fixed?.wait ?? (steps.some((one) => one.step === first && one.type === "delay") ? first : step);
}

/** Tests the routes with an event that has only a name, so that no condition is met. */
function effectOf(name: string, routes: WorkflowRoutes | undefined): WorkflowFacts["listens"][number]["does"] {
  const bare: LifecycleEvent = {
    source: "posthog",
    uuid: "",
    name,
    distinctId: "",
    occurredAt: new Date(0).toISOString(),
    properties: {},
    personProperties: null,
  };
  const matchers = routes?.matchers.filter(({ event }) => event === name) ?? [];
  if (matchers.length > 0 && matchers.every(({ does }) => does === "ends a wait")) return "ends a wait";
  try {
    if (routes?.startedBy(bare)) return "starts it";
    const { matches = [], hasFailed } = routes?.exitBy(bare) ?? {};
    if (matches.length > 0 && !hasFailed) return "ends it";
  } catch {
    // The condition needs properties that this event does not have.
  }
  return "starts or ends it, on a condition";
}

/**
 * Reads a person for the pages at most once in `cacheMs`. Open pages are loaded again after each change, and share the
 * source's rate limit with the steps.
 */
export function createReadings(
  read: (run: Parameters<Facts["readPerson"]>[0]) => Promise<PersonReading>,
  cacheMs: number,
  now: () => number,
): Facts["readPerson"] {
  const cache = new Map<string, { answer: ReturnType<Facts["readPerson"]>; until: number }>();

  return (run) => {
    for (const [key, { until }] of cache) if (until <= now()) cache.delete(key);
    const key = JSON.stringify([run.source, run.distinctId]);
    const known = cache.get(key) ?? { answer: readNow(run), until: now() + cacheMs };
    cache.set(key, known);
    return known.answer;
  };

  async function readNow(run: Parameters<typeof read>[0]): ReturnType<Facts["readPerson"]> {
    const readAt = new Date(now()).toISOString();
    return { reading: await read(run), readAt };
  }
}
