import type { PageOfHistory, PastEvent } from "../../sources/posthog/history.ts";
import type { Fed } from "./feed.ts";

/** The progress of a comparison, also of one that failed later. */
export interface Progress {
  compared: number;
  missing: number;
  accepted: number;
  duplicate: number;
  /** Counts by reason. */
  ignored: Record<string, number>;
  refused: number;
  /** Everything before this time is compared and sent; milliseconds since 1970. */
  doneUntil: number;
}

/** A missing event, and the app's answer; null if it was not sent. */
export type Missing = Pick<PastEvent, "uuid" | "name" | "distinctId" | "occurredAt"> & { fed: Fed | null };

const AT_ONCE = 10;

export function startAt(since: number): Progress {
  return { compared: 0, missing: 0, accepted: 0, duplicate: 0, ignored: {}, refused: 0, doneUntil: since };
}

/** Finds events that the store does not have, page by page, and sends them to the app; with `feed` null it only finds them. */
export async function compare({
  pages,
  knownEvents,
  feed,
  progress,
  onMissing,
}: {
  pages: AsyncIterable<PageOfHistory>;
  knownEvents(uuids: string[]): Promise<string[]>;
  feed: ((event: PastEvent) => Promise<Fed>) | null;
  progress: Progress;
  onMissing(missing: Missing): void;
}): Promise<void> {
  for await (const { events, readUntil } of pages) {
    const known = new Set(await knownEvents(events.map(({ uuid }) => uuid)));
    progress.compared += events.length;
    // PostHog may return an event twice, until ClickHouse has merged its copies.
    const missing = [...new Map(events.map((event) => [event.uuid, event])).values()].filter(
      ({ uuid }) => !known.has(uuid),
    );
    for (let at = 0; at < missing.length; at += AT_ONCE) await feedAll(missing.slice(at, at + AT_ONCE));
    progress.doneUntil = readUntil;
  }

  async function feedAll(events: PastEvent[]): Promise<void> {
    const results = await Promise.allSettled(
      events.map(async (event) => ({ event, fed: (await feed?.(event)) ?? null })),
    );
    for (const result of results) if (result.status === "fulfilled") record(result.value);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  function record({ event: { uuid, name, distinctId, occurredAt }, fed }: { event: PastEvent; fed: Fed | null }): void {
    progress.missing += 1;
    if (fed?.outcome === "ignored") progress.ignored[fed.reason] = (progress.ignored[fed.reason] ?? 0) + 1;
    else if (fed !== null) progress[fed.outcome] += 1;
    onMissing({ uuid, name, distinctId, occurredAt, fed });
  }
}
