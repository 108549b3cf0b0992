import { compareWorkflows, listenedNames, type PostHogReads } from "../comparison/compare.ts";
import { isSilent, rhythmOf } from "../comparison/rhythm.ts";
import type { Comparison, Rhythm } from "../contracts/comparison.ts";
import { DECLARED_PROPERTIES } from "../contracts/person.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { startDaily } from "../lib/daily.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../lib/durations.ts";
import { parseJson } from "../lib/json.ts";
import type { PostHogAccess } from "../sources/posthog/client.ts";
import { createPostHogDefinitions } from "../sources/posthog/definitions.ts";
import { parsePostHogEvent } from "../sources/posthog/event.ts";
import { createPostHogQueries } from "../sources/posthog/queries.ts";
import type { Events } from "../store/events.ts";
import type { Context } from "./context.ts";

/** An event that stopped longer ago has no rhythm any more. */
const HOURS_KEPT_MS = 60 * DAY_MS;

/** Compares the workflows with PostHog, for at most `withinMs`. Never rejects: the notes have each failure. */
export async function compareWithPostHog({
  workflows,
  posthog,
  arrivedHere,
  sample,
  now,
  withinMs,
  signal,
}: {
  workflows: WorkflowRoutes[];
  posthog: PostHogAccess | null;
  arrivedHere(): Promise<Map<string, Rhythm>>;
  /** The most events of one name that are read. */
  sample: number;
  now: number;
  withinMs: number;
  /** Ends the comparison; the notes then have the signal's reason. */
  signal?: AbortSignal | undefined;
}): Promise<Comparison> {
  const ended = new AbortController();
  const tooLate = new Error(`PostHog did not answer everything within ${withinMs / SECOND_MS} s`);
  const timer = setTimeout(() => ended.abort(tooLate), withinMs);
  try {
    const reads =
      posthog && postHogReads(posthog, now, signal ? AbortSignal.any([signal, ended.signal]) : ended.signal);
    return await compareWorkflows({
      ...{ workflows, personProperties: DECLARED_PROPERTIES },
      ...{ posthog: reads, arrivedHere, sample, now },
    });
  } finally {
    clearTimeout(timer);
  }
}

function postHogReads(access: PostHogAccess, now: number, signal: AbortSignal): PostHogReads {
  const definitions = createPostHogDefinitions(access);
  const queries = createPostHogQueries(access);
  const retries = { signal };
  return {
    events: (names) => definitions.events(names, retries),
    properties: (event) => definitions.properties({ event }, retries),
    personProperties: () => definitions.properties("person", retries),
    hours: (query) => queries.hours(query, retries),
    async newest(query) {
      const past = await queries.newest(query, retries);
      return past.flatMap(({ body }) => {
        const parsed = parsePostHogEvent(parseJson(body), now);
        return "event" in parsed && parsed.event.noPersonReason === undefined ? [parsed.event] : [];
      });
    },
  };
}

/** The rhythm of each event that the workflows wait for, by the hours in which it arrived here. */
export async function arrivals(
  { listHours }: Pick<Events, "listHours">,
  workflows: WorkflowRoutes[],
  now: number,
): Promise<Map<string, Rhythm>> {
  const hours = await listHours(listenedNames(workflows), now - HOURS_KEPT_MS);
  return new Map(
    [...hours].flatMap(([name, of]) => {
      const rhythm = rhythmOf(of);
      return rhythm === null ? [] : [[name, rhythm] as const];
    }),
  );
}

/** Open pages are loaded again after each change, and share one comparison. */
const COMPARISON_KEPT_MS = 10 * MINUTE_MS;
const COMPARED_WITHIN_MS = MINUTE_MS;
/** Fewer than the commands read, because the app also answers webhooks. */
const SAMPLE = 300;

/**
 * The comparison for pages. `compare` resolves at once to the newest result, or to null before the first one, and
 * compares again if that result is old; `onReady` adds a listener for the next results. In the sandbox `compare` waits
 * for a new result. `stop` ends a comparison in progress.
 */
export function createSharedComparison({ config, product: { workflows }, store, sandbox, now }: Context) {
  const stopping = new AbortController();
  const listeners = new Set<() => void>();
  let newest: Comparison | null = null;
  let startedAt = Number.NEGATIVE_INFINITY;
  return {
    async compare(): Promise<Comparison | null> {
      if (sandbox !== undefined) return compareNow();
      if (now() - startedAt >= COMPARISON_KEPT_MS) {
        startedAt = now();
        void compareNow().then((result) => {
          newest = result;
          for (const listener of listeners) listener();
        });
      }
      return newest;
    },
    onReady(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: () => stopping.abort(new Error("the app stops")),
  };

  function compareNow(): Promise<Comparison> {
    return compareWithPostHog({
      ...{ workflows, posthog: config.posthog, now: now(), withinMs: COMPARED_WITHIN_MS, signal: stopping.signal },
      sample: SAMPLE,
      arrivedHere: () => arrivals(store.events, workflows, now()),
    });
  }
}

/** A read has up to 24 rows a day for each event, so scrapes share one. */
const STATES_KEPT_MS = 5 * MINUTE_MS;

/** The events that have arrived here, and whether each has stopped. */
export function createEventStates(
  events: Pick<Events, "listHours">,
  workflows: WorkflowRoutes[],
  now: () => number,
): () => Promise<Array<{ event: string; isSilent: boolean; lastHour: number }>> {
  let last = { at: Number.NEGATIVE_INFINITY, rhythms: new Map<string, Rhythm>() };
  return async () => {
    if (Math.abs(now() - last.at) >= STATES_KEPT_MS)
      last = { at: now(), rhythms: await arrivals(events, workflows, now()) };
    return [...last.rhythms].map(([event, rhythm]) => ({
      event,
      isSilent: isSilent(rhythm, now()),
      lastHour: rhythm.lastHour,
    }));
  };
}

/** Logs once a day, in one of all processes, each event that has stopped. */
export function startSilenceLog({ product, store, clock, now, log }: Context): ReturnType<typeof startDaily> {
  return startDaily({
    ...{ component: "sources", name: "silent events", leases: store.limits, count: () => {}, clock, log },
    async run() {
      for (const [event, rhythm] of await arrivals(store.events, product.workflows, now()))
        if (isSilent(rhythm, now())) {
          const { lastHour, longestPauseMs } = rhythm;
          const lastArrival = new Date(lastHour).toISOString();
          log.warn({ component: "sources", event, outcome: "stopped arriving", lastArrival, longestPauseMs });
        }
    },
  });
}
