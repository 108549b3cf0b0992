import type { Decision } from "../../contracts/decision.ts";
import type { NovuActivity, NovuJobRecord, NovuMessageRecord } from "../../contracts/novu.ts";
import { atNovu, type RunAtNovu } from "../../contracts/run.ts";
import { batchCommit } from "../../lib/batch-commit.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/durations.ts";
import { PermanentError, RefusedError, RetryLaterError, StoppingError, UnavailableError } from "../../lib/errors.ts";
import { allMessages } from "../novu-messages.ts";
import {
  jobOf,
  type NovuResult,
  resultOfJobs,
  resultOfMessages,
  resultOfUnnamed,
  withReceipt,
} from "../novu-result.ts";

/** The second read is this long after the decision, when the first read found no final result. */
const AGAIN_AFTER_MS = 10 * MINUTE_MS;
/** The last read is this long after the decision. Then PostHog gets the report, also without an answer from Novu. */
const LAST_AFTER_MS = HOUR_MS;

/**
 * Reads at Novu whether a message was sent, and saves its decision with the receipt: confirmed, corrected, or, after an
 * hour without a result, unchanged. Throws when Novu does not answer within that hour.
 */
export function createReceipt({
  novuRuns,
  settle,
  onSent,
  decisionsOf,
  askAgainAt,
  now,
}: {
  novuRuns: NovuRuns;
  /** Replaces `asked`, if it is still the decision of its step, and saves the report. */
  settle(settled: Decision, asked: Decision): Promise<unknown>;
  /** Called after `settle` for a message that counts as sent, and again if the job runs again. */
  onSent(decision: Decision): Promise<void>;
  decisionsOf(transactionIds: string[]): Promise<Decision[]>;
  askAgainAt(decision: Decision, at: number): Promise<void>;
  now: () => number;
}) {
  return async (decision: Decision): Promise<void> => {
    const decidedAt = Date.parse(decision.decidedAt);
    const isLast = now() >= decidedAt + LAST_AFTER_MS;
    const result = await resultOf(decision, isLast);
    if (result !== null || isLast) {
      await settle(result === null ? { ...decision, receipt: "no answer" } : withReceipt(decision, result), decision);
      if (result === null || result.outcome === "sent") await onSent(decision);
      return;
    }
    if (!(await isStanding(decision))) return;
    const again = decidedAt + AGAIN_AFTER_MS;
    await askAgainAt(decision, now() < again ? again : decidedAt + LAST_AFTER_MS);
  };

  /** Whether this is still the decision of its step. */
  async function isStanding({ transactionId, step, outcome, receipt }: Decision): Promise<boolean> {
    const standing = (await decisionsOf([transactionId])).find((one) => one.step === step);
    return standing?.outcome === outcome && standing.receipt === receipt;
  }

  /** Null when Novu has no final result; at the last attempt also when Novu does not answer. */
  async function resultOf(decision: Decision, isLast: boolean): Promise<NovuResult | null> {
    try {
      const run = await novuRuns.runOf(decision);
      if (run === null) return null;
      // With a `subscriberId`, the transaction may have several subscribers, but Novu's messages name no subscriber.
      const messages = run.subscriberId === undefined ? await novuRuns.messagesOf(run.transactionId) : [];
      const result = resultOfMessages(decision, messages);
      if (result !== null) return result;
      const jobs = await novuRuns.jobsOf(run);
      const isListed = jobOf(decision, jobs) !== null;
      const unnamed = isListed ? null : resultOfUnnamed(decision, messages);
      if (unnamed !== null) return unnamed;
      // Novu lists every message that it has handed to a provider, but lists runs only for days on some plans.
      if (!isListed && isLast) return { outcome: "failed", reason: "lost at Novu", detail: "Novu has no such message" };
      return resultOfJobs(decision, jobs);
    } catch (error) {
      if (!isLast) throw error;
      return null;
    }
  }
}

/** Few, because Novu answers all messages of each run, with their whole content. */
export const MOST_RUNS_PER_CALL = 25;
/** The longest text of the ids in one URL; servers accept 8 KB. */
const MOST_BYTES_PER_CALL = 4_000;
const MOST_WAITING = 10_000;
const CALLS_AT_ONCE = 4;
/** The shortest wait after a failure. */
const NOT_URGENT_MS = 2 * MINUTE_MS;

type RunOfMessage = Pick<Decision, "transactionId" | "workflow" | "distinctId" | "part" | "jobId">;

export type NovuRuns = ReturnType<typeof createNovuRuns>;

/**
 * Reads runs and messages at Novu. Reads of messages at the same moment share a call, and equal reads of jobs at the
 * same time become one read.
 */
export function createNovuRuns({
  activity,
  pace,
}: {
  activity: Pick<NovuActivity, "messages" | "jobs" | "runOfJob">;
  /** Resolves when Novu's rate limit has room for one more read. */
  pace(): Promise<void>;
}) {
  const inProgress = new Map<string, Promise<NovuJobRecord[]>>();
  return {
    /** A message's run at Novu; null where Novu does not list it. Throws when Novu does not answer. */
    async runOf({ jobId, ...run }: RunOfMessage): Promise<RunAtNovu | null> {
      const known = atNovu(run);
      if (known !== null || jobId === undefined) return known;
      await pace();
      const found = await notUrgent(activity.runOfJob(run.distinctId, jobId));
      return found && { transactionId: found.transactionId, subscriberId: run.distinctId };
    },

    /** The messages of a run. Throws when Novu does not answer. */
    messagesOf: batchCommit<string, NovuMessageRecord[]>({
      commit: messagesOfAll,
      bytesOf: (transactionId) => encodeURIComponent(transactionId).length + "transactionId=&".length,
      isAboutAnItem: () => false,
      mostWaiting: MOST_WAITING,
      mostWaitingBytes: Number.POSITIVE_INFINITY,
      mostInBatch: MOST_RUNS_PER_CALL,
      mostBatchBytes: MOST_BYTES_PER_CALL,
      atOnce: CALLS_AT_ONCE,
    }),

    /** Novu's jobs of a run, one for each step. Throws when Novu does not answer. */
    jobsOf({ transactionId, subscriberId }: RunAtNovu): Promise<NovuJobRecord[]> {
      const key = JSON.stringify([transactionId, subscriberId]);
      const same = inProgress.get(key);
      if (same !== undefined) return same;
      const read = jobsOf(transactionId, subscriberId).finally(() => inProgress.delete(key));
      inProgress.set(key, read);
      return read;
    },
  };

  async function messagesOfAll(transactionIds: string[]): Promise<NovuMessageRecord[][]> {
    const ids = [...new Set(transactionIds)];
    const found = await allMessages(ids, async (some, page) => {
      await pace();
      return notUrgent(activity.messages(some, page));
    });
    return transactionIds.map((id) => found.filter(({ transactionId }) => transactionId === id));
  }

  async function jobsOf(transactionId: string, subscriberId: string | undefined): Promise<NovuJobRecord[]> {
    await pace();
    return notUrgent(activity.jobs(transactionId, subscriberId));
  }
}

/**
 * Waits two minutes or more after each failure. No error is final, because Novu may answer later, for example when a
 * proxy gets a missing route. A refusal is no failed attempt, because the retries end an hour after the message anyway.
 */
async function notUrgent<Found>(read: Promise<Found>): Promise<Found> {
  try {
    return await read;
  } catch (error) {
    const { answered = true, retryAfterMs = 0 } = error as Partial<RetryLaterError>;
    const later = { answered, retryAfterMs: Math.max(retryAfterMs, NOT_URGENT_MS) };
    if (error instanceof StoppingError || error instanceof RetryLaterError) throw error;
    if (error instanceof UnavailableError) throw new UnavailableError(error.message, later);
    if (error instanceof RefusedError || error instanceof PermanentError)
      throw new RetryLaterError(error.message, later);
    throw error;
  }
}
