import type { Decision } from "../contracts/decision.ts";
import { HOUR_MS, MINUTE_MS } from "../lib/durations.ts";
import type { AskNovu } from "./ask-novu.ts";
import { jobOf, settled, type Word, wordOfJobs, wordOfMessages, wordOfUnnamed } from "./receipt.ts";

/** After the decision, when Novu had no final word at first. */
const AGAIN_AFTER_MS = 10 * MINUTE_MS;
/** Whatever Novu says or does not say by then, the report leaves. */
const LAST_AFTER_MS = HOUR_MS;

/**
 * Asks Novu what became of a message that was decided to be sent, and notes the decision with its receipt:
 * confirmed, corrected, or after an hour without a word as it was. Throws when Novu does not answer before that.
 */
export function createReceipts({
  ask,
  settle,
  isStanding,
  askAgainAt,
  now,
}: {
  ask: AskNovu;
  /** Notes the decision in place of the one that was asked about, if that still stands, with the report that it owes. */
  settle(settled: Decision, asked: Decision): Promise<void>;
  /** Whether this is still what holds at its step. */
  isStanding(decision: Decision): Promise<boolean>;
  askAgainAt(decision: Decision, at: number): Promise<void>;
  now: () => number;
}) {
  return async (decision: Decision): Promise<void> => {
    const decidedAt = Date.parse(decision.decidedAt);
    const isLast = now() >= decidedAt + LAST_AFTER_MS;
    const word = await wordOn(decision, isLast);
    if (word !== null) return settle(settled(decision, word), decision);
    if (isLast) return settle({ ...decision, receipt: "no answer" }, decision);
    if (!(await isStanding(decision))) return;
    const again = decidedAt + AGAIN_AFTER_MS;
    await askAgainAt(decision, now() < again ? again : decidedAt + LAST_AFTER_MS);
  };

  /** Null when Novu has no final word; of the last question also when it gave no answer. */
  async function wordOn(decision: Decision, isLast: boolean): Promise<Word | null> {
    try {
      const run = await ask.runOf(decision);
      if (run === null) return null;
      // Novu's messages do not say whose they are, and the run may be of one of several people.
      const messages = run.subscriberId === undefined ? await ask.messagesOf(run.transactionId) : [];
      const word = wordOfMessages(decision, messages);
      if (word !== null) return word;
      const jobs = await ask.jobsOf(run);
      const isKnown = jobOf(decision, jobs) !== null;
      const unnamed = isKnown ? null : wordOfUnnamed(decision, messages);
      if (unnamed !== null) return unnamed;
      // Novu lists every message that it has handed to a provider, and forgets runs after days on some plans.
      if (!isKnown && isLast) return { outcome: "failed", reason: "lost at Novu", detail: "Novu has no such message" };
      return wordOfJobs(decision, jobs);
    } catch (error) {
      if (!isLast) throw error;
      return null;
    }
  }
}
