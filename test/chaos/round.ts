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
  /** Mixes events in that are hard to take, at a pace at which nothing piles up. */
  poison?: boolean;
  /** How long an event may wait for its trigger while the app runs; not looked at unless it is given. */
  mostWaitMs?: number;
  /** The arguments of node that run the app. */
  runApp?: string[];
}

export interface Round {
  engine: Engine;
  seed: number;
  sent: number;
  accepted: number;
  /** Distinct transaction ids that Novu started. */
  triggered: number;
  /** Triggers that came again, under the same id. */
  repeated: number;
  /** Tries of the sender without a 202. */
  refused: number;
  /** The longest that an event waited for its trigger while the app ran. */
  longestWaitMs: number;
  /** How many answers and triggers there had been at each kill. */
  killedAt: number[];
  /** Kills besides those, before the app listened again. */
  killedWhileStarting: number;
  seconds: number;
  violations: Violation[];
  /** Where the data is, and what the app logged; only when something is wrong. */
  kept: string | null;
}

/** Faster than the app gets on machines like ours, so that the pace is not what is tested. */
const TRIGGERS_PER_SECOND = 2_000;
/** Of two progresses, the answers and the triggers, kills fall into so much. */
const KILLS_WITHIN = 0.95;
/** A killed start, now and then, and after at most how long. */
const ALSO_WHILE_STARTING = 0.25;
const START_TAKES_MS = 1_500;
/** With poison. */
const PACED_PER_SECOND = 100;
/** A claim of a killed process is free after 5 s; the rest is for busy machines. */
const QUIET_WITHIN_MS = 120_000;

/** One load on the app as its own process, which is killed at random moments and started again on the same data. */
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
    if (poison) novu.interfere(({ idempotencyKey }) => (isRefused(idempotencyKey) ? { status: 502 } : null));
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

  /** Waits until nothing is left to do. What is not done by then is told by the check. */
  async function quiet(): Promise<void> {
    const isQuiet = async () => {
      await novu.idle();
      // Novu is between two tries of a call.
      if (novu.state.runs.some(({ jobs }) => jobs.some(({ status }) => status === "running"))) return false;
      // A busy machine may refuse to be looked at.
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
