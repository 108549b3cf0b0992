import isEmail from "validator/lib/isEmail.js";
import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";

/**
 * The limits of each plan of Novu Cloud, as of November 2026. A longer delay or digest makes the step
 * fail; the window of a throttle is not limited. Novu answers 429 above the rate of triggers (its category "events"),
 * changes of a subscriber ("configuration") or reads ("global"). Novu lists a run for `feedMs` after its
 * trigger. Sources: https://docs.novu.co/platform/account/billing,
 * https://docs.novu.co/api-reference/rate-limiting
 */
export const NOVU_PLANS = {
  free: {
    longestDelayMs: DAY_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 60,
    profilesPerSecond: 20,
    readsPerSecond: 30,
    feedMs: DAY_MS,
  },
  pro: {
    longestDelayMs: 7 * DAY_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 240,
    profilesPerSecond: 80,
    readsPerSecond: 120,
    feedMs: 7 * DAY_MS,
  },
  team: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 600,
    profilesPerSecond: 200,
    readsPerSecond: 300,
    feedMs: 90 * DAY_MS,
  },
  enterprise: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 6_000,
    profilesPerSecond: 2_000,
    readsPerSecond: 3_000,
    feedMs: 90 * DAY_MS,
  },
} as const;

export const NovuPlan = z.enum(["free", "pro", "team", "enterprise"]);
export type NovuPlan = z.infer<typeof NovuPlan>;

/** Throws for workflows that Novu would refuse on this plan, with every problem at once. */
export function assertWithinPlan(workflows: Array<{ id: string; steps: number }>, plan: NovuPlan): void {
  const problems = beyondPlan(workflows, plan);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** The problems as texts; `others` is the number of workflows that were made in Novu's dashboard. */
export function beyondPlan(
  workflows: Array<{ id: string; steps: number }>,
  plan: NovuPlan,
  { others = 0 }: { others?: number } = {},
): string[] {
  const { mostWorkflows, mostSteps } = NOVU_PLANS[plan];
  const problems = workflows
    .filter(({ steps }) => steps > mostSteps)
    .map(
      ({ id, steps }) =>
        `workflow "${id}" has ${steps} steps, Novu takes ${mostSteps}; a long wait counts as several steps on a plan that limits delays`,
    );
  if (workflows.length + others > mostWorkflows)
    problems.push(
      `there are ${workflows.length} workflows${others > 0 ? `, and ${others} made in the dashboard` : ""}, the plan "${plan}" takes ${mostWorkflows}`,
    );
  return problems;
}

/** The characters of this id that Novu refuses where it checks subscriber ids. An email address may have any. */
export function refusedCharacters(subscriberId: string): string[] {
  if (isEmail.default(subscriberId)) return [];
  return [...new Set(subscriberId.match(/[^\w:.-]/gu) ?? [])];
}

/** The characters that such a Novu allows, for a message to people. */
export const ALLOWED_CHARACTERS = "letters a to z, digits, _ : . and -, or an email address";

/**
 * The longest times of a bridge call and of its reads. Novu waits 5 s for an answer, but only 4 s on a reused
 * connection whose keep-alive is short (see `KEEP_ALIVE_SECONDS`). A step reads the person and then all flags: 2.8 s
 * when PostHog answers neither. The rest is for the store, the email, and other steps at a busy moment. When the store
 * does not answer either, the bridge answers 503 and Novu retries: without the store, a message could be sent twice.
 */
export const ANSWER_WITHIN_MS = 3_400;
export const PERSON_WITHIN_MS = 2_200;
export const FLAGS_WITHIN_MS = 600;

/** One message as Novu lists it; a step that reaches several devices has several. */
export interface NovuMessageRecord {
  transactionId: string;
  /** Absent from an older Novu. */
  stepId?: string | undefined;
  channel: string;
  /** "sent", "error" or "warning"; empty where Novu has none. */
  status: string;
  errorText?: string | undefined;
}

/** One step of a run as Novu lists it. */
export interface NovuJobRecord {
  id: string;
  step: string | null;
  type: string;
  /** "pending", "queued", "running", "delayed", "merged", "completed", "failed", "canceled" or "skipped" */
  status: string;
  /** Novu's records of the step, the earliest first. */
  details: Array<{ detail: string; raw?: string | null | undefined }>;
}

/** A run as Novu lists it. */
export interface NovuRunRecord {
  transactionId: string;
  /** When it was triggered, ISO 8601. */
  createdAt: string | null;
}

/** Reads of runs and messages at Novu, on every plan. One attempt per call; each throws when Novu does not answer. */
export interface NovuActivity {
  /** One page of the messages of these runs, the newest first; the first page is 0. */
  messages(transactionIds: string[], page: number): Promise<{ messages: NovuMessageRecord[]; hasMore: boolean }>;
  /**
   * The steps of a run, in their order; of a transaction id that Novu took several times, those of each. Empty where
   * Novu has no such run. With `subscriberId`, those of this subscriber alone.
   */
  jobs(transactionId: string, subscriberId?: string): Promise<NovuJobRecord[]>;
  /** The run of one job, among the latest runs of its subscriber; null where Novu does not list it. */
  runOfJob(subscriberId: string, jobId: string): Promise<NovuRunRecord | null>;
  /** Whether the subscriber has a channel of a workflow on; null where Novu does not list the workflow. */
  isWanted(subscriberId: string, workflow: string, channel: string): Promise<boolean | null>;
}
