import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { z } from "zod";
import { eventsToForward } from "../../contracts/event.ts";
import type { WorkflowRoutes } from "../../contracts/workflow.ts";
import { DAY_MS } from "../../lib/durations.ts";
import { describeError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";
import { PRIVATE_FILE } from "../../lib/rehearsal-files.ts";
import type { RetryOptions } from "../../lib/service-client.ts";
import type { PostHogAccess } from "../../sources/posthog/client.ts";
import { createPostHogQueries, type PastEvent } from "../../sources/posthog/queries.ts";
import type { HistoryLine } from "../history.ts";
import { eventIn, isEvent } from "./events.ts";
import type { Arrival, Spool } from "./spool.ts";

/** The part of a history that is fetched already. */
const Position = z.object({
  since: z.number(),
  /** The beginning of the activity before the history. */
  warmUpSince: z.number(),
  events: z.array(z.string()),
  sessions: z.array(z.string()),
  plain: z.boolean(),
  /** All events before this time are in the file, and perhaps some of this time. */
  readUntil: z.number(),
  /** The length of the file. */
  bytes: z.number(),
});
type Position = z.infer<typeof Position>;

/** The beginning of a history moves with `--since 30d`. An interrupted fetch keeps its own beginning for so long. */
const CONTINUED_WITHIN_MS = DAY_MS;

export interface Fetch {
  /** The beginning of the history: that of the interrupted fetch, if there is one. */
  since: number;
  /** The length of the file of the interrupted fetch; 0 for a new fetch. */
  continueAt: number;
  /** Called with each line of the interrupted fetch. */
  onLine(line: HistoryLine): void;
  pages(spool: Spool): AsyncGenerator<Arrival[]>;
  /** Called when the history is complete. */
  done(): Promise<void>;
}

interface Wanted {
  workflows: WorkflowRoutes[];
  since: number;
  until: number;
  /** The longest absence that starts a workflow, in milliseconds. */
  reach: number;
  plain: boolean;
}

/**
 * Fetches the events of the workflows and those about identity from PostHog, and before them the activity that absences
 * reach back to. Every page that is written to the spool stays, so that another fetch continues after an interruption.
 */
export async function fetchFromPostHog(
  { file, access, pageSize }: { file: string; access: PostHogAccess; pageSize?: number | undefined },
  { workflows, since, until, reach, plain }: Wanted,
  { onProgress, ...retries }: RetryOptions & { onProgress?: ((progress: Progress) => void) | undefined },
): Promise<Fetch> {
  const start: Position = {
    ...{ since, warmUpSince: since - reach, plain },
    events: eventsToForward(workflows).sort(),
    sessions: [...new Set(workflows.flatMap(({ absences }) => absences).flatMap(({ sessions }) => sessions))].sort(),
    ...{ readUntil: since - reach, bytes: 0 },
  };
  const earlier = await readPosition(file);
  const position = earlier !== null && continues(earlier, start, until) ? earlier : start;
  const queries = createPostHogQueries(access, pageSize === undefined ? {} : { pageSize });
  /** The events of the last time that was read, because a page may begin with events of the page before. */
  const known = { at: position.readUntil, uuids: new Set<string>() };
  let count = 0;

  return {
    since: position.since,
    continueAt: position.bytes,
    onLine(line) {
      count += 1;
      if (!isEvent(line) || Date.parse(line.at) !== known.at) return;
      const parsed = eventIn(line, new Map());
      if ("event" in parsed) known.uuids.add(parsed.event.uuid);
    },
    pages,
    done: () => rm(positionFile(file), { force: true }),
  };

  async function* pages(spool: Spool): AsyncGenerator<Arrival[]> {
    try {
      yield* allPages(spool);
    } catch (error) {
      retries.signal.throwIfAborted();
      if (count === 0) throw error;
      throw new Error(`${describeError(error)}; run it again: it continues after ${count} events`, { cause: error });
    }
  }

  async function* allPages(spool: Spool): AsyncGenerator<Arrival[]> {
    const { sessions, events } = position;
    for (const part of [
      { events: sessions, since: position.warmUpSince, until: position.since },
      { events, since: position.since, until },
    ]) {
      const from = Math.max(part.since, position.readUntil);
      if (part.events.length === 0 || from >= part.until) continue;
      for await (const page of queries.history({ ...part, since: from }, retries)) {
        // PostHog may have an event twice for a while.
        const fresh = page.events.filter(isFirst);
        yield fresh.flatMap(arrivalOf);
        count += fresh.length;
        await savePosition(file, { ...position, readUntil: page.readUntil, bytes: await spool.flush() });
        onProgress?.({ events: count, readUntil: page.readUntil });
      }
    }
  }

  function isFirst({ uuid, occurredAt }: PastEvent): boolean {
    const at = Date.parse(occurredAt);
    if (at !== known.at) known.uuids.clear();
    known.at = at;
    const isKnown = known.uuids.has(uuid);
    known.uuids.add(uuid);
    return !isKnown;
  }
}

export interface Progress {
  events: number;
  /** All events before this time are read; milliseconds since 1970. */
  readUntil: number;
}

function arrivalOf({ occurredAt, body }: PastEvent): Arrival[] {
  const line = { at: occurredAt, source: "posthog" as const, body: JSON.parse(body) as Record<string, unknown> };
  const parsed = eventIn(line, new Map());
  return "misfit" in parsed ? [] : [{ order: Date.parse(occurredAt) * 1000, line, event: parsed.event }];
}

function continues(earlier: Position, wanted: Position, until: number): boolean {
  const facts = ({ events, sessions, plain, since, warmUpSince }: Position) =>
    JSON.stringify([events, sessions, plain, since - warmUpSince]);
  const isNear = earlier.since <= wanted.since && wanted.since - earlier.since < CONTINUED_WITHIN_MS;
  return isNear && earlier.bytes > 0 && earlier.readUntil <= until && facts(earlier) === facts(wanted);
}

function positionFile(file: string): string {
  return `${file}.position`;
}

/** Null if there is no interrupted fetch, or if its file is shorter than it was. */
async function readPosition(file: string): Promise<Position | null> {
  try {
    const position = Position.safeParse(parseJson(await readFile(positionFile(file), "utf8")));
    if (!position.success) return null;
    return (await stat(file)).size >= position.data.bytes ? position.data : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function savePosition(file: string, position: Position): Promise<void> {
  const next = `${positionFile(file)}.next`;
  await writeFile(next, JSON.stringify(position), { mode: PRIVATE_FILE });
  await rename(next, positionFile(file));
}

export const LIMIT_OF_COHORTS =
  "PostHog does not have the times at which people entered a cohort, so no cohort starts a workflow.";

export const LIMITS_OF_POSTHOG = [
  "PostHog's queries do not have the time at which an event arrived, so each event arrives when it happened.",
  "PostHog has a person's properties as of each event, so a change without an event is known only from the next event on.",
  "Seen and read messages, and opt-outs that are not in a person property, are not known.",
  "PostHog may not have all events of the last minutes yet.",
];
