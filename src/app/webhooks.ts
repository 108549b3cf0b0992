import type { Router } from "express";
import type { Config } from "../config.ts";
import type { Capture } from "../contracts/capture.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Product } from "../contracts/product.ts";
import type { MergeRequest } from "../contracts/routing.ts";
import { SOURCES } from "../contracts/sources.ts";
import { STORE_CHANGE_PATH } from "../contracts/store-change.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Metrics } from "../http/metrics.ts";
import { storeChanges } from "../http/store-changes.ts";
import { createArrivalClock, isoOfArrival } from "../lib/arrival-clock.ts";
import { commandSecret } from "../lib/command-secret.ts";
import type { Log } from "../lib/log.ts";
import type { BodyBudget } from "../lib/read-body.ts";
import { createWebhookVerifier } from "../lib/verify-webhook.ts";
import type { WebhookHandler } from "../lib/webhook-endpoint.ts";
import { clickRoutes } from "../links/clicks.ts";
import type { createLinks } from "../links/links.ts";
import { novuWebhook, type Undeliverable } from "../novu/webhook.ts";
import type { PreferenceChange } from "../novu/webhook-event.ts";
import { resultOfProvider, withReceipt } from "../outbox/novu-result.ts";
import { createRoute } from "../routing/route.ts";
import { createReingest, createSaveIgnored } from "../sources/ignored-events.ts";
import { createIngest, type Ingest } from "../sources/ingest.ts";
import { openSources } from "../sources/sources.ts";
import type { Store } from "../store/store.ts";

export interface Webhooks {
  /** Stores an event of any source with its effects. */
  ingest: Ingest;
  /** By method and path. */
  webhooks: Record<string, WebhookHandler>;
  /** The links of messages. */
  clicks: Router;
  /** Ingests the anonymous events of the previous id as those of the current one. */
  reingest(request: MergeRequest): Promise<void>;
  /** Shows on the pages that the two ids of an event stay two persons. */
  onNotMerged(request: MergeRequest): Promise<void>;
  /** Resolves when all clicks that were answered are stored. */
  idle(): Promise<void>;
}

/** Everything that arrives from outside: events of the sources, Novu's message webhooks, commands, and clicks. */
export function openWebhooks({
  config: { posthog, segment, novu, internalUsers, databaseUrl, linkSigningKeys },
  store,
  product: { workflows, segmentNames },
  readLink,
  budget,
  onUndeliverable,
  onPreferences,
  settle,
  onPersonChanged,
  metrics,
  isStopping,
  now,
  log,
}: {
  config: Config;
  store: Store;
  product: Product<LifecycleWorkflow>;
  readLink: ReturnType<typeof createLinks>["read"];
  budget: BodyBudget;
  onUndeliverable(news: Undeliverable): Promise<void>;
  onPreferences(change: PreferenceChange): Promise<void>;
  /** Replaces a decision by what Novu reported of the message; false when that was known. */
  settle(decision: Decision, asked: Decision): Promise<boolean>;
  /** Reads of this person from now on include a new event. */
  onPersonChanged(distinctId: string): void;
  metrics: Metrics;
  isStopping(): boolean;
  now: () => number;
  log: Log;
}): Webhooks {
  const saveIgnored = createSaveIgnored({
    insert: (ignored) => store.events.insertIgnored(ignored),
    count: metrics.ignored,
    now,
  });
  const nextArrival = createArrivalClock(now);
  const ingest = createIngest({
    route: createRoute(workflows, internalUsers),
    insert: (event, routing) => store.events.insert(event, routing),
    saveIgnored,
    receivedAt: () => isoOfArrival(nextArrival()),
    onPersonChanged,
    count: metrics.event,
    log,
  });
  const endpoint = { budget, isStopping, log };
  const count = metrics.answered;
  const sources = openSources({ ...endpoint, posthog, segment, segmentNames, ingest, count, now });
  const bySource = Object.entries(sources).flatMap(([name, { webhook }]) =>
    webhook === null ? [] : [[`POST /webhooks/${name}`, webhook] as const],
  );

  // Signatures go by real time, even when the app runs on a virtual clock.
  const verifierOf = (secrets: string[]) => createWebhookVerifier({ secrets, now: Date.now });
  const decisionsOf: Store["decisions"]["listOfRuns"] = (transactionIds) => store.decisions.listOfRuns(transactionIds);
  const { webhookSecrets: novuSecrets = [] } = novu;
  const fromNovu = novuWebhook({
    ...endpoint,
    verify: verifierOf(novuSecrets),
    decisionsOf,
    capture,
    onUndeliverable,
    onPreferences,
    onNotSent: (decision, why) => settle(withReceipt(decision, resultOfProvider(why)), decision),
    count: metrics.novuAnswered,
    countEvent: metrics.novuEvent,
    now,
  });
  const fromCommands = storeChanges({
    ...endpoint,
    verify: verifierOf(linkSigningKeys.map(commandSecret)),
    changes: {
      redrive: store.jobs.redrive,
      forgetPerson: store.people.delete,
      splitPerson: store.people.split,
      backup: store.backup,
    },
    count: () => {},
  });
  const clicks = clickRoutes({ read: readLink, decisionsOf, capture, count: metrics.link, now, log });

  return {
    ingest,
    webhooks: {
      ...Object.fromEntries(bySource),
      ...(novuSecrets.length > 0 && { "POST /webhooks/novu": fromNovu }),
      // With PostgreSQL commands write the database themselves.
      ...(databaseUrl === undefined && { [`POST ${STORE_CHANGE_PATH}`]: fromCommands }),
    },
    reingest: createReingest({ ...store.events, sources, ingest }),
    onNotMerged,
    clicks: clicks.router,
    idle: clicks.idle,
  };

  function onNotMerged({ checkAt, eventUuid, currentId }: MergeRequest): Promise<void> {
    const source = checkAt ?? "posthog";
    const reason = `${SOURCES[source].label} keeps the two ids of this event as two people, and so do we`;
    const event = { uuid: eventUuid, name: null, distinctId: currentId };
    return saveIgnored({ source, cause: "not merged", reason, event, body: "" });
  }

  function capture(capture: Capture): Promise<boolean> {
    return store.decisions.insertReport(capture);
  }
}
