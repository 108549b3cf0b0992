import type { Decision } from "../contracts/decision.ts";
import type { BodyOf, JobKind } from "../contracts/job.ts";
import type { Start } from "../contracts/routing.ts";
import type { SendingStep } from "../contracts/workflow.ts";
import { SECOND_MS } from "../lib/durations.ts";
import type { Log } from "../lib/log.ts";
import { createGroupedReads } from "./grouped-reads.ts";
import { createExit, type ExitRuns } from "./jobs/exit.ts";
import { createMerge, type MergeSteps } from "./jobs/merge.ts";
import { createRefreshSubscriber } from "./jobs/refresh-subscriber.ts";
import { createStart, type StartRuns } from "./jobs/start.ts";
import { createThrottle } from "./jobs/throttle.ts";
import { createUpsertSubscriber } from "./jobs/upsert-subscriber.ts";
import { createRecipients, type PersonReads } from "./recipients.ts";
import { createRestOfRun } from "./rest-of-run.ts";
import { createSubscribers, type NovuSubscribers, type Profiled, type SentProfiles } from "./subscribers.ts";
import type { JobAttempt } from "./worker.ts";

/** PostHog allows 1,200 reads an hour, and the steps need most of them. Source: https://posthog.com/docs/api#rate-limiting */
const READS_EVERY_MS = 5 * SECOND_MS;

/** Throws when the job must be tried again; the class of the error decides when. */
type Handlers = { [Kind in JobKind]: (body: BodyOf<Kind>, attempt: JobAttempt) => Promise<void> };

/** The handlers whose parts are made elsewhere. */
type OtherHandlers = Pick<Handlers, "receipt" | "overdue" | "preferences" | "opt-outs" | "report">;

interface Parts {
  novu: NovuSubscribers & {
    trigger(start: Start, idempotencyKey: string): Promise<void>;
    cancel(transactionId: string): Promise<void>;
  };
  runs: StartRuns &
    ExitRuns & {
      findRecipient(trigger: { transactionId: string; refusals: number }): Promise<Profiled | null>;
    };
  people: SentProfiles & { isJoining(distinctId: string): Promise<boolean> };
  listDecidedSteps(transactionId: string, options?: { failed: boolean }): Promise<string[]>;
  persons: PersonReads;
  merges: MergeSteps;
  handlers: OtherHandlers;
  decide(decision: Decision, options: { ifOpen: boolean }): Promise<unknown>;
  /** The steps in the present code. */
  sendingSteps(workflow: string): SendingStep[];
  /** The steps that the workflow had when the run started. */
  stepsOfRun(transactionId: string, workflow: string): Promise<SendingStep[]>;
  /** Resolves when Novu's rate limit has room for one more trigger or cancel, which Novu counts together. */
  pace(): Promise<void>;
  /** Resolves when it has room for one more change of a subscriber. */
  paceSubscribers(): Promise<void>;
  onTriggered(workflow: string): void;
  now: () => number;
  log: Log;
}

/** Runs each job by the handler of its kind. */
export function createRunJob(parts: Parts): (attempt: JobAttempt) => Promise<void> {
  const { novu, runs, people, persons, merges, now, log } = parts;
  const { findState, findRecipient } = runs;
  const reads = createGroupedReads({ everyMs: READS_EVERY_MS, now });
  const restOfRun = createRestOfRun({ ...parts, cancel: novu.cancel });
  const subscribers = createSubscribers({ novu, people, pace: parts.paceSubscribers, log });
  const recipients = createRecipients({ ...parts, findRecipient, subscribers, reads });

  const handlers: Handlers = {
    ...parts.handlers,
    start: createStart({ ...parts, ...people, trigger: novu.trigger, recipients, subscribers, restOfRun }),
    exit: createExit({ runs, restOfRun }),
    throttle: createThrottle({ ...parts, restOfRun }),
    "upsert subscriber": createUpsertSubscriber({ storedProfile: persons.storedProfile, subscribers }),
    "refresh subscriber": createRefreshSubscriber({ persons, findState, subscribers, now }),
    merge: createMerge({ steps: merges, reads }),
  };
  return (attempt) => {
    const handler = handlers[attempt.job.kind] as (body: unknown, attempt: JobAttempt) => Promise<void>;
    return handler(attempt.job.body, attempt);
  };
}
