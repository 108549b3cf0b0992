import type { Cause, Source } from "../contracts/event.ts";
import type { MergeRequest } from "../contracts/routing.ts";
import type { WebhookSource } from "../contracts/sources.ts";
import { parseJson } from "../lib/json.ts";
import { isObject } from "./event-fields.ts";
import type { IgnoredEvent, Ingest, Parsed } from "./ingest.ts";
import { isWebhookSource } from "./webhooks.ts";

interface IgnoredRecord {
  receivedAt: string;
  source: Source;
  reason: string;
  eventUuid: string | null;
  eventName: string | null;
  distinctId: string | null;
  body: string;
}

/** Saves events that have no effects, or not all that they could have, for the pages and commands. */
export function createSaveIgnored({
  insert,
  count,
  now,
}: {
  insert(record: IgnoredRecord): Promise<void>;
  count(cause: Cause): void;
  now(): number;
}) {
  return async ({ source, cause, reason, event, body }: IgnoredEvent): Promise<void> => {
    count(cause);
    // An echo is not stored, because a PostHog destination without a filter sends each of our reports back.
    if (cause === "echo") return;
    const { uuid: eventUuid, name: eventName, distinctId } = event ?? { uuid: null, name: null, distinctId: null };
    const facts = { source, reason, eventUuid, eventName, distinctId };
    const receivedAt = new Date(now()).toISOString();
    await insert({ receivedAt, ...facts, body: event === null ? withoutValues(body) : body });
  };
}

/** Ingests the anonymous events of the previous id again, as events of the current id. */
export function createReingest({
  listIgnoredOf,
  deleteIgnored,
  sources,
  ingest,
}: {
  listIgnoredOf(distinctId: string, until: number): Promise<Array<{ id: number; source: Source; body: string }>>;
  deleteIgnored(ids: number[]): Promise<void>;
  sources: Record<WebhookSource, { parse(json: unknown): Parsed }>;
  ingest: Ingest;
}) {
  return async ({ previousId, currentId, receivedAt }: MergeRequest): Promise<void> => {
    const ingested: number[] = [];
    for (const { id, source, body } of await listIgnoredOf(previousId, Date.parse(receivedAt))) {
      if (!isWebhookSource(source)) continue;
      const parsed = sources[source].parse(parseJson(body));
      if ("misfit" in parsed) continue;
      const { noPersonReason: _, ...event } = parsed.event;
      await ingest(source, { event: { ...event, distinctId: currentId } }, body);
      ingested.push(id);
    }
    await deleteIgnored(ingested);
  };
}

const PLAIN_NAME = /^[A-Za-z_$][\w$.-]{0,60}$/;
/** Enough to show the shape of a body. */
const MOST_ENTRIES = 50;
const DEEPEST = 6;

/**
 * The shape of a body: names of keys and types of values. A body without a readable person is stored without values,
 * because a deletion of the person could not find the body.
 */
export function withoutValues(body: string): string {
  const parsed = parseJson(body);
  if (parsed === undefined) return `not JSON, ${body.length} characters`;
  return JSON.stringify(shapeOf(parsed, 0));
}

function shapeOf(value: unknown, depth: number): unknown {
  if (value === null) return null;
  if (typeof value === "string") return value === "" ? "" : `text of ${value.length}`;
  if (typeof value !== "object") return typeof value;
  if (depth === DEEPEST) return "…";
  if (Array.isArray(value)) return value.slice(0, MOST_ENTRIES).map((one) => shapeOf(one, depth + 1));
  if (!isObject(value)) return "…";
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MOST_ENTRIES)
      .map(([name, one], index) => [PLAIN_NAME.test(name) ? name : `key ${index + 1}`, shapeOf(one, depth + 1)]),
  );
}
