import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { IDENTITY_EVENTS } from "../../src/contracts/event.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { type LocalNovu, openLocalNovu } from "../../src/sandbox/local-novu/local-novu.ts";
import { type LocalPostHog, openLocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import { type LocalSegment, openLocalSegment } from "../../src/sandbox/local-segment/local-segment.ts";
import { createVirtualClock } from "../../src/sandbox/virtual-clock.ts";
import { environment } from "./app-process.ts";
import { built } from "./built.ts";
import { testFolder } from "./folder.ts";
import { testProduct } from "./product/product.ts";
import { repeating } from "./repeating.ts";

const APP = built("test/support/app-by-our-clock.ts");

export interface Fortnight extends AsyncDisposable {
  posthog: LocalPostHog;
  segment: LocalSegment;
  novu: LocalNovu;
  dataDir: string;
  kills: number;
  now(): number;
  travelTo(timeMs: number): Promise<void>;
  /** Resolves when everything that happens at this moment has happened, including the restart of a killed app. */
  settled(): Promise<void>;
  /** Kills the app with SIGKILL after the answer to the next request of that path, before the app receives it. */
  killAfter(path: RegExp): void;
  stopApp(): Promise<void>;
}

/**
 * The app as a process that can be killed, between a local PostHog, Segment and Novu on a virtual clock. Each webhook,
 * trigger, batch of reports and click is sent `times` times.
 */
export async function openFortnight({ startAt, times }: { startAt: number; times: number }): Promise<Fortnight> {
  const folder = testFolder();
  const clockFile = join(folder.path, "clock");
  const time = createVirtualClock({ startAt, flowing: false });
  const writeTime = () => writeFileSync(clockFile, String(time.now()));
  const clock = {
    now: time.now,
    at: (at: number, run: () => void) =>
      time.at(at, () => {
        writeTime();
        run();
      }),
  };
  writeTime();

  const posthog = await openLocalPostHog({ ...LOCAL_KEYS, clock, port: 0 });
  const segment = await openLocalSegment({ ...LOCAL_KEYS, clock, port: 0 });
  const novu = await openLocalNovu({ secretKey: LOCAL_KEYS.novu, plan: "team", clock, port: 0 });
  let child: ChildProcess;
  let appUrl: string | null = null;
  let killAt: RegExp | null = null;
  let kills = 0;
  const isWrite = ({ method, path }: { method: string; path: string }) =>
    (method === "POST" && /trigger|batch|webhooks/.test(path)) || path.startsWith("/r/");
  const chorus = { isRepeated: isWrite, times, onRepeated: killIfMeant };
  const fronts = {
    app: await repeating({ target: () => appUrl, ...chorus }),
    posthog: await repeating({ target: () => posthog.url, ...chorus }),
    novu: await repeating({ target: () => novu.url, ...chorus }),
  };
  const env = {
    ...environment(fronts, folder.path),
    CLOCK_FILE: clockFile,
    LOG_LEVEL: "fatal",
    NOVU_PLAN: "team",
    NOVU_WEBHOOK_SECRETS: LOCAL_KEYS.novuSigningSecret,
    SEGMENT_SECRETS: LOCAL_KEYS.segmentSecret,
    SEGMENT_SPACE_ID: LOCAL_KEYS.segmentSpaceId,
    SEGMENT_PROFILE_TOKEN: LOCAL_KEYS.segmentProfileToken,
    SEGMENT_PROFILE_HOST: segment.url,
    PUBLIC_URL: fronts.app.url,
  };
  let starting = start();
  await starting;

  posthog.connect({
    url: `${fronts.app.url}/webhooks/posthog`,
    signingSecret: LOCAL_KEYS.signingSecret,
    events: [...testProduct.workflows.flatMap(({ events }) => events), ...IDENTITY_EVENTS],
  });
  segment.connect({
    url: `${fronts.app.url}/webhooks/segment`,
    signingSecret: LOCAL_KEYS.segmentSecret,
    way: "webhook",
  });
  novu.sendWebhooks({ url: `${fronts.app.url}/webhooks/novu`, signingSecret: LOCAL_KEYS.novuSigningSecret });
  const synced = await fetch(`${novu.url}/v1/bridge/sync`, {
    method: "POST",
    headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
    body: JSON.stringify({ bridgeUrl: `${fronts.app.url}/api/novu` }),
  });
  if (!synced.ok) throw new Error(`the workflows cannot be synced: ${await synced.text()}`);

  return {
    posthog,
    segment,
    novu,
    dataDir: folder.path,
    get kills() {
      return kills;
    },
    now: time.now,
    async travelTo(timeMs) {
      await time.travelTo(timeMs, settled);
      writeTime();
      await settled();
    },
    settled,
    killAfter(path) {
      killAt = path;
    },
    stopApp,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await Promise.all([
        posthog.close(0),
        segment.close(0),
        novu.close(0),
        ...Object.values(fronts).map((front) => front.close(0)),
      ]);
      time.stop();
      folder[Symbol.dispose]();
    },
  };

  async function start(): Promise<void> {
    child = fork(APP, { env, execArgv: [] });
    const { url } = (await answerOf(child)) as { url: string };
    appUrl = url;
  }

  async function killIfMeant(path: string): Promise<void> {
    if (killAt === null || !killAt.test(path)) return;
    killAt = null;
    kills += 1;
    appUrl = null;
    child.kill("SIGKILL");
    starting = once(child, "exit").then(start);
  }

  async function stopApp(): Promise<void> {
    child.kill("SIGTERM");
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`the app ended with ${code}`);
  }

  async function settled(): Promise<void> {
    let before: string;
    let nextAt: number | null = null;
    do {
      before = happenings();
      await posthog.idle();
      await segment.idle();
      await novu.idle();
      await starting;
      nextAt = await appIdle();
      await posthog.idle();
      await segment.idle();
      await novu.idle();
    } while (before !== happenings() || nextAt === null);
    // So that a travel stops at the next alarm of the app.
    if (Number.isFinite(nextAt)) clock.at(nextAt, () => {});
  }

  /** The time of the app's next alarm, once everything due is done; null when the app was killed meanwhile. */
  async function appIdle(): Promise<number | null> {
    const asked = child;
    asked.send({});
    const { nextAt } = await answerOf(asked).catch(() => ({ nextAt: null }));
    // JSON has no Infinity.
    return asked === child ? (nextAt ?? Number.POSITIVE_INFINITY) : null;
  }

  function happenings(): string {
    const { messages, runs } = novu.state;
    const tries = novu.webhooks.deliveries.flatMap(({ attempts }) => attempts).length;
    return JSON.stringify([
      posthog.state.events.length,
      segment.state.deliveries.flatMap(({ attempts }) => attempts).length,
      novu.bridgeCalls.length,
      runs.length,
      messages.length,
      tries,
      kills,
    ]);
  }
}

async function answerOf(child: ChildProcess): Promise<Record<string, unknown> & { nextAt?: number | null }> {
  const waiting = new AbortController();
  const end = once(child, "exit", waiting).then(() => {
    throw new Error("the app has ended");
  });
  const [message] = await Promise.race([once(child, "message", waiting), end]);
  waiting.abort();
  end.catch(() => {});
  return message;
}
