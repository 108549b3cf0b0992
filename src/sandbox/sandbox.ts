import { type App, openApp } from "../app.ts";
import type { Config } from "../config.ts";
import { NEXT_PART_KEY } from "../contracts/job.ts";
import type { NovuPlan } from "../contracts/novu.ts";
import { createLog, type Log } from "../lib/log.ts";
import { type EventEffects, effectsOf } from "./event-effects.ts";
import { type LocalConfig, localConfig } from "./local-config.ts";
import { LOCAL_KEYS } from "./local-keys.ts";
import { openLocalNovu } from "./local-novu/local-novu.ts";
import type { NovuState } from "./local-novu/state.ts";
import { openLocalPostHog } from "./local-posthog/local-posthog.ts";
import type { PostHogState } from "./local-posthog/state.ts";
import { openLocalSegment } from "./local-segment/local-segment.ts";
import type { SegmentState } from "./local-segment/state.ts";
import type { Samples } from "./samples.ts";
import { createSandboxControls } from "./sandbox-controls.ts";
import { postToNovu, type Services, settle } from "./services.ts";
import type { Action } from "./story-export.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

export interface SandboxOptions {
  dataDir: string;
  product: Parameters<typeof openApp>[1]["product"];
  samples: Samples;
  plan?: NovuPlan;
  marketing?: Config["marketing"];
  /** Milliseconds since 1970. */
  startAt: number;
  /** Whether time passes by itself. If not, it passes only by travelling. */
  flowing?: boolean;
  /** 0 is any free port. */
  ports?: { app: number; posthog: number; novu: number; segment: number };
  log?: Log;
  /** Whether Novu sends its webhooks to the app. Only the team and enterprise plans have webhooks. */
  novuWebhooks?: boolean;
  /** No call is slowed to a rate, and nothing is reported to PostHog. */
  isRehearsal?: boolean;
  internalUsers?: Config["internalUsers"];
  emailProviders?: Config["emailProviders"];
  sqliteDriver?: Parameters<typeof openApp>[1]["sqliteDriver"];
  /** The app has no settings for PostHog. The local PostHog runs, but sends nothing to the app. */
  withoutPostHog?: boolean;
  /** The app has no settings for Segment's Profile API. */
  withoutProfiles?: boolean;
  /** The states that an earlier sandbox had when it stopped. */
  novuState?: NovuState | undefined;
  posthogState?: PostHogState | undefined;
  segmentState?: SegmentState | undefined;
  actions?: Action[] | undefined;
}

/** The events of the workflows, and Segment's names for them. */
function namesOf(events: string[], segmentNames: ReadonlyMap<string, string>): string[] {
  const atSegment = [...segmentNames].filter(([, name]) => events.includes(name)).map(([name]) => name);
  return [...events, ...atSegment];
}

export interface Sandbox extends Services, AsyncDisposable {
  app: App;
  clock: VirtualClock;
  config: LocalConfig;
  /** The actions in the studio that sent no event. */
  actions: Action[];
  /** Resolves when the app and the local services only wait for time to pass. */
  settled(): Promise<void>;
  /** Moves the clock by this duration, and waits for everything that becomes due on the way. */
  travel(duration: { days?: number; hours?: number; minutes?: number; seconds?: number }): Promise<void>;
  /**
   * Stops the app as an operator does, and opens it again on the same data. By default it has the same workflows, and
   * they are synced.
   */
  restartApp(changes?: { workflows?: SandboxOptions["product"]["workflows"]; isSynced?: boolean }): Promise<void>;
  /** Publishes the app's workflows at the local Novu. */
  sync(): Promise<void>;
  stop(): Promise<void>;
}

/** The most decisions in an exported story. */
const MOST_DECISIONS = 10_000;
/** The jobs among which the next part of a run is looked for, the earliest first. */
const MOST_JOBS = 1_000;

/** Opens the unchanged app on a virtual clock. Its settings have the URLs of a local PostHog, Segment and Novu. */
export async function openSandbox({
  plan = "free",
  ports = { app: 0, posthog: 0, novu: 0, segment: 0 },
  log = createLog({ level: "silent" }),
  actions = [],
  isRehearsal = false,
  ...options
}: SandboxOptions): Promise<Sandbox> {
  const clock = createVirtualClock({ startAt: options.startAt, flowing: options.flowing ?? false });
  const keys = { ...LOCAL_KEYS, secretKey: LOCAL_KEYS.novu, clock, effectsOf: effects };
  const posthog = await openLocalPostHog({ ...keys, isRehearsal, port: ports.posthog, state: options.posthogState });
  const segment = await openLocalSegment({ ...keys, isRehearsal, port: ports.segment, state: options.segmentState });
  const novu = await openLocalNovu({
    ...keys,
    plan,
    isRehearsal,
    port: ports.novu,
    state: options.novuState,
  });
  const services = { posthog, segment, novu };
  const config = localConfig(services, { ...options, port: ports.app, plan });
  const settled = () => settle(services, () => app);
  const controls = createSandboxControls({
    ...services,
    clock,
    samples: options.samples,
    locales: options.product.locales.map(({ locale }) => locale),
    actions,
    settled,
    events: () => app.events,
    decisions: () => app.store.decisions.list({ limit: MOST_DECISIONS }),
    async nextPartAt() {
      const jobs = await app.store.jobs.listWaiting("novu", MOST_JOBS);
      return jobs.find(({ key }) => key.startsWith(NEXT_PART_KEY))?.dueAt ?? null;
    },
  });
  const parts = {
    clock,
    log,
    sandbox: controls,
    product: options.product,
    isRehearsal,
    sqliteDriver: options.sqliteDriver,
  };
  let app = await start().catch(async (error) => {
    await stopServices();
    throw error;
  });
  await connect();

  const sandbox: Sandbox = {
    get app() {
      return app;
    },
    ...services,
    clock,
    config,
    actions,
    settled,
    travel: ({ days = 0, hours = 0, minutes = 0, seconds = 0 }) =>
      clock.travelBy((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000, settled),
    async restartApp({ workflows = parts.product.workflows, isSynced = true } = {}) {
      await app.stop({ drainMs: 0 });
      parts.product = { ...parts.product, workflows };
      app = await start();
      await connect({ isSynced });
    },
    sync,
    async stop() {
      await app.stop({ drainMs: 0 });
      await stopServices();
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
  return sandbox;

  function start(): Promise<App> {
    for (const { cohorts } of parts.product.workflows) for (const { id } of cohorts) posthog.addCohort(id);
    return openApp(options.withoutPostHog ? { ...config, posthog: null } : config, parts);
  }

  async function stopServices(): Promise<void> {
    clock.stop();
    // Close at once: a request that is still open waits for an answer that a test delays.
    await Promise.all([posthog.close(0), segment.close(0), novu.close(0)]);
  }

  async function effects(eventUuid: string): Promise<EventEffects> {
    await settled();
    return effectsOf(eventUuid, {
      listRuns: app.store.runs.list,
      listDecisions: app.store.decisions.listOfRuns,
      novuRuns: novu.state.runs,
      workflowIds: parts.product.workflows.map(({ id }) => id),
      names: namesOf(app.events, parts.product.segmentNames),
      now: clock.now(),
    });
  }

  /** The work of `npm run connect`, `npm run sync` and Segment's pages in a real project. */
  async function connect({ isSynced } = { isSynced: true }): Promise<void> {
    const { signingSecret, segmentSecret, novuSigningSecret } = LOCAL_KEYS;
    if (!options.withoutPostHog)
      posthog.connect({ url: `${app.url}/webhooks/posthog`, signingSecret, events: app.events });
    segment.connect({ url: `${app.url}/webhooks/segment`, signingSecret: segmentSecret, way: "webhook" });
    if (options.novuWebhooks) novu.sendWebhooks({ url: `${app.url}/webhooks/novu`, signingSecret: novuSigningSecret });
    if (isSynced) await sync();
  }

  async function sync(): Promise<void> {
    await postToNovu(novu, "/v1/bridge/sync?source=sandbox", { bridgeUrl: `${app.url}/api/novu` });
  }
}
