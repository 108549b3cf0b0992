import type { Cause } from "../contracts/cause.ts";
import type { LifecycleEvent, Source } from "../contracts/event.ts";
import type { Log } from "../lib/log.ts";

/** What a source's body says: an event, or why it is none that could be taken. */
export type Read = { event: LifecycleEvent } | { misfit: string; cause?: Cause };

/**
 * What became of an event, and why it does not do all that it might have; resolves when it is on disk,
 * and rejects when it could not be put there.
 */
export type Accept = (
  event: LifecycleEvent,
  body: string,
) => Promise<{ outcome: "accepted" | "duplicate"; reason?: string } | { outcome: "ignored"; reason: string }>;

export interface Ignored {
  source: Source;
  cause: Cause;
  reason: string;
  body: string;
}

export interface Taking {
  accept: Accept;
  /** Keeps what is no event, for people to see; resolves when it is on disk. */
  keepIgnored(aside: Ignored): Promise<void>;
  log: Log;
}

export interface Taken {
  outcome: "accepted" | "duplicate" | "ignored";
  /** The event's; null when it could not be read. */
  uuid: string | null;
  reason: string | undefined;
}

/** Takes in what a source tells, by the same door whoever it is: on disk when it resolves, kept with its reason when it causes nothing. */
export function createIngest({ source, accept, keepIgnored, log }: Taking & { source: Source }) {
  return async (read: Read, body: string): Promise<Taken> => {
    const facts = { component: "sources", answer: 202, from: source };
    if ("misfit" in read) {
      const { misfit: reason, cause = "not an event" } = read;
      await keepIgnored({ source, cause, reason, body });
      log.warn({ ...facts, outcome: "ignored", reason });
      return { outcome: "ignored", uuid: null, reason };
    }

    const { event } = read;
    const result = await accept(event, body);
    // Of thousands a second; what became of each is in the studio, and in the metrics.
    const level = result.outcome === "accepted" && result.reason === undefined ? "debug" : "info";
    log[level]({ ...facts, event: event.name, eventUuid: event.uuid, ...result });
    return { outcome: result.outcome, uuid: event.uuid, reason: result.reason };
  };
}

/** What the sender of one event is answered; it is in its logs, so nothing of the event's content is in it. */
export function answerOf({ outcome, uuid, reason = "" }: Taken): Record<string, string> {
  if (outcome === "ignored" || uuid === null) return { ignored: reason };
  return { [outcome]: uuid, ...(reason !== "" && { but: reason }) };
}
