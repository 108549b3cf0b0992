import { createBridgeRoutes, openWorkflows } from "./app/bridge.ts";
import type { Context } from "./app/context.ts";
import { openHttp, type Site } from "./app/http.ts";
import { createIngestion } from "./app/ingest.ts";
import { createNovu } from "./app/novu.ts";
import { createOptOuts } from "./app/opt-outs.ts";
import { startOutbox } from "./app/outbox.ts";
import { createPersonSources } from "./app/persons.ts";
import { createReports } from "./app/reports.ts";
import { createRuns } from "./app/runs.ts";
import { liveDependencies } from "./app/step-dependencies.ts";
import { createStop, type Phase } from "./app/stop.ts";
import { openStudio } from "./app/studio.ts";
import { assertCohortsReadable } from "./app/sweeps.ts";
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
   * Accepts requests for another `drainMs` (500) at most, so that no request of a proxy is lost. Then completes the
   * requests and jobs in progress. Other jobs stay in the store.
   */
  stop(options?: { drainMs?: number }): Promise<void>;
}

/** The limit for all request bodies together that are not verified yet. */
const MOST_UNVERIFIED_BYTES = 32 * 1024 * 1024;

/** Opens the store, then everything else; a failure closes the store. */
export async function openApp(
  config: Config,
  {
    product,
    clock = systemClock,
    log = createLog({ level: config.logLevel }),
    sandbox,
    isRehearsal = false,
    sqliteDriver,
  }: {
    product: Product<LifecycleWorkflow>;
    clock?: Clock;
    log?: Log;
    /** Present only in the sandbox. There the studio needs no login, and only this machine can open it. */
    sandbox?: SandboxControls | undefined;
    /** Whether the app plays the past in a sandbox: no call is slowed to a rate, and nothing is reported to PostHog. */
    isRehearsal?: boolean | undefined;
    /** Replaces the driver that the version of Node decides. */
    sqliteDriver?: SqliteDriver | undefined;
  },
): Promise<App> {
  const { now } = clock;
  const store = await openStore(config, { now, log, sqliteDriver });
  try {
    return await openParts({ config, product, store, clock, now, log, sandbox, isRehearsal });
  } catch (error) {
    await store.close();
    throw error;
  }
}

type Given = "config" | "product" | "store" | "clock" | "now" | "log" | "sandbox" | "isRehearsal";

async function openParts(given: Pick<Context, Given>): Promise<App> {
  const { config, product, store, now, log } = given;
  assertCohortsReadable(given);
  const phase: Phase = { isStopping: false, isClosing: false };
  // Without PUBLIC_URL, the URL is set below, when the server listens.
  const address = { publicUrl: config.publicUrl ?? "" };
  const publicUrl = () => address.publicUrl;
  const context: Context = {
    ...given,
    metrics: createMetrics(),
    publicUrl,
    budget: createBodyBudget(MOST_UNVERIFIED_BYTES),
    isStopping: () => phase.isStopping,
    isClosing: () => phase.isClosing,
  };

  const links = createLinks({ keys: config.linkSigningKeys, publicUrl, source: product.brand.utmSource });
  const personSources = createPersonSources(config, store.people);
  const persons = createPersonReader({ sources: personSources, now });
  const novu = createNovu(context);
  const reports = createReports(context);
  const optOuts = createOptOuts(context, { novu, reports, personSources });

  const stepDependencies = liveDependencies(context, { persons, links, optOuts, novu });
  const frameworks = await openWorkflows(context, { stepDependencies, links });
  const { workflows } = frameworks;
  const runs = createRuns(context, workflows);
  const bridge = createBridgeRoutes(context, { frameworks, stepDependencies, runs, novu });
  const ingestion = createIngestion(context, { persons });

  const sites: Site[] = await openStudio(context, { workflows, persons, runs });
  const server = await openHttp(context, { ingestion, links, optOuts, runs, bridge, sites });
  address.publicUrl ||= server.url;
  const outbox = config.roles.includes("worker")
    ? startOutbox(context, { novu, persons, personSources, optOuts, ingestion, runs, reports })
    : null;
  const facts = { port: server.port, roles: config.roles, workflows: workflows.map(({ id }) => id) };
  log.info({ component: "app", outcome: "listening", ...facts });

  return {
    url: server.url,
    store,
    events: eventsToForward(product.workflows),
    async idle() {
      await server.idle();
      await outbox?.idle();
    },
    stop: createStop(context, { phase, server, outbox, sites, reports }),
  };
}
