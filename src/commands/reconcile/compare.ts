import type { PageOfHistory, PastEvent } from "../../sources/posthog/history.ts";
import type { Fed } from "./feed.ts";

/** Where a comparison has got to; what was done stays in it when the rest fails. */
export interface Progress {
  compared: number;
  missing: number;
  accepted: number;
  duplicate: number;
  /** How many, by reason. */
  ignored: Record<string, number>;
  refused: number;
  /** Up to then everything has been compared and fed; milliseconds since 1970. */
  doneUntil: number;
}

/** A missing event, and what came of feeding it; null when it was not fed. */
export type Missing = Pick<PastEvent, "uuid" | "name" | "distinctId" | "occurredAt"> & { fed: Fed | null };

const TOGETHER = 10;

/** Nothing done yet. */
export function startAt(since: number): Progress {
  return { compared: 0, missing: 0, accepted: 0, duplicate: 0, ignored: {}, refused: 0, doneUntil: since };
}

/** Finds what the store does not know, page by page, and feeds it; `feed` is null when nothing is to be fed. */
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
    // Until ClickHouse has merged its copies, an event may be there twice.
    const missing = [...new Map(events.map((event) => [event.uuid, event])).values()].filter(
      ({ uuid }) => !known.has(uuid),
    );
    for (let at = 0; at < missing.length; at += TOGETHER) await take(missing.slice(at, at + TOGETHER));
    progress.doneUntil = readUntil;
  }

  async function take(events: PastEvent[]): Promise<void> {
    const results = await Promise.allSettled(
      events.map(async (event) => ({ event, fed: (await feed?.(event)) ?? null })),
    );
    for (const result of results) if (result.status === "fulfilled") note(result.value);
    const failed = results.find((result) => result.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  function note({ event: { uuid, name, distinctId, occurredAt }, fed }: { event: PastEvent; fed: Fed | null }): void {
    progress.missing += 1;
    if (fed?.outcome === "ignored") progress.ignored[fed.reason] = (progress.ignored[fed.reason] ?? 0) + 1;
    else if (fed !== null) progress[fed.outcome] += 1;
    onMissing({ uuid, name, distinctId, occurredAt, fed });
  }
}
