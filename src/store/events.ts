import type { Selectable } from "kysely";
import { ANONYMOUS, type LifecycleEvent, type Source } from "../contracts/event.ts";
import type { ArrivedEvent, IgnoredRecord, OptOutChangeRecord, ReplyRecord } from "../contracts/history.ts";
import type { Routing } from "../contracts/routing.ts";
import { HOUR_MS } from "../lib/durations.ts";
import { arrivals } from "./arrivals.ts";
import { type Parts, together } from "./engine.ts";
import { eventHours } from "./event-hours.ts";
import { insertEvents } from "./insert-events.ts";
import type { Tables } from "./tables.ts";

/** `another event`: nothing is written, because a stored event with another name or distinct id has the same uuid. */
export type Inserted = "accepted" | "duplicate" | "another event";

/** An event that caused nothing, with its reason. */
export type IgnoredEvent = Omit<IgnoredRecord, "id">;

export interface Events {
  /**
   * Writes an event with its jobs, all or nothing. Answers `duplicate` when the store had the event and all its jobs
   * already. Rejects with a PermanentError when the event itself is the cause of the failure.
   */
  insert(event: LifecycleEvent, routing: Routing): Promise<Inserted>;
  /** The uuids of the events that the store has, ignored or not; in no order. */
  findKnown(uuids: string[]): Promise<string[]>;
  insertIgnored(event: IgnoredEvent): Promise<void>;
  /** Newest first; `before` is an id. */
  listIgnored(query: {
    limit: number;
    reason?: string | undefined;
    /** A distinct id or an event uuid. */
    about?: string | undefined;
    before?: number | undefined;
  }): Promise<IgnoredRecord[]>;
  /** The anonymous events of an id that were ignored within an hour before `until`, in the order in which they came. */
  listIgnoredOf(distinctId: string, until: number): Promise<Array<{ id: number; source: Source; body: string }>>;
  /** The most common reason first. */
  countIgnored(since: number): Promise<Array<{ reason: string; count: number }>>;
  deleteIgnored(ids: number[]): Promise<void>;
  /** Saves that an event of this name came in the hour that begins at `hour`, in milliseconds since 1970. */
  saveHour(name: string, hour: number): Promise<void>;
  /** The hours since `since` in which events of these names came, by name and in order. */
  listHours(names: string[], since: number): Promise<Map<string, number[]>>;

  /**
   * The events that arrived from `since` until just before `until`, milliseconds since 1970, in the order of
   * `receivedAt`; the `arrival` orders the events of one millisecond. `after` is the last event of the page before.
   */
  listArrived(query: Period & Page<Pick<ArrivedEvent, "receivedAt" | "uuid">>): Promise<ArrivedEvent[]>;
  /** The messages that were seen or read in the period, as Novu reported it; the earliest first. */
  listReplies(query: Period & Page<Omit<ReplyRecord, "distinctId">>): Promise<ReplyRecord[]>;
  /** All opt-outs and opt-ins of all people, ordered by person, topic and time. */
  listOptOutChanges(query: Page<OptOutChangeRecord>): Promise<OptOutChangeRecord[]>;
}

interface Period {
  since: number;
  until: number;
}

/** Up to `limit` records after the last record of the page before; null for the first page. */
interface Page<Last> {
  after: Last | null;
  limit: number;
}

/** A PostHog destination without a filter sends every page view. The newest events are enough to see the reason. */
const MOST_IGNORED = 1_000;
const LONGEST_BODY = 20_000;
/** An anonymous event is not deleted within this time, because a merge may assign it to a person. */
const ANONYMOUS_FOR_MS = HOUR_MS;
const MOST_ANONYMOUS = 20_000;
/** SQLite takes 32,766 values in one statement. */
const MOST_AT_ONCE = 10_000;

export function events(parts: Parts): Events {
  const { db, now } = parts;
  return {
    ...eventHours(parts),
    insert: insertEvents(parts),
    ...arrivals(parts),

    async findKnown(uuids) {
      const known: string[] = [];
      for (let at = 0; at < uuids.length; at += MOST_AT_ONCE)
        known.push(...(await knownAmong(uuids.slice(at, at + MOST_AT_ONCE))));
      return [...new Set(known)];
    },

    insertIgnored: together(async (events: IgnoredEvent[]) => {
      const added = await db
        .insertInto("ignored_events")
        .values(
          events.map(({ source, receivedAt, reason, eventUuid, eventName, distinctId, body }) => ({
            source,
            received_at: receivedAt,
            reason,
            event_uuid: eventUuid,
            event_name: eventName,
            distinct_id: distinctId,
            // PostgreSQL stores no NUL in text.
            body: body.slice(0, LONGEST_BODY).replaceAll("\0", "\uFFFD"),
          })),
        )
        .returning("id")
        .execute();
      const newest = Math.max(...added.map(({ id }) => id));
      await db
        .deleteFrom("ignored_events")
        .where("id", "<=", newest - MOST_IGNORED)
        .where((row) =>
          row.or([
            row("reason", "<>", ANONYMOUS),
            row("received_at", "<", new Date(now() - ANONYMOUS_FOR_MS).toISOString()),
            row("id", "<=", newest - MOST_ANONYMOUS),
          ]),
        )
        .execute();
      return events.map(() => undefined);
    }),

    async listIgnored({ limit, reason, about, before }) {
      let query = db.selectFrom("ignored_events").selectAll();
      if (reason !== undefined) query = query.where("reason", "=", reason);
      if (before !== undefined) query = query.where("id", "<", before);
      if (about !== undefined)
        query = query.where(({ eb, or }) => or([eb("distinct_id", "=", about), eb("event_uuid", "=", about)]));
      const rows = await query.orderBy("id", "desc").limit(limit).execute();
      return rows.map(ignoredRecord);
    },

    listIgnoredOf: (distinctId, until) =>
      db
        .selectFrom("ignored_events")
        .select(["id", "source", "body"])
        .where("distinct_id", "=", distinctId)
        .where("reason", "=", ANONYMOUS)
        .where("received_at", ">=", new Date(until - ANONYMOUS_FOR_MS).toISOString())
        .orderBy("id")
        .execute(),

    async countIgnored(since) {
      const rows = await db
        .selectFrom("ignored_events")
        .select((row) => ["reason", row.fn.countAll<number>().as("count")])
        .where("received_at", ">=", new Date(since).toISOString())
        .groupBy("reason")
        .orderBy("count", "desc")
        .orderBy("reason")
        .execute();
      return rows.map(({ reason, count }) => ({ reason, count: Number(count) }));
    },

    async deleteIgnored(ids) {
      if (ids.length > 0) await db.deleteFrom("ignored_events").where("id", "in", ids).execute();
    },
  };

  async function knownAmong(uuids: string[]): Promise<string[]> {
    const [accepted, ignored] = await Promise.all([
      db.selectFrom("events").select("uuid").where("uuid", "in", uuids).execute(),
      db.selectFrom("ignored_events").select("event_uuid as uuid").where("event_uuid", "in", uuids).execute(),
    ]);
    return [...accepted, ...ignored].flatMap(({ uuid }) => (uuid === null ? [] : [uuid]));
  }
}

export function ignoredRecord(row: Selectable<Tables["ignored_events"]>): IgnoredRecord {
  return {
    id: row.id,
    source: row.source,
    receivedAt: row.received_at,
    reason: row.reason,
    eventUuid: row.event_uuid,
    eventName: row.event_name,
    distinctId: row.distinct_id,
    body: row.body,
  };
}
