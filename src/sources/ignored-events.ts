import type { Cause } from "../contracts/cause.ts";
import type { Source } from "../contracts/event.ts";
import type { MergeRequest } from "../contracts/routing.ts";
import type { WebhookSource } from "../contracts/sources.ts";
import { parseJson } from "../lib/json.ts";
import type { IgnoredEvent, Ingest, Parsed } from "./ingest.ts";
import { isWebhookSource } from "./sources.ts";
import { withoutValues } from "./without-values.ts";

interface IgnoredRecord {
  receivedAt: string;
  source: Source;
  reason: string;
  eventUuid: string | null;
  eventName: string | null;
  distinctId: string | null;
  body: string;
}

/** Saves events that caused nothing, or less than they could, for people to see. */
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
    // A destination that sends our reports back would send them all.
    if (cause === "echo") return;
    await insert({
      receivedAt: new Date(now()).toISOString(),
      source,
      reason,
      eventUuid: event?.uuid ?? null,
      eventName: event?.name ?? null,
      distinctId: event?.distinctId ?? null,
      body: event === null ? withoutValues(body) : body,
    });
  };
}

/** Ingests the anonymous events of an id again, as those of the person that the id has now. */
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
