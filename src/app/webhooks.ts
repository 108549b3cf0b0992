import type { Router } from "express";
import type { Config } from "../config.ts";
import type { Capture } from "../contracts/capture.ts";
import type { Decision } from "../contracts/decision.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { Queue } from "../contracts/job.ts";
import type { Join, Routing } from "../contracts/notification.ts";
import type { Product } from "../contracts/product.ts";
import { STORE_CHANGE_PATH } from "../contracts/store-change.ts";
import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import type { Metrics } from "../http/metrics.ts";
import { storeChanges } from "../http/store-changes.ts";
import { createArrivalClock, isoOfArrival } from "../lib/arrival-clock.ts";
import { commandSecret } from "../lib/command-secret.ts";
import { parseJson } from "../lib/json.ts";
import type { Log } from "../lib/log.ts";
import type { BodyBudget } from "../lib/read-body.ts";
import { webhookAuth } from "../lib/verify-webhook.ts";
import { clickRoutes } from "../links/clicks.ts";
import type { createLinks } from "../links/links.ts";
import type { Undeliverable } from "../novu/webhook.ts";
import { novuWebhook } from "../novu/webhook.ts";
import type { PreferenceChange } from "../novu/webhook-event.ts";
import { resultOfProvider, withReceipt } from "../outbox/novu-result.ts";
import { createAccept } from "../routing/ingest.ts";
import { createRoute } from "../routing/route.ts";
import type { Accept, Ignored } from "../sources/ingest.ts";
import { readPostHogEvent } from "../sources/posthog/event.ts";
import { postHogWebhook } from "../sources/posthog/webhook.ts";
import { readSegmentEvent } from "../sources/segment/event.ts";
import { segmentAuth } from "../sources/segment/verify.ts";
import { segmentWebhook } from "../sources/segment/webhook.ts";
import { withoutValues } from "../sources/without-values.ts";
import type { Store } from "../store/store.ts";

export interface Webhooks {
  /** Takes an event in, wherever it comes from. */
  accept: Accept;
  /** By method and path. */
  webhooks: Record<string, ReturnType<typeof postHogWebhook>>;
  /** The links of messages. */
  clicks: Router;
  /** Takes in, as the kept id's, what was ignored of a visitor as long as nobody knew who that was. */
  lookAgain(join: Join): Promise<void>;
  /** Keeps, for people to see, that the ids of an event stay two persons. */
  onNotMerged(join: Join): Promise<void>;
  /** Resolves when nothing that was answered is still on its way into the store. */
  idle(): Promise<void>;
}

/** What comes in from outside: the events of PostHog and Segment, Novu's news of messages, and the clicks of readers. */
export function openWebhooks({
  config: { posthog, segment, novu, internalUsers, databaseUrl, linkSigningKeys },
  store,
  redrive,
  product: { workflows, segmentNames },
  readLink,
  budget,
  onUndeliverable,
  onPreferences,
  settle,
  onJobs,
  onChange,
  onEvent,
  metrics,
  isStopping,
  now,
  log,
}: {
  config: Config;
  store: Store;
  redrive: Store["jobs"]["redrive"];
  product: Product<LifecycleWorkflow>;
  readLink: ReturnType<typeof createLinks>["read"];
  budget: BodyBudget;
  onUndeliverable(news: Undeliverable): Promise<void>;
  onPreferences(change: PreferenceChange): Promise<void>;
  /** Notes what Novu said became of a message, in place of what was decided; answers whether that is new. */
  settle(decision: Decision, asked: Decision): Promise<boolean>;
  /** There is work to be done. */
  onJobs(queue: Queue): void;
  /** There is something new to see. */
  onChange(): void;
  /** There is an event of this person. */
  onEvent(distinctId: string): void;
  metrics: Metrics;
  isStopping(): boolean;
  now: () => number;
  log: Log;
}): Webhooks {
  const acceptOne = createAccept({
    route: createRoute(workflows, internalUsers),
    keep,
    keepIgnored: (aside) => keepIgnored({ ...aside, source: aside.event.source }),
  });
  const nextArrival = createArrivalClock(now);
  const decisionsOf: Store["decisions"]["listOfRuns"] = (transactionIds) => store.decisions.listOfRuns(transactionIds);
  const { webhookSecrets: novuSecrets = [] } = novu;
  // Signatures are about the sender's real time, whatever clock the rest of the app goes by.
  const provenBy = (secrets: string[]) => webhookAuth({ secrets, now: Date.now });

  const source = {
    accept,
    budget,
    keepIgnored: (aside: Ignored) => keepIgnored({ ...aside, event: null }),
    isStopping,
    now,
    log,
  };
  const fromPostHog =
    posthog &&
    postHogWebhook({
      ...source,
      authenticate: provenBy(posthog.webhookSecrets),
      count: (status) => metrics.answered("posthog", status),
    });
  const fromSegment =
    segment &&
    segmentWebhook({
      ...source,
      authenticate: segmentAuth(segment),
      names: segmentNames,
      count: (status) => metrics.answered("segment", status),
    });
  const fromNovu = novuWebhook({
    authenticate: provenBy(novuSecrets),
    budget,
    decisionsOf,
    capture,
    onUndeliverable,
    onPreferences,
    onNotSent: (decision, why) => settle(withReceipt(decision, resultOfProvider(why)), decision),
    count: metrics.novuAnswered,
    countEvent: metrics.novuEvent,
    isStopping,
    now,
    log,
  });
  const fromCommands = storeChanges({
    authenticate: provenBy(linkSigningKeys.map(commandSecret)),
    budget,
    changes: { redrive, forgetPerson: store.people.delete, splitPerson: store.people.split, backup: store.backup },
    count: () => {},
    isStopping,
    log,
  });
  const clicks = clickRoutes({ read: readLink, decisionsOf, capture, count: metrics.link, now, log });

  return {
    accept,
    webhooks: {
      ...(fromPostHog && { "POST /webhooks/posthog": fromPostHog }),
      ...(fromSegment && { "POST /webhooks/segment": fromSegment }),
      ...(novuSecrets.length > 0 && { "POST /webhooks/novu": fromNovu }),
      // With PostgreSQL commands write the database themselves.
      ...(databaseUrl === undefined && { [`POST ${STORE_CHANGE_PATH}`]: fromCommands }),
    },
    lookAgain,
    onNotMerged,
    clicks: clicks.router,
    idle: clicks.idle,
  };

  async function accept(event: LifecycleEvent, body: string): ReturnType<Accept> {
    const result = await acceptOne({ ...event, receivedAt: isoOfArrival(nextArrival()) }, body);
    metrics.event(result.outcome);
    onChange();
    return result;
  }

  async function lookAgain({ formerId, keptId, receivedAt }: Join): Promise<void> {
    const ignored = await store.events.listIgnoredOf(formerId, Date.parse(receivedAt));
    const taken: number[] = [];
    for (const { id, source, body } of ignored) {
      const parsed = parseJson(body);
      const read =
        source === "segment"
          ? readSegmentEvent(parsed, { now: now(), names: segmentNames })
          : readPostHogEvent(parsed, now());
      if ("misfit" in read) continue;
      const { nobody: _, ...event } = read.event;
      await accept({ ...event, distinctId: keptId }, body);
      taken.push(id);
    }
    await store.events.deleteIgnored(taken);
  }

  async function onNotMerged({ eventUuid, keptId }: Join): Promise<void> {
    metrics.ignored("not merged");
    onChange();
    await store.events.insertIgnored({
      receivedAt: new Date(now()).toISOString(),
      source: "posthog",
      reason: "PostHog keeps the two ids of this event as two people, and so do we",
      eventUuid,
      eventName: null,
      distinctId: keptId,
      body: "",
    });
  }

  async function keep(
    event: LifecycleEvent,
    { starts, exits, profiles = [], merges = [], joins = [], traits = [] }: Routing,
  ) {
    // The source knew of it before it told us, so each read from now on knows of it too.
    for (const id of [event.distinctId, ...joins.map(({ formerId }) => formerId)]) onEvent(id);
    const outcome = await store.events.insert(event, { starts, exits, profiles, merges, joins, traits });
    if (outcome !== "accepted") return outcome;
    if (starts.length + exits.length > 0) onJobs("novu");
    if (profiles.length > 0) onJobs("profiles");
    if (joins.length > 0) onJobs("persons");
    return outcome;
  }

  async function keepIgnored({
    source,
    cause,
    reason,
    event,
    body,
  }: Ignored & { event: LifecycleEvent | null }): Promise<void> {
    metrics.ignored(cause);
    onChange();
    // Each would be followed by the next, as long as the destination sends them back.
    if (cause === "echo") return;
    await store.events.insertIgnored({
      receivedAt: new Date(now()).toISOString(),
      source,
      reason,
      eventUuid: event?.uuid ?? null,
      eventName: event?.name ?? null,
      distinctId: event?.distinctId ?? null,
      body: event === null ? withoutValues(body) : body,
    });
  }

  /** Notes what became of a message, by the first word of it. */
  async function capture(capture: Capture): Promise<boolean> {
    const isFirst = await store.decisions.insertReport(capture);
    if (isFirst) onJobs("posthog");
    return isFirst;
  }
}
