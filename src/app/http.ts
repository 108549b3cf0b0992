import express, { type Router } from "express";
import type { Report } from "../contracts/report.ts";
import { commandSecret, STORE_CHANGE_PATH } from "../contracts/store-change.ts";
import { deviceRoutes } from "../http/devices.ts";
import { inboxHashRoute } from "../http/inbox-hash.ts";
import { answeredFirst, answeringErrors, failed, healthRoutes, notFound, plainBodies } from "../http/listener.ts";
import { storeChanges } from "../http/store-changes.ts";
import { describeError } from "../lib/errors.ts";
import { type Listening, serve } from "../lib/server.ts";
import { createBearerVerifier } from "../lib/verify-bearer.ts";
import { createWebhookVerifier } from "../lib/verify-webhook.ts";
import type { WebhookHandler } from "../lib/webhook-endpoint.ts";
import { clickRoutes, type Links } from "../links/links.ts";
import type { Bridge } from "../novu/bridge.ts";
import { subscriberHash } from "../novu/subscriber-hash.ts";
import { novuWebhook } from "../novu/webhook.ts";
import { resultOfProvider, withReceipt } from "../outbox/novu-result.ts";
import { whyNoPerson } from "../routing/person.ts";
import type { Store } from "../store/store.ts";
import { createEventStates } from "./comparison.ts";
import type { Context } from "./context.ts";
import type { Ingestion } from "./ingest.ts";
import type { OptOuts } from "./opt-outs.ts";
import type { Runs } from "./runs.ts";

/** Pages below one path. No other part of the app needs them. */
export interface Site {
  path: string;
  router: Router;
  /** Closes the connections of open pages. */
  stop(): void;
}

interface Parts {
  ingestion: Pick<Ingestion, "webhooks">;
  links: Pick<Links, "read">;
  optOuts: Pick<OptOuts, "routes" | "onUndeliverable" | "onPreferences">;
  runs: Pick<Runs, "correct" | "silent">;
  bridge: Bridge;
  sites: Site[];
}

/** Starts the server, with the routes of this process's roles. `idle` resolves when all answered clicks are stored. */
export async function openHttp(
  context: Context,
  { ingestion, links, optOuts, runs, bridge, sites }: Parts,
): Promise<Listening & { idle(): Promise<void> }> {
  const { config, product, metrics, store, isStopping, now, log } = context;
  const isIngress = config.roles.includes("ingress");
  const clicks = clickRoutes({ ...messages(store), read: links.read, count: metrics.link, now, log });
  // Caches store only the studio's files, which never change under their names, so no ETag is needed.
  const http = express().disable("x-powered-by").disable("etag");
  if (isIngress) http.use(clicks.router).use("/u", optOuts.routes).use("/api/novu", bridge);
  for (const { path, router } of sites) http.use(path, router);
  const depths = {
    queues: () => store.jobs.countByQueue(),
    workflows: (since: number) => store.runs.countByWorkflow(since),
    silent: runs.silent,
    events: createEventStates(store.events, product.workflows, now),
  };
  http
    .use(healthRoutes(whyNot, config.revision ?? null))
    .use(metrics.routes({ depths, token: config.metricsToken, now }))
    .use(notFound)
    .use(failed({ log }));
  const webhooks = isIngress
    ? {
        ...ingestion.webhooks,
        ...webhooksOf(context, { optOuts, runs }),
        ...backendRoutes(context),
        "POST /api/novu": answeringErrors(bridge, { log }),
      }
    : {};
  const { port, keepAliveMs } = config;
  const listener = plainBodies(answeredFirst(webhooks, http), { log });
  return { ...(await serve(listener, { port, variable: "PORT", keepAliveMs })), idle: clicks.idle };

  /** Why the app is not ready, in words without secrets; null when it is. */
  async function whyNot(): Promise<string | null> {
    if (isStopping()) return "stopping";
    try {
      await store.ping();
      return null;
    } catch (error) {
      log.error({ component: "app", error: describeError(error) });
      return "the store cannot be written";
    }
  }
}

/** The webhooks for Novu and for our commands, by method and path. */
function webhooksOf(
  { config, store, metrics, budget, isClosing, now, log }: Context,
  { optOuts: { onUndeliverable, onPreferences }, runs }: Pick<Parts, "optOuts" | "runs">,
): Record<string, WebhookHandler> {
  const { novu, databaseUrl, linkSigningKeys } = config;
  const endpoint = { budget, isStopping: isClosing, log };
  // Signatures use the real time, even when the app runs on a virtual clock.
  const verifierOf = (secrets: string[]) => createWebhookVerifier({ secrets, now: Date.now });
  const { webhookSecrets: novuSecrets = [] } = novu;
  const fromNovu = novuWebhook({
    ...endpoint,
    ...messages(store),
    verify: verifierOf(novuSecrets),
    onUndeliverable,
    onPreferences,
    onNotSent: (decision, why) => runs.correct(withReceipt(decision, resultOfProvider(why)), decision),
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
  return {
    ...(novuSecrets.length > 0 && { "POST /webhooks/novu": fromNovu }),
    // With PostgreSQL, commands write to the database themselves.
    ...(databaseUrl === undefined && { [`POST ${STORE_CHANGE_PATH}`]: fromCommands }),
  };
}

/** The routes for the team's own back end, by method and path. Without BACKEND_KEY there are none. */
function backendRoutes({ config, store, metrics, budget, isClosing, log }: Context): Record<string, WebhookHandler> {
  if (config.backendKey === undefined) return {};
  const backend = {
    whyNoPerson: (distinctId: string) => whyNoPerson({ distinctId }),
    verify: createBearerVerifier({ key: config.backendKey, setting: "BACKEND_KEY" }),
    budget,
    isStopping: isClosing,
    count: metrics.backendAnswered,
    log,
  };
  return {
    ...deviceRoutes({ ...backend, ...store.devices }),
    ...inboxHashRoute({ ...backend, hashOf: (subscriberId) => subscriberHash(subscriberId, config.novu.secretKey) }),
  };
}

/** Finds the messages of a link or a webhook, and reports their results. */
function messages({ decisions }: Store) {
  return {
    decisionsOf: (transactionIds: string[]) => decisions.listOfRuns(transactionIds),
    report: (report: Report) => decisions.insertReport(report),
  };
}
