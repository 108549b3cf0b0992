import express, { type Router } from "express";
import { answeredFirst, failed, healthRoutes, notFound, plainBodies } from "../http/listener.ts";
import { describeError } from "../lib/errors.ts";
import { type Listening, serve } from "../lib/server.ts";
import type { Context } from "./context.ts";
import type { Ingestion } from "./ingest.ts";
import type { Webhooks } from "./webhooks.ts";

/** Pages below a path of their own, which no other part needs. */
export interface Site {
  path: string;
  router: Router;
  /** Closes the connections of open pages. */
  stop(): void;
}

/** Listens, with the routes of this process's roles. */
export async function openHttp(
  { config, metrics, store, isStopping, now, log }: Context,
  {
    ingestion,
    webhooks,
    unsubscribe,
    bridge,
    sites,
    silent,
  }: {
    ingestion: Ingestion;
    webhooks: Webhooks;
    unsubscribe: Router;
    bridge: Router;
    sites: Site[];
    silent(): Promise<string[]>;
  },
): Promise<Listening> {
  const isIngress = config.roles.includes("ingress");
  // Caches store only the studio's files, which never change under their names, so no ETag is needed.
  const http = express().disable("x-powered-by").disable("etag");
  if (isIngress) http.use(webhooks.clicks).use("/u", unsubscribe).use("/api/novu", bridge);
  for (const { path, router } of sites) http.use(path, router);
  const depths = {
    queues: () => store.jobs.countByQueue(),
    workflows: (since: number) => store.runs.countByWorkflow(since),
    silent,
  };
  http
    .use(healthRoutes({ whyNot, revision: config.revision }))
    .use(metrics.routes({ depths, token: config.metricsToken, now }))
    .use(notFound)
    .use(failed({ log }));
  return serve(
    plainBodies(answeredFirst(isIngress ? { ...ingestion.webhooks, ...webhooks.webhooks } : {}, http), { log }),
    {
      port: config.port,
      variable: "PORT",
      keepAliveMs: config.keepAliveMs,
    },
  );

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
