import type { Decision } from "../../contracts/decision.ts";
import { HOUR_MS, MINUTE_MS } from "../../lib/durations.ts";
import {
  jobOf,
  type NovuResult,
  resultOfJobs,
  resultOfMessages,
  resultOfUnnamed,
  withReceipt,
} from "../novu-result.ts";
import type { NovuRuns } from "../novu-runs.ts";

/** After the decision, when Novu had no final result at first. */
const AGAIN_AFTER_MS = 10 * MINUTE_MS;
/** After this, PostHog gets the report, with or without an answer from Novu. */
const LAST_AFTER_MS = HOUR_MS;

/**
 * Reads at Novu whether a message was sent, and saves its decision with the receipt: confirmed, corrected, or, after an
 * hour without a result, unchanged. Throws when Novu does not answer within that hour.
 */
export function createReceipt({
  novuRuns,
  settle,
  isStanding,
  askAgainAt,
  now,
}: {
  novuRuns: NovuRuns;
  /** Replaces `asked`, if it is still the decision of its step, and saves the report. */
  settle(settled: Decision, asked: Decision): Promise<void>;
  /** Whether this is still the decision of its step. */
  isStanding(decision: Decision): Promise<boolean>;
  askAgainAt(decision: Decision, at: number): Promise<void>;
  now: () => number;
}) {
  return async (decision: Decision): Promise<void> => {
    const decidedAt = Date.parse(decision.decidedAt);
    const isLast = now() >= decidedAt + LAST_AFTER_MS;
    const result = await resultOf(decision, isLast);
    if (result !== null) return settle(withReceipt(decision, result), decision);
    if (isLast) return settle({ ...decision, receipt: "no answer" }, decision);
    if (!(await isStanding(decision))) return;
    const again = decidedAt + AGAIN_AFTER_MS;
    await askAgainAt(decision, now() < again ? again : decidedAt + LAST_AFTER_MS);
  };

  /** Null when Novu has no final result; at the last attempt also when Novu does not answer. */
  async function resultOf(decision: Decision, isLast: boolean): Promise<NovuResult | null> {
    try {
      const run = await novuRuns.runOf(decision);
      if (run === null) return null;
      // Novu's messages do not name their subscriber, and the run may be of one of several people.
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
