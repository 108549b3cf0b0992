import isEmail from "validator/lib/isEmail.js";
import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";

/**
 * The limits of each plan of Novu Cloud, as of November 2026. A longer delay or digest makes the step
 * fail; the window of a throttle is not limited. Novu answers 429 above the rate of triggers (its category "events"),
 * changes of a subscriber ("configuration") or reads ("global"). Novu lists a run for `feedMs` after its
 * trigger. Sources: https://docs.novu.co/platform/account/billing,
 * https://docs.novu.co/api-reference/rate-limiting
 *
 * A plan includes `runsPerMonth` of all environments, whether their messages are sent or skipped. Prices are in US
 * dollars: of a month, and of a thousand more runs. Null where there is none, or only that of a contract: the Free plan
 * has no more runs, and the runs of Enterprise are agreed upon.
 * Sources: https://novu.co/pricing, as of May 2026; packages/shared/src/consts/feature-tiers-constants.ts in Novu's
 * public repository, which has the same figures.
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
    runsPerMonth: 10_000,
    pricePerMonth: 0,
    pricePerThousandRuns: null,
  },
  pro: {
    longestDelayMs: 7 * DAY_MS,
    mostWorkflows: 20,
    mostSteps: 20,
    triggersPerSecond: 240,
    profilesPerSecond: 80,
    readsPerSecond: 120,
    feedMs: 7 * DAY_MS,
    runsPerMonth: 30_000,
    pricePerMonth: 30,
    pricePerThousandRuns: 1.2,
  },
  team: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 600,
    profilesPerSecond: 200,
    readsPerSecond: 300,
    feedMs: 90 * DAY_MS,
    runsPerMonth: 250_000,
    pricePerMonth: 250,
    pricePerThousandRuns: 1.2,
  },
  enterprise: {
    longestDelayMs: 30 * DAY_MS,
    mostWorkflows: 100,
    mostSteps: 20,
    triggersPerSecond: 6_000,
    profilesPerSecond: 2_000,
    readsPerSecond: 3_000,
    feedMs: 90 * DAY_MS,
    runsPerMonth: null,
    pricePerMonth: null,
    pricePerThousandRuns: null,
  },
} as const;

/** Novu's context of a run: an id for each type, such as the id of an account. */
export const NovuContext = z.record(z.string(), z.string());

export const NovuPlan = z.enum(["free", "pro", "team", "enterprise"]);
export type NovuPlan = z.infer<typeof NovuPlan>;

/** Throws for workflows that Novu would refuse on this plan, with every problem at once. */
export function assertWithinPlan(workflows: Array<{ id: string; steps: number }>, plan: NovuPlan): void {
  const problems = beyondPlan(workflows, plan);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** Every limit of the plan that the workflows exceed. `others` is the number of workflows made in Novu's dashboard. */
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

/** The characters of a subscriber id that Novu refuses, if it checks ids. Novu accepts every email address as an id. */
export function refusedCharacters(subscriberId: string): string[] {
  if (isEmail.default(subscriberId)) return [];
  return [...new Set(subscriberId.match(/[^\w:.-]/gu) ?? [])];
}

/** The subscriber ids that this check allows, in words for an error message. */
export const ALLOWED_CHARACTERS = "letters a to z, digits, _ : . and -, or an email address";

/**
 * The longest times of a bridge call and of its reads. Novu waits 5 s for an answer, but only 4 s on a reused
 * connection whose keep-alive is short (see `KEEP_ALIVE_SECONDS`). A step reads the person and then all flags, which
 * takes 2.8 s if PostHog answers neither read. The remaining 0.6 s are for the store, the email, and other steps at a
 * busy moment. If the store does not answer in time, the bridge answers 503 and Novu retries: a step without the store
 * could send a message twice.
 */
export const ANSWER_WITHIN_MS = 3_400;
export const PERSON_WITHIN_MS = 2_200;
export const FLAGS_WITHIN_MS = 600;
/** The longest time of one function of a workflow, such as a `skip` that reads the fork's own database. */
export const OWN_CODE_WITHIN_MS = 2_000;

/** Whether and when an in-app note was seen and read. Times are ISO 8601; null for never. */
export const NoteState = z.object({
  seen: z.boolean().catch(false),
  read: z.boolean().catch(false),
  lastSeenDate: z
    .string()
    .nullish()
    .catch(null)
    .transform((at) => at ?? null),
  lastReadDate: z
    .string()
    .nullish()
    .catch(null)
    .transform((at) => at ?? null),
});
export type NoteState = z.infer<typeof NoteState>;

/** One message as Novu lists it. A step that sends to several devices has several messages. */
export interface NovuMessageRecord {
  transactionId: string;
  /** The id at Novu. */
  id?: string | undefined;
  /** Absent from an older Novu. */
  stepId?: string | undefined;
  channel: string;
  /** The context of an in-app note; absent for none, and from an older Novu. */
  contextKeys?: string[] | undefined;
  /** "sent", "error" or "warning"; empty where Novu has none. */
  status: string;
  /** Of use only for an in-app note. */
  note?: NoteState | undefined;
  errorText?: string | undefined;
  /** Only false where Novu says that nobody has read the message. Novu sets `read` of an archived note too. */
  isRead?: boolean | undefined;
  isArchived?: boolean | undefined;
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
  /** When the run was triggered, ISO 8601. */
  createdAt: string | null;
}

/** Reads of runs and messages at Novu, on every plan. A read makes one attempt, and throws if Novu does not answer. */
export interface NovuActivity {
  /** One page of the messages of these runs, the newest first; the first page is 0. */
  messages(transactionIds: string[], page: number): Promise<{ messages: NovuMessageRecord[]; hasMore: boolean }>;
  /**
   * The steps of all runs with this transaction id, in their order; with `subscriberId`, only of this subscriber's
   * runs. Empty if Novu has no such run.
   */
  jobs(transactionId: string, subscriberId?: string): Promise<NovuJobRecord[]>;
  /** The run of one job, among the latest runs of its subscriber; null where Novu does not list it. */
  runOfJob(subscriberId: string, jobId: string): Promise<NovuRunRecord | null>;
  /** Whether the subscriber has a channel of a workflow on; null where Novu does not list the workflow. */
  isWanted(subscriberId: string, workflow: string, channel: string): Promise<boolean | null>;
}
