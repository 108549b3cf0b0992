import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { openLocalNovu } from "../../src/sandbox/local-novu/local-novu.ts";
import { openLocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock } from "../../src/sandbox/virtual-clock.ts";
import { environment, spawnApp } from "../support/app-process.ts";
import { eventually } from "../support/sandbox.ts";
import { check, type Violation, waitsOf } from "./check.ts";
import { createData, type Engine } from "./data.ts";
import { isRefused } from "./poison.ts";
import { createRandom } from "./random.ts";
import { isAccepted, makeEvents, sendAll } from "./sender.ts";

export interface RoundOptions {
  engine: Engine;
  /** Of the random moments. */
  seed: number;
  events: number;
  kills: number;
  /** Adds difficult events, at a rate at which no backlog grows. */
  poison?: boolean;
  /** The longest time that an event may wait for its trigger while the app runs; no limit when absent. */
  mostWaitMs?: number;
  /** Node's arguments for the app. */
  runApp?: string[];
}

export interface Round {
  engine: Engine;
  seed: number;
  sent: number;
  accepted: number;
  /** The transaction ids that Novu started. */
  triggered: number;
  /** Repeated triggers with the same id. */
  repeated: number;
  /** Attempts of the sender without a 202. */
  refused: number;
  /** The longest time that an event waited for its trigger while the app ran. */
  longestWaitMs: number;
  /** The number of answers and triggers at each kill. */
  killedAt: number[];
  /** Kills of an app that did not listen yet. */
  killedWhileStarting: number;
  seconds: number;
  violations: Violation[];
  /** The data and the log of the app, after a violation. */
  kept: string | null;
}

/** Faster than the app on a usual machine, so that the rate is no limit. */
const TRIGGERS_PER_SECOND = 2_000;
/** The share of the progress, in answers and in triggers, in which kills happen. */
const KILLS_WITHIN = 0.95;
/** The probability of a kill during the start, and the latest moment of it. */
const ALSO_WHILE_STARTING = 0.25;
const START_TAKES_MS = 1_500;
/** In a load with poison. */
const PACED_PER_SECOND = 100;
/** The lease of a killed process ends after 5 s; the rest is for busy machines. */
const QUIET_WITHIN_MS = 120_000;

/** One load on the app as a process, which is killed at random moments and restarted on the same data. */
export async function playRound({
  engine,
  seed,
  events: count,
  kills,
  poison = false,
  mostWaitMs,
  runApp,
}: RoundOptions): Promise<Round> {
  const startedAt = performance.now();
  const random = createRandom(seed);
  const clock = createVirtualClock({ startAt: Date.now(), flowing: true });
  const novu = await openLocalNovu({
    secretKey: LOCAL_KEYS.novu,
    plan: "enterprise",
    triggersPerSecond: TRIGGERS_PER_SECOND,
    clock,
    port: 0,
  });
  const posthog = await openLocalPostHog({ ...LOCAL_KEYS, clock, port: 0 });
  const data = await createData(engine);
  const env = {
    ...environment({ novu, posthog }, data.dataDir),
    ...data.env,
    NOVU_PLAN: "enterprise",
    NOVU_TRIGGERS_PER_SECOND: String(TRIGGERS_PER_SECOND),
  };

  let app: ReturnType<typeof spawnApp> | undefined;
  let appUrl: string | null = null;
  let output = "";
  let killedWhileStarting = 0;
  const killedAt: number[] = [];
  const violations: Violation[] = [];
  const events = makeEvents(count, { poison });
  const startedAtMs: number[] = [];
  const progress = () => events.filter(isAccepted).length + novu.triggerRequests.length;

  try {
    await start();
    await sync();
    let isSent = false;
    if (poison) novu.injectFault(({ idempotencyKey }) => (isRefused(idempotencyKey) ? { status: 502 } : null));
    const load = sendAll(events, () => appUrl, poison ? PACED_PER_SECOND : undefined).then(() => {
      isSent = true;
    });
    for (const moment of momentsOf(kills)) {
      await eventually(() => progress() >= moment || (isSent && isAllTriggered()), QUIET_WITHIN_MS, 5);
      await sleep(random() * 20);
      killedAt.push(progress());
      await kill();
      if (random() < ALSO_WHILE_STARTING) await killWhileStarting();
      await start();
    }
    await load;
    await quiet();
    await stop();
  } catch (error) {
    violations.push({ what: `the round broke off: ${(error as Error).message}` });
  } finally {
    await app?.[Symbol.asyncDispose]();
    output += app?.output() ?? "";
    await Promise.all([novu.close(0), posthog.close(0)]);
    clock.stop();
  }

  const runs = novu.state.runs;
  const { triggerRequests: asked } = novu;
  const left = await data.leftWork();
  violations.push(...check({ events, asked, runs, left, startedAtMs, mostWaitMs: mostWaitMs ?? null }));
  return {
    engine,
    seed,
    sent: events.length,
    accepted: events.filter(isAccepted).length,
    triggered: new Set(runs.map(({ transactionId }) => transactionId)).size,
    repeated:
      novu.triggerRequests.length - new Set(novu.triggerRequests.map(({ transactionId }) => transactionId)).size,
    longestWaitMs: Math.round(Math.max(0, ...waitsOf(events, asked, startedAtMs).map(({ waitMs }) => waitMs))),
    refused: events.flatMap(({ answers }) => answers).filter((status) => status !== 202).length,
    killedAt,
    killedWhileStarting,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    violations,
    kept: await dropOrKeep(),
  };

  function momentsOf(howMany: number): number[] {
    const moments = Array.from({ length: howMany }, () => Math.floor(random() * 2 * count * KILLS_WITHIN));
    return moments.sort((a, b) => a - b);
  }

  async function start(): Promise<void> {
    const starting = spawnApp(env, runApp);
    app = starting;
    appUrl = await starting.listening();
    if (appUrl === null) throw new Error(`the app ended while it started: ${starting.output()}`);
    startedAtMs.push(performance.now());
    novu.state.bridgeUrl = `${appUrl}/api/novu`;
  }

  async function sync(): Promise<void> {
    const response = await fetch(`${novu.url}/v1/bridge/sync`, {
      method: "POST",
      headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
      body: JSON.stringify({ bridgeUrl: novu.state.bridgeUrl }),
    });
    if (!response.ok) throw new Error(`the workflows cannot be synced: ${await response.text()}`);
  }

  async function kill(): Promise<void> {
    const { process: child } = app!;
    if (child.exitCode !== null) violations.push({ what: `the app ended by itself, with code ${child.exitCode}` });
    await app![Symbol.asyncDispose]();
    appUrl = null;
    output += app!.output();
  }

  async function killWhileStarting(): Promise<void> {
    app = spawnApp(env, runApp);
    await sleep(random() * START_TAKES_MS);
    await kill();
    killedWhileStarting += 1;
  }

  function isAllTriggered(): boolean {
    const asked = new Set(novu.triggerRequests.map(({ transactionId }) => transactionId));
    return events.every((event) => event.leadsTo !== "a run" || !isAccepted(event) || asked.has(event.transactionId));
  }

  /** Waits until no job is pending. The check reports the rest. */
  async function quiet(): Promise<void> {
    const isQuiet = async () => {
      await novu.idle();
      // Novu waits between two attempts of a call.
      if (novu.state.runs.some(({ jobs }) => jobs.some(({ status }) => status === "running"))) return false;
      // The database may be busy.
      const { waiting } = await data.leftWork().catch(() => ({ waiting: ["not read"] }));
      return waiting.every((key) => isRefused(key.replace(/^start:/, "")));
    };
    await eventually(isAllTriggered, QUIET_WITHIN_MS)
      .then(() => eventually(isQuiet, QUIET_WITHIN_MS))
      .catch(() => {});
  }

  async function stop(): Promise<void> {
    const { process: child } = app!;
    const ended = child.exitCode === null ? once(child, "exit") : Promise.resolve([child.exitCode]);
    child.kill("SIGTERM");
    const [code] = await ended;
    if (code !== 0) violations.push({ what: `the app ended with code ${code} on SIGTERM` });
  }

  async function dropOrKeep(): Promise<string | null> {
    if (violations.length === 0) {
      await data.drop();
      return null;
    }
    const log = join(data.dataDir, "app.log");
    writeFileSync(log, output);
    return `${data.where}, ${log}`;
  }
}
