import { PostHog } from "posthog-node";
import type { Decision } from "../contracts/decision.ts";
import { UnavailableError } from "../lib/errors.ts";
import { uuidV5 } from "./uuid-v5.ts";

/**
 * Tells PostHog what was decided, as `notification sent` or `notification skipped` of the person.
 * Resolves when PostHog has it and rejects when not. The same decision always has the same uuid
 * and time, so that telling it again counts once.
 */
export function createPostHogReport({ host, projectToken }: { host: string; projectToken: string }) {
  let client = connect();
  let last: Promise<void> = Promise.resolve();

  return {
    /** One at a time: a flush sends, or on failure loses, whatever the client holds for others. */
    report(decision: Decision): Promise<void> {
      const turn = last.then(() => send(decision));
      last = turn.catch(() => {});
      return turn;
    },
    async stop(): Promise<void> {
      await last;
      await client.shutdown();
    },
  };

  async function send(decision: Decision): Promise<void> {
    client.capture(eventOf(decision));
    try {
      await client.flush();
    } catch (error) {
      // The client may still hold the event for a later flush; our own queue is what repeats it.
      client = connect();
      throw isDown(error)
        ? new UnavailableError("PostHog is down", { cause: error })
        : new Error("PostHog did not take the report", { cause: error });
    }
  }

  function connect(): PostHog {
    return new PostHog(projectToken, {
      host,
      flushAt: 1_000,
      flushInterval: 24 * 60 * 60 * 1000,
      fetchRetryCount: 0,
      requestTimeout: 10_000,
    });
  }
}

/** No answer at all, or one that says to come back. */
function isDown(error: unknown): boolean {
  const { status } = error as { status?: number };
  return status === undefined || status === 429 || status >= 500;
}

function eventOf({
  transactionId,
  workflow,
  step,
  channel,
  distinctId,
  outcome,
  reason,
  detail,
  personSource,
  decidedAt,
}: Decision) {
  return {
    distinctId,
    event: `notification ${outcome}`,
    uuid: uuidV5(`${transactionId}:${step}:${outcome}`),
    timestamp: new Date(decidedAt),
    properties: { workflow, step, channel, transaction_id: transactionId, reason, detail, person_source: personSource },
  };
}
