import type { Decision } from "../contracts/decision.ts";
import type { BodyOf, JobKind } from "../contracts/job.ts";
import { POSTHOG_LIMITS } from "../contracts/posthog.ts";
import type { Recipient, Start } from "../contracts/routing.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { HOUR_MS } from "../lib/durations.ts";
import type { Log } from "../lib/log.ts";
import { createRunEnds, type ExitRuns } from "./jobs/end-run.ts";
import { createMerge, type MergeSteps } from "./jobs/merge.ts";
import { createStart, type StartRuns } from "./jobs/start.ts";
import { createReadLimiter } from "./rate-limiter.ts";
import { createRecipients, type PersonReads } from "./recipients.ts";
import { createSubscribers, type NovuSubscribers, type SentProfiles } from "./subscribers.ts";
import type { JobAttempt } from "./worker.ts";

/** The steps need the other reads that PostHog allows in an hour. */
const SHARE_OF_READS = 0.6;
export const READS_EVERY_MS = HOUR_MS / (SHARE_OF_READS * POSTHOG_LIMITS.personReadsPerHour);

/** Throws when the job must be tried again; the class of the error decides when. */
type Handlers = { [Kind in JobKind]: (body: BodyOf<Kind>, attempt: JobAttempt) => Promise<void> };

/** The handlers that the caller creates. */
type OtherHandlers = Pick<
  Handlers,
  "awaited event" | "next part" | "receipt" | "overdue" | "withdraw" | "devices" | "preferences" | "opt-outs" | "report"
>;

interface Parts {
  novu: NovuSubscribers & {
    trigger(start: Start, idempotencyKey: string): Promise<void>;
    cancel(transactionId: string): Promise<void>;
  };
  runs: StartRuns &
    ExitRuns & {
      findRecipient(trigger: { transactionId: string; refusals: number }): Promise<Recipient | null>;
    };
  people: SentProfiles & { isJoining(distinctId: string): Promise<boolean> };
  listDecidedSteps(transactionId: string, options?: { failed: boolean }): Promise<string[]>;
  persons: PersonReads;
  merges: MergeSteps;
  handlers: OtherHandlers;
  decide(decision: Decision, options: { ifOpen: boolean }): Promise<unknown>;
  /** Schedules that the unread notes of a run are archived. */
  withdrawNotes(run: BodyOf<"withdraw">): Promise<void>;
  /** The steps in the present code. */
  sendingSteps(workflow: string): SendingStep[];
  /** The steps that the workflow had when the run started. */
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  /** Resolves when Novu's rate limit has room for one more trigger or cancel, which Novu counts together. */
  pace(): Promise<void>;
  /** Resolves when Novu's rate limit has room for one more change of a subscriber. */
  paceSubscribers(): Promise<void>;
  onTriggered(workflow: string): void;
  now: () => number;
  log: Log;
}

/** Runs each job by the handler of its kind. */
export function createRunJob(parts: Parts): (attempt: JobAttempt) => Promise<void> {
  const { novu, runs, now } = parts;
  const { findState, findRecipient } = runs;
  const msUntilRead = createReadLimiter({ everyMs: READS_EVERY_MS, now });
  const runEnds = createRunEnds({ ...parts, cancel: novu.cancel });
  const subscribers = createSubscribers({ ...parts, findState, pace: parts.paceSubscribers });
  const recipients = createRecipients({ ...parts, findRecipient, subscribers, msUntilRead });

  const handlers: Handlers = {
    ...parts.handlers,
    start: createStart({ ...parts, ...parts.people, trigger: novu.trigger, recipients, subscribers, runEnds }),
    exit: runEnds.exit,
    throttle: runEnds.throttle,
    "upsert subscriber": subscribers.upsertKnown,
    "refresh subscriber": subscribers.refresh,
    merge: createMerge({ steps: parts.merges, msUntilRead }),
  };
  return (attempt) => {
    const handler = handlers[attempt.job.kind] as (body: unknown, attempt: JobAttempt) => Promise<void>;
    return handler(attempt.job.body, attempt);
  };
}
