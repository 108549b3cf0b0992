import { type App, openApp } from "../app.ts";
import type { Config, PostHogConfig, SegmentConfig } from "../config.ts";
import type { NovuPlan } from "../contracts/novu-plan.ts";
import { DAY_MS } from "../lib/durations.ts";
import { createLog, type Log } from "../lib/log.ts";
import { type LocalNovu, openLocalNovu } from "./local-novu/local-novu.ts";
import type { NovuState } from "./local-novu/state.ts";
import { type LocalPostHog, openLocalPostHog } from "./local-posthog/local-posthog.ts";
import type { PostHogState } from "./local-posthog/state.ts";
import { type LocalSegment, openLocalSegment } from "./local-segment/local-segment.ts";
import type { SegmentState } from "./local-segment/state.ts";
import { createSandboxControls } from "./sandbox-controls.ts";
import type { Act } from "./story-export.ts";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.ts";

/** Keys that are worth nothing: they open only what runs on this machine. */
export const LOCAL_KEYS = {
  novu: "local-novu-secret-key",
  projectToken: "phc_local",
  personalApiKey: "phx_local",
  signingSecret: `whsec_${Buffer.from("posthog-novu-bridge local sandbox").toString("base64")}`,
  projectId: "1",
  linkSigning: "local-link-signing-key",
  novuSigningSecret: `whsec_${Buffer.from("posthog-novu-bridge local Novu").toString("base64")}`,
  segmentSecret: "local-segment-secret",
  segmentWriteKey: "local-segment-write-key",
  segmentSpaceId: "spa_local",
  segmentProfileToken: "local-segment-profile-token",
} as const;

/** As the app has it when nothing is configured. */
const RETENTION_MS = 90 * DAY_MS;
const KEEP_ALIVE_MS = 75_000;
const MARKETING: Config["marketing"] = {
  cap: { most: 3, withinMs: 7 * DAY_MS },
  hours: { from: "09:00", to: "20:00" },
  timeZone: "UTC",
};
/** Of a story that is exported. */
const MOST_DECISIONS = 10_000;
type LocalConfig = Config & { posthog: PostHogConfig; segment: SegmentConfig };

export interface SandboxOptions {
  dataDir: string;
  product: Parameters<typeof openApp>[1]["product"];
  plan?: NovuPlan;
  marketing?: Config["marketing"];
  /** Milliseconds since 1970. */
  startAt: number;
  /** Whether time passes by itself, or only by travelling. */
  flowing?: boolean;
  /** 0 is any free port. */
  ports?: { app: number; posthog: number; novu: number; segment: number };
  log?: Log;
  /** Whether Novu tells the app what became of its messages, which it does from the team plan on. */
  novuWebhooks?: boolean;
  /** Whose events cause nothing. */
  internalUsers?: Config["internalUsers"];
  /** Whether the app is a team's that has none; the local PostHog is there, and tells it nothing. */
  withoutPostHog?: boolean;
  /** Whether it is one without Segment's Profile API. */
  withoutProfiles?: boolean;
  /** What the services remembered. */
  novuState?: NovuState | undefined;
  posthogState?: PostHogState | undefined;
  segmentState?: SegmentState | undefined;
  /** What was done by hand besides events. */
  acts?: Act[] | undefined;
}

export interface Sandbox extends AsyncDisposable {
  app: App;
  posthog: LocalPostHog;
  segment: LocalSegment;
  novu: LocalNovu;
  clock: VirtualClock;
  config: LocalConfig;
  /** What was done by hand in the studio, besides events. */
  acts: Act[];
  /** Resolves when everything that happens at this moment has happened. */
  settled(): Promise<void>;
  /** Lets that much time pass, with everything that falls into it. */
  travel(duration: { days?: number; hours?: number; minutes?: number; seconds?: number }): Promise<void>;
  /** Stops the app as its operator would, and opens it again on the same data; with other workflows, and not synced yet, if it is said. */
  restartApp(changes?: { workflows?: SandboxOptions["product"]["workflows"]; isSynced?: boolean }): Promise<void>;
  /** Lets Novu ask the app which workflows it has. */
  sync(): Promise<void>;
  stop(): Promise<void>;
}

/** The unchanged app, pointed by URL at a local PostHog, a local Segment and a local Novu, with a clock that can travel. */
export async function openSandbox({
  dataDir,
  product,
  plan = "free",
  novuWebhooks = false,
  internalUsers = [],
  startAt,
  flowing = false,
  ports = { app: 0, posthog: 0, novu: 0, segment: 0 },
  log = createLog({ level: "silent" }),
  marketing = MARKETING,
  withoutPostHog = false,
  withoutProfiles = false,
  novuState,
  posthogState,
  segmentState,
  acts = [],
}: SandboxOptions): Promise<Sandbox> {
  const clock = createVirtualClock({ startAt, flowing });
  const posthog = await openLocalPostHog({ ...LOCAL_KEYS, clock, port: ports.posthog, state: posthogState });
  const segment = await openLocalSegment({ ...LOCAL_KEYS, clock, port: ports.segment, state: segmentState });
  const novu = await openLocalNovu({ secretKey: LOCAL_KEYS.novu, plan, clock, port: ports.novu, state: novuState });
  const config: LocalConfig = {
    port: ports.app,
    keepAliveMs: KEEP_ALIVE_MS,
    logLevel: "info",
    dataDir,
    roles: ["ingress", "worker"],
    retentionMs: RETENTION_MS,
    internalUsers,
    deliveryConcurrency: 8,
    linkSigningKeys: [LOCAL_KEYS.linkSigning],
    emailProviders: ["resend"],
    marketing,
    novu: {
      secretKey: LOCAL_KEYS.novu,
      apiUrl: novu.url,
      plan,
      webhookSecrets: [LOCAL_KEYS.novuSigningSecret],
    },
    posthog: { ...LOCAL_KEYS, host: posthog.url, apiHost: posthog.url, webhookSecrets: [LOCAL_KEYS.signingSecret] },
    segment: {
      secrets: [LOCAL_KEYS.segmentSecret],
      profiles: withoutProfiles
        ? null
        : { host: segment.url, spaceId: LOCAL_KEYS.segmentSpaceId, token: LOCAL_KEYS.segmentProfileToken },
    },
  };
  const controls = createSandboxControls({
    clock,
    posthog,
    segment,
    novu: { ...novu, secretKey: LOCAL_KEYS.novu },
    acts,
    settled,
    events: () => app.events,
    decisions: () => app.store.listDecisions({ limit: MOST_DECISIONS }),
  });
  const parts = { clock, log, sandbox: controls, product };
  let app = await start();
  await connect();

  const sandbox: Sandbox = {
    get app() {
      return app;
    },
    posthog,
    segment,
    novu,
    clock,
    config,
    acts,
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
      clock.stop();
      // Whoever still waits for an answer here waits for one that was made late on purpose.
      await Promise.all([posthog.close(0), segment.close(0), novu.close(0)]);
    },
    [Symbol.asyncDispose]: () => sandbox.stop(),
  };
  return sandbox;

  function start(): Promise<App> {
    return openApp(withoutPostHog ? { ...config, posthog: null } : config, parts);
  }

  /** What `connect` and `sync` do for a real project, and its owner at Segment. */
  async function connect({ isSynced } = { isSynced: true }): Promise<void> {
    if (!withoutPostHog)
      posthog.connect({
        url: `${app.url}/webhooks/posthog`,
        signingSecret: LOCAL_KEYS.signingSecret,
        events: app.events,
      });
    segment.connect({
      url: `${app.url}/webhooks/segment`,
      signingSecret: LOCAL_KEYS.segmentSecret,
      way: "webhook",
    });
    if (novuWebhooks)
      novu.sendWebhooks({ url: `${app.url}/webhooks/novu`, signingSecret: LOCAL_KEYS.novuSigningSecret });
    if (isSynced) await sync();
  }

  async function sync(): Promise<void> {
    const response = await fetch(`${novu.url}/v1/bridge/sync?source=sandbox`, {
      method: "POST",
      headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
      body: JSON.stringify({ bridgeUrl: `${app.url}/api/novu` }),
    });
    if (!response.ok) throw new Error(`the workflows cannot be synced: ${await response.text()}`);
  }

  async function settled(): Promise<void> {
    // What ends in one place may have begun something in another, so all must be quiet in one pass.
    let before: number;
    do {
      before = happenings();
      await posthog.idle();
      await segment.idle();
      await app.idle();
      await novu.idle();
      await new Promise(setImmediate);
    } while (happenings() !== before);
  }

  function happenings(): number {
    return (
      posthog.state.events.length +
      posthog.state.deliveries.length +
      segment.state.messages.length +
      segment.state.deliveries.length +
      novu.bridgeCalls.length +
      novu.triggers.length +
      novu.webhooks.deliveries.flatMap(({ attempts }) => attempts).length +
      novu.state.messages.length
    );
  }
}
