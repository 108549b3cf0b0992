import type { Decision } from "../contracts/decision.ts";
import type { NovuActivity, NovuJobRecord, NovuMessageRecord } from "../contracts/novu.ts";
import { atNovu, type RunAtNovu } from "../contracts/run.ts";
import { batchCommit } from "../lib/batch-commit.ts";
import { MINUTE_MS } from "../lib/durations.ts";
import { PermanentError, RefusedError, RetryLaterError, StoppingError, UnavailableError } from "../lib/errors.ts";

/** Novu lists each message with its whole content, and lists all messages of a run. */
const MOST_RUNS_PER_CALL = 25;
/** The longest text of the ids in one URL; servers accept 8 KB. */
const MOST_BYTES_PER_CALL = 4_000;
const MOST_WAITING = 10_000;
const CALLS_AT_ONCE = 4;
/** The shortest wait after a failure. */
const NOT_URGENT_MS = 2 * MINUTE_MS;

type RunOfMessage = Pick<Decision, "transactionId" | "workflow" | "distinctId" | "jobId">;

export type NovuRuns = ReturnType<typeof createNovuRuns>;

/** Reads runs and messages at Novu. Reads of one moment share a call where Novu allows it, and equal reads at the same time are one. */
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

    /** The steps of a run. Throws when Novu does not answer. */
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
    const found: NovuMessageRecord[] = [];
    for (let page = 0, hasMore = true, before = ""; hasMore; page += 1) {
      await pace();
      const { messages, hasMore: isMore } = await notUrgent(activity.messages(ids, page));
      // A Novu without pages answers each request with the first one.
      const answer = JSON.stringify(messages);
      if (answer === before) break;
      found.push(...messages);
      hasMore = isMore && messages.length > 0;
      before = answer;
    }
    return transactionIds.map((id) => found.filter(({ transactionId }) => transactionId === id));
  }

  async function jobsOf(transactionId: string, subscriberId: string | undefined): Promise<NovuJobRecord[]> {
    await pace();
    return notUrgent(activity.jobs(transactionId, subscriberId));
  }
}

/**
 * Waits two minutes or more after each failure. No error is final: Novu may answer later, for example when a proxy gets
 * a missing route. No error counts as a failed attempt either, because the retries end an hour after the message anyway.
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
