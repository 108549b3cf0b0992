import { listenedNames } from "../comparison/compare.ts";
import { COHORT_ENTERED } from "../contracts/event.ts";
import type { MergeRequest } from "../contracts/routing.ts";
import { SOURCES } from "../contracts/sources.ts";
import { createArrivalClock, isoOfArrival } from "../lib/clock.ts";
import type { WebhookHandler } from "../lib/webhook-endpoint.ts";
import { createRoute } from "../routing/route.ts";
import { createEventHours } from "../sources/event-hours.ts";
import { createReingest, createSaveIgnored } from "../sources/ignored-events.ts";
import { createIngest, type Ingest } from "../sources/ingest.ts";
import type { PersonReader } from "../sources/person-reader.ts";
import { openSources } from "../sources/webhooks.ts";
import type { Context } from "./context.ts";

export interface Ingestion {
  /** Stores an event of any source with its effects. */
  ingest: Ingest;
  /** Ingests the anonymous events of the previous id as those of the current one. */
  reingest(request: MergeRequest): Promise<void>;
  /** Shows on the pages that the two ids of an event stay two persons. */
  onNotMerged(request: MergeRequest): Promise<void>;
  /** The webhooks of the sources, by method and path. */
  webhooks: Record<string, WebhookHandler>;
}

/** Connects the webhooks with the store. The webhook of a source verifies, parses, routes and inserts each event. */
export function createIngestion(
  { config, product: { workflows, segmentNames }, store, metrics, budget, isClosing, isRehearsal, now, log }: Context,
  { persons }: { persons: Pick<PersonReader, "forget"> },
): Ingestion {
  const { posthog, segment, internalUsers } = config;
  const saveIgnored = createSaveIgnored({ insert: store.events.insertIgnored, count: metrics.ignored, now });
  const nextArrival = createArrivalClock(now);
  const route = createRoute(workflows, internalUsers);
  const ingest = createIngest({
    // In a rehearsal the recorded events of the sweep arrive by webhook.
    route: isRehearsal
      ? (event) => route(event.name === COHORT_ENTERED ? { ...event, source: "sweep" } : event)
      : route,
    insert: (event, routing) => store.events.insert(event, routing),
    saveIgnored,
    receivedAt: () => isoOfArrival(nextArrival()),
    forgetPerson: persons.forget,
    onArrival: createEventHours({ names: listenedNames(workflows), save: store.events.saveHour, now, log }),
    count: metrics.event,
    log,
  });
  const endpoint = { budget, isStopping: isClosing, count: metrics.answered, now, log };
  const sources = openSources({ ...endpoint, posthog, segment, segmentNames, ingest });
  return {
    ingest,
    reingest: createReingest({ ...store.events, sources, ingest }),
    onNotMerged({ checkAt, eventUuid, currentId }) {
      const source = checkAt ?? "posthog";
      const reason = `${SOURCES[source].label} has two persons for the two ids of this event, so they are not merged`;
      const event = { uuid: eventUuid, name: null, distinctId: currentId };
      return saveIgnored({ source, cause: "not merged", reason, event, body: "" });
    },
    webhooks: Object.fromEntries(
      Object.entries(sources).flatMap(([name, { webhook }]) =>
        webhook === null ? [] : [[`POST /webhooks/${name}`, webhook] as const],
      ),
    ),
  };
}
