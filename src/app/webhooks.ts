import type { Router } from "express";
import { commandSecret, STORE_CHANGE_PATH } from "../contracts/store-change.ts";
import { storeChanges } from "../http/store-changes.ts";
import { createWebhookVerifier } from "../lib/verify-webhook.ts";
import type { BodyBudget, WebhookHandler } from "../lib/webhook-endpoint.ts";
import type { Links } from "../links/links.ts";
import { clickRoutes } from "../links/links.ts";
import { novuWebhook } from "../novu/webhook.ts";
import { resultOfProvider, withReceipt } from "../outbox/novu-result.ts";
import type { Context } from "./context.ts";
import type { Decisions } from "./decisions.ts";
import type { OptOuts } from "./opt-outs.ts";

export interface Webhooks {
  /** By method and path. */
  webhooks: Record<string, WebhookHandler>;
  /** The links of messages. */
  clicks: Router;
  /** Resolves when all clicks that were answered are stored. */
  idle(): Promise<void>;
}

/** All incoming requests besides events and bridge calls: Novu's message webhooks, commands, and clicks. */
export function openWebhooks(
  { config, store, metrics, now, log }: Context,
  {
    links,
    optOuts: { onUndeliverable, onPreferences },
    decisions,
    budget,
    isClosing,
  }: {
    links: Pick<Links, "read">;
    optOuts: Pick<OptOuts, "onUndeliverable" | "onPreferences">;
    decisions: Pick<Decisions, "correct">;
    budget: BodyBudget;
    isClosing(): boolean;
  },
): Webhooks {
  const { novu, databaseUrl, linkSigningKeys } = config;
  const endpoint = { budget, isStopping: isClosing, log };
  // Signatures go by real time, even when the app runs on a virtual clock.
  const verifierOf = (secrets: string[]) => createWebhookVerifier({ secrets, now: Date.now });
  const messages = {
    decisionsOf: (transactionIds: string[]) => store.decisions.listOfRuns(transactionIds),
    report: (report: Parameters<typeof store.decisions.insertReport>[0]) => store.decisions.insertReport(report),
  };
  const { webhookSecrets: novuSecrets = [] } = novu;
  const fromNovu = novuWebhook({
    ...endpoint,
    ...messages,
    verify: verifierOf(novuSecrets),
    onUndeliverable,
    onPreferences,
    onNotSent: (decision, why) => decisions.correct(withReceipt(decision, resultOfProvider(why)), decision),
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
  const clicks = clickRoutes({ ...messages, read: links.read, count: metrics.link, now, log });

  return {
    webhooks: {
      ...(novuSecrets.length > 0 && { "POST /webhooks/novu": fromNovu }),
      // With PostgreSQL commands write the database themselves.
      ...(databaseUrl === undefined && { [`POST ${STORE_CHANGE_PATH}`]: fromCommands }),
    },
    clicks: clicks.router,
    idle: clicks.idle,
  };
}
