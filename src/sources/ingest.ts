import type { Cause, LifecycleEvent, Source } from "../contracts/event.ts";
import type { Routing } from "../contracts/routing.ts";
import { PermanentError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { uuidV5 } from "./event-fields.ts";

/** The body of a source as an event, or the reason why it is not an event. */
export type Parsed = { event: LifecycleEvent } | { misfit: string; cause?: Cause };

export interface Ingested {
  outcome: "accepted" | "duplicate" | "ignored";
  /** The uuid of the event; null when the body has no event. */
  uuid: string | null;
  /** Why the event has no effects, or not all that it could have. */
  reason?: string;
}

/** Resolves when the event is on disk, with its effects or as ignored. Rejects when it could not be stored. */
export type Ingest = (source: Source, parsed: Parsed, body: string) => Promise<Ingested>;

export interface IgnoredEvent {
  source: Source;
  cause: Cause;
  reason: string;
  /** Null when the body has no event. */
  event: { uuid: string; name: string | null; distinctId: string } | null;
  body: string;
}

/** Routes an event and inserts it with its effects, or saves it as ignored with the reason. */
export function createIngest({
  route,
  insert,
  saveIgnored,
  receivedAt,
  forgetPerson,
  onArrival,
  count,
  log,
}: {
  route(event: LifecycleEvent): Routing & { problems: Array<{ cause: Cause; reason: string }> };
  /** "another event": nothing is inserted, because a stored event with another name or distinct id has this uuid. */
  insert(event: LifecycleEvent, routing: Routing): Promise<"accepted" | "duplicate" | "another event">;
  saveIgnored(ignored: IgnoredEvent): Promise<void>;
  /** The present time, ISO 8601, later with each call. */
  receivedAt(): string;
  /** Called before an insert, so that the next step reads the person again, because the event may change the person. */
  forgetPerson(distinctId: string): void;
  /** Called with the name of each event that was stored. Never rejects. */
  onArrival(name: string): Promise<void>;
  count(outcome: Ingested["outcome"]): void;
  log: Log;
}): Ingest {
  return async (source, parsed, body) => {
    if ("misfit" in parsed) {
      const { misfit: reason, cause = "not an event" } = parsed;
      // `saveIgnored` counts the body by its cause, so `count` is not called.
      await saveIgnored({ source, cause, reason, event: null, body });
      log.warn({ component: "sources", source, outcome: "ignored", reason });
      return { outcome: "ignored", uuid: null, reason };
    }
    const event = { ...parsed.event, receivedAt: receivedAt() };
    const { outcome, reason } = await routeAndInsert(event, body);
    count(outcome);
    if (source !== "sweep") await onArrival(event.name);
    const { uuid, name } = event;
    // Accepted events are too many for the level `info`: thousands a second. The studio and the metrics have them all.
    const level = outcome === "accepted" && reason === undefined ? "debug" : "info";
    log[level]({ component: "sources", source, outcome, event: name, eventUuid: uuid, reason });
    return { outcome, uuid, ...(reason !== undefined && { reason }) };
  };

  async function routeAndInsert(event: LifecycleEvent, body: string): Promise<Pick<Ingested, "outcome" | "reason">> {
    const { source } = event;
    const { problems, ...routing } = route(event);
    for (const problem of problems) await saveIgnored({ ...problem, source, event, body });
    const reasons = problems.map(({ reason }) => reason);
    if (!hasEffects(routing)) return { outcome: "ignored", reason: reasons.join("; ") };
    try {
      const { outcome, uuid } = await insertUnique(event, routing);
      if (uuid !== event.uuid) reasons.push(`another event has the same uuid, so this event is stored as ${uuid}`);
      return { outcome, ...(reasons.length > 0 && { reason: reasons.join("; ") }) };
    } catch (error) {
      if (!(error instanceof PermanentError)) throw error;
      await saveIgnored({ cause: "cannot be stored", reason: error.message, source, event, body });
      return { outcome: "ignored", reason: error.message };
    }
  }

  /** Some SDK versions repeat a uuid for another person. Such an event gets another uuid, always the same one. */
  async function insertUnique(
    event: LifecycleEvent,
    routing: Routing,
  ): Promise<{ outcome: "accepted" | "duplicate"; uuid: string }> {
    const { uuid, name, distinctId } = event;
    for (const id of [distinctId, ...(routing.mergeRequests ?? []).map(({ previousId }) => previousId)])
      forgetPerson(id);
    const outcome = await insert(event, routing);
    if (outcome !== "another event") return { outcome, uuid };
    const withOwnUuid = { ...event, uuid: uuidV5(JSON.stringify([uuid, name, distinctId])) };
    // The event is routed again, because the ids of its runs come from its uuid.
    return insertUnique(withOwnUuid, route(withOwnUuid));
  }
}

/** `merges` need no check, because each merge comes with a merge request. */
function hasEffects({ starts, exits, awaited = [], profiles = [], mergeRequests = [], traits = [] }: Routing): boolean {
  return [starts, exits, awaited, profiles, mergeRequests, traits].some(({ length }) => length > 0);
}

/** The answer to the sender of one event. The sender may log the answer, so it contains nothing from the event. */
export function answerOf({ outcome, uuid, reason = "" }: Ingested): Record<string, string> {
  if (outcome === "ignored" || uuid === null) return { ignored: reason };
  return { [outcome]: uuid, ...(reason !== "" && { but: reason }) };
}
