import { createBridgeRoutes } from "./app/bridge.ts";
import type { Context } from "./app/context.ts";
import { createDecisions } from "./app/decisions.ts";
import { openHttp, type Site } from "./app/http.ts";
import { createIngestion } from "./app/ingest.ts";
import { createJobs } from "./app/jobs.ts";
import { createNovu } from "./app/novu.ts";
import { createOptOuts } from "./app/opt-outs.ts";
import { startOutbox } from "./app/outbox.ts";
import { personSources } from "./app/persons.ts";
import { createRunSteps } from "./app/run-steps.ts";
import { silentWorkflows } from "./app/silent-workflows.ts";
import { liveDependencies } from "./app/step-dependencies.ts";
import { createStop, type Phase } from "./app/stop.ts";
import { openStudio } from "./app/studio.ts";
import { openWebhooks } from "./app/webhooks.ts";
import { openWorkflows } from "./app/workflows.ts";
import type { Config } from "./config.ts";
import { eventsToForward } from "./contracts/event.ts";
import type { Product } from "./contracts/product.ts";
import type { SandboxControls } from "./contracts/sandbox.ts";
import type { LifecycleWorkflow } from "./engine/lifecycle.ts";
import { createMetrics } from "./http/metrics.ts";
import { type Clock, systemClock } from "./lib/clock.ts";
import { createLog, type Log } from "./lib/log.ts";
import { createBodyBudget } from "./lib/webhook-endpoint.ts";
import { createLinks } from "./links/links.ts";
import { createPersonReader } from "./sources/person-reader.ts";
import { createPostHogReport, noReport } from "./sources/posthog/reports.ts";
import { openStore } from "./store/open-store.ts";
import type { SqliteDriver } from "./store/sqlite-driver.ts";
import type { Store } from "./store/store.ts";

export interface App {
  /** Such as http://127.0.0.1:4000 */
  url: string;
  store: Store;
  /** The names of the events that PostHog has to forward. */
  events: string[];
  /** Resolves when all jobs that are due now are done. */
  idle(): Promise<void>;
  /**
   * Answers requests for `drainMs` (500) more while connections are open, so that proxies close them without a lost
   * request; then completes the requests and jobs in progress. Other jobs stay in the store.
   */
  stop(options?: { drainMs?: number }): Promise<void>;
}

/** Of all bodies together whose senders are not verified yet. */
const MOST_UNVERIFIED_BYTES = 32 * 1024 * 1024;

/** Opens the store, then everything else; a failure closes the store. */
export async function openApp(
  config: Config,
  {
    product,
    clock = systemClock,
    log = createLog({ level: config.logLevel }),
    sandbox,
    sqliteDriver,
  }: {
    product: Product<LifecycleWorkflow>;
    clock?: Clock;
    log?: Log;
    /** With it the studio is open, to this machine only. */
    sandbox?: SandboxControls | undefined;
    /** For a benchmark that compares them. */
    sqliteDriver?: SqliteDriver | undefined;
  },
): Promise<App> {
  const { now } = clock;
  const store = await openStore(config, { now, log, sqliteDriver });
  try {
    return await openParts({ config, product, store, clock, now, log, sandbox });
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openParts(base: Omit<Context, "metrics" | "publicUrl" | "isStopping">): Promise<App> {
  const { config, product, store, now, log } = base;
  const phase: Phase = { isStopping: false, isClosing: false };
  // A sandbox on any free port knows its URL only when it listens.
  const address = { publicUrl: config.publicUrl ?? "" };
  const metrics = createMetrics();
  const context: Context = { ...base, metrics, publicUrl: () => address.publicUrl, isStopping: () => phase.isStopping };

  const { publicUrl } = context;
  const links = createLinks({ keys: config.linkSigningKeys, publicUrl, source: product.brand.utmSource });
  const sources = personSources(config, store.people);
  const persons = createPersonReader({ sources, now });
  const novu = createNovu(context);
  const reports = config.posthog ? createPostHogReport(config.posthog) : noReport;
  const optOuts = createOptOuts(context, { novu, reports, sources });

  const steps = liveDependencies(context, { persons, links, optOuts, novu });
  const frameworks = await openWorkflows(context, { steps, links });
  const { workflows } = frameworks;
  const runSteps = createRunSteps(context, { workflows });
  const decisions = createDecisions(context, runSteps);
  const budget = createBodyBudget(MOST_UNVERIFIED_BYTES);
  const bridge = createBridgeRoutes(context, { frameworks, steps, runSteps, decisions, novu, budget });
  const isClosing = () => phase.isClosing;
  const ingestion = createIngestion(context, { persons, budget, isClosing });
  const webhooks = openWebhooks(context, { links, optOuts, decisions, budget, isClosing });
  const runJob = createJobs(context, { novu, persons, optOuts, ingestion, decisions, runSteps, reports });

  const silent = () => silentWorkflows({ workflows, countSince: store.runs.countByWorkflow, now: now() });
  const sites: Site[] = [openStudio(context, { workflows, persons, silent })];
  const server = await openHttp(context, { ingestion, webhooks, unsubscribe: optOuts.routes, bridge, sites, silent });
  address.publicUrl ||= server.url;
  const outbox = config.roles.includes("worker")
    ? startOutbox(context, { runJob, ingest: ingestion.ingest, sources })
    : null;
  const facts = { port: server.port, roles: config.roles, workflows: workflows.map(({ id }) => id) };
  log.info({ component: "app", outcome: "listening", ...facts });

  return {
    url: server.url,
    store,
    events: eventsToForward(product.workflows),
    async idle() {
      await webhooks.idle();
      await outbox?.idle();
    },
    stop: createStop(context, { phase, server, webhooks, outbox, sites, reports }),
  };
}
