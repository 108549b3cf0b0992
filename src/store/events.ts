import type { LifecycleEvent, Source } from "../contracts/event.ts";
import type { IgnoredRecord } from "../contracts/history.ts";
import type { Routing } from "../contracts/routing.ts";

/** With `another event` nothing is written: its uuid is that of an event with another name or distinct id. */
export type Inserted = "accepted" | "duplicate" | "another event";

/** An event that caused nothing, with its reason. */
export type IgnoredEvent = Omit<IgnoredRecord, "id">;

export interface Events {
  /**
   * Writes an event with its jobs, all or nothing; `duplicate` when every part of it was there already.
   * Rejects with a PermanentError when the event itself is why it cannot be written.
   */
  insert(event: LifecycleEvent, routing: Routing): Promise<Inserted>;
  /** Those of the events that are here, ignored or not; in no order. */
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
  /** The commonest reason first. */
  countIgnored(since: number): Promise<Array<{ reason: string; count: number }>>;
  deleteIgnored(ids: number[]): Promise<void>;
}
