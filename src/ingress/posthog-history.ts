import { z } from "zod";
import { RetryLaterError, UnavailableError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { type Patience, patiently } from "../lib/patiently.ts";
import { retryAfterMs } from "../lib/retry-after.ts";

/** An event that PostHog has. */
export interface PastEvent {
  uuid: string;
  name: string;
  distinctId: string;
  /** ISO 8601 in UTC */
  occurredAt: string;
  /** What PostHog's webhook says of it. */
  body: string;
}

export interface PageOfHistory {
  events: PastEvent[];
  /** Everything that happened before then has been read; milliseconds since 1970. */
  readUntil: number;
}

/** The events of these names that happened from `since` until just before `until`, milliseconds since 1970, by and by. */
export type ReadHistory = (
  period: { events: string[]; since: number; until: number },
  patience: Patience,
) => AsyncGenerator<PageOfHistory>;

/**
 * The next page after (`from`, `after`). PostHog keeps microseconds, and the events of one moment
 * go by their uuid, so that a page can end among them. It refuses OFFSET to personal API keys.
 */
const QUERY = `
select uuid, event, distinct_id, timestamp, properties, person.id, person.properties
from events
where event in {events}
  and timestamp >= toDateTime({from}) and timestamp < toDateTime({until})
  and (timestamp > toDateTime({from}) or toString(uuid) > {after})
order by timestamp, toString(uuid)
limit {limit}`;

/** PostHog finds events by day, and gives a query 10 s. */
const SLICE_MS = 24 * 60 * 60_000;
const PAGE_SIZE = 500;
const ANSWER_WITHIN_MS = 30_000;
const DEFAULT_PAUSE_MS = 5_000;
const TRY_AGAIN = new Set([429, 502, 503, 504]);

/** PostHog answers properties as text. */
const Properties = z
  .preprocess((value, context) => {
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch {
      context.issues.push({ code: "custom", message: "is not JSON", input: "" });
    }
  }, z.record(z.string(), z.unknown()).nullable())
  .transform((properties) => properties ?? {});

const Row = z.tuple([
  z.string().min(1),
  z.string(),
  z.string(),
  z.iso.datetime({ offset: true }),
  Properties,
  z.string().nullable(),
  Properties,
]);

const Answer = z.object({ results: z.array(Row) });

/**
 * Reads events from PostHog's query API.
 * Source: https://posthog.com/docs/api/queries, scope query:read
 */
export function postHogHistory({
  apiHost,
  projectId,
  personalApiKey,
  pageSize = PAGE_SIZE,
}: {
  apiHost: string;
  projectId: string;
  personalApiKey: string;
  pageSize?: number;
}): ReadHistory {
  const url = `${apiHost}/api/projects/${encodeURIComponent(projectId)}/query/`;
  const headers = { authorization: `Bearer ${personalApiKey}`, "content-type": "application/json" };

  return async function* read({ events, since, until }, patience) {
    for (let from = since; from < until; from += SLICE_MS)
      yield* slice({ events, since: from, until: Math.min(from + SLICE_MS, until) }, patience);
  };

  async function* slice(
    { events, since, until }: { events: string[]; since: number; until: number },
    patience: Patience,
  ): AsyncGenerator<PageOfHistory> {
    let place = { from: inMicroseconds(since), after: "" };
    for (;;) {
      const values = { events, ...place, until: inMicroseconds(until), limit: pageSize };
      const rows = await patiently(() => ask(values, patience.signal), patience);
      const last = rows.at(-1);
      if (last === undefined || rows.length < pageSize) {
        yield { events: rows.map(eventOf), readUntil: until };
        return;
      }
      const [uuid, , , timestamp] = last;
      const next = { from: inMicroseconds(timestamp), after: uuid };
      if (next.from + next.after <= place.from + place.after)
        throw new Error(`PostHog answers the same page again and again, at ${next.from}`);
      yield { events: rows.map(eventOf), readUntil: Date.parse(timestamp) };
      place = next;
    }
  }

  async function ask(values: Record<string, unknown>, signal: AbortSignal): Promise<Array<z.infer<typeof Row>>> {
    const { status, headers: answered, body } = await post(values, signal);
    if (TRY_AGAIN.has(status))
      throw new RetryLaterError(`PostHog answered ${status}`, {
        retryAfterMs: retryAfterMs(answered) ?? DEFAULT_PAUSE_MS,
        refused: true,
      });
    if (status !== 200) throw new Error(`PostHog answered ${status}${HINTS.get(status) ?? detailOf(body)}`);
    const answer = Answer.safeParse(parseJson(body));
    if (answer.success) return answer.data.results;
    const [issue] = answer.error.issues;
    throw new Error(`PostHog's answer cannot be read: ${issue?.path.join(".") || "the body"}: ${issue?.message}`);
  }

  async function post(values: Record<string, unknown>, signal: AbortSignal) {
    const query = { kind: "HogQLQuery", query: QUERY, values };
    try {
      const response = await fetch(url, {
        method: "POST",
        headers,
        body: JSON.stringify({ query, refresh: "force_blocking", name: "posthog-novu-bridge reconcile" }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      return { status: response.status, headers: response.headers, body: await response.text() };
    } catch (error) {
      throw new UnavailableError(`PostHog at ${apiHost} does not answer`, { refused: false, cause: error });
    }
  }
}

const HINTS = new Map([
  [401, "; is POSTHOG_PERSONAL_API_KEY a personal key (phx_…) of this region?"],
  [403, "; does POSTHOG_PERSONAL_API_KEY have the scope query:read, and its owner access to the project?"],
  [404, "; is POSTHOG_PROJECT_ID a project at POSTHOG_API_HOST?"],
]);

function eventOf([uuid, name, distinctId, timestamp, properties, personId, personProperties]: z.infer<
  typeof Row
>): PastEvent {
  const occurredAt = new Date(timestamp).toISOString();
  const event = { uuid, event: name, distinct_id: distinctId, properties, timestamp: occurredAt };
  const person = personId === null ? null : { id: personId, properties: personProperties };
  return { uuid, name, distinctId, occurredAt, body: JSON.stringify({ event, person }) };
}

/** A time in UTC with all the digits that PostHog compares; JavaScript's own times end at milliseconds. */
function inMicroseconds(time: string | number): string {
  const beyondMilliseconds = /\.\d{3}(\d{1,3})/.exec(String(time))?.[1] ?? "";
  return new Date(time).toISOString().replace("Z", `${beyondMilliseconds.padEnd(3, "0")}Z`);
}

function detailOf(body: string): string {
  const detail = z.object({ detail: z.string() }).safeParse(parseJson(body)).data?.detail;
  return detail === undefined ? "" : `: ${detail}`;
}
