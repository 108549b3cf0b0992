import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import { LOCAL_KEYS } from "../../src/sandbox/local-keys.ts";
import { openLocalNovu } from "../../src/sandbox/local-novu/local-novu.ts";
import { openLocalPostHog } from "../../src/sandbox/local-posthog/local-posthog.ts";
import { createRandom } from "../chaos/random.ts";
import { type AppProcess, environment, startTestApp } from "../support/app-process.ts";
import { testFolder } from "../support/folder.ts";
import { freePort } from "../support/free-port.ts";
import { keptConnection } from "../support/kept-connection.ts";
import { hasNginx, openNginx } from "../support/nginx.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

const RUNS = 500;
const RESTARTS = 20;
/** Every so many-th restart is a kill -9. */
const KILL_EVERY = 5;
/** The sender's and Novu's pauses are real; the day between the two messages takes so long. */
const LONGEST_WAIT_MS = 4_000;
const BETWEEN_EVENTS_MS = 15;
/** Longer than it takes to send the events of one restart. */
const STOPPED_WITHIN_MS = 500;
/** Of 5 and 15 s, the longer, and until Node looks. */
const IDLE_MS = 18_000;

describe.skipIf(!hasNginx).concurrent("behind nginx as the guide has it", { tags: ["long"] }, () => {
  it("20 restarts during 500 runs end no run early, and lose and double no message", {
    timeout: 300_000,
  }, async () => {
    const random = createRandom(1);
    const novu = await openLocalNovu({ secretKey: LOCAL_KEYS.novu, plan: "team", clock: hurried, port: 0 });
    const posthog = await openLocalPostHog({ ...LOCAL_KEYS, clock: hurried, port: 0 });
    using folder = testFolder();
    const port = await freePort();
    await using nginx = await openNginx(port);
    const env = { ...environment({ novu, posthog }, folder.path), PORT: String(port), NOVU_PLAN: "team" };
    let app: AppProcess = await startTestApp(env);
    try {
      await sync();
      const senders: Promise<void>[] = [];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        for (let index = 0; index < RUNS / RESTARTS; index += 1)
          senders.push(signUp(`person-${restart}-${index}`, index * BETWEEN_EVENTS_MS));
        await sleep(random() * STOPPED_WITHIN_MS);
        await stop(restart % KILL_EVERY === 0 ? "SIGKILL" : "SIGTERM");
        app = await startTestApp(env);
        // Novu asks a fourth and last time after 7 s: each call outlives one restart, not any number of them.
        await eventually(() => refused().length === 0);
      }
      await Promise.all(senders);
      await eventually(() => novu.state.runs.length === RUNS && novu.state.runs.every(isOver), 60_000);
      await stop("SIGTERM");
    } finally {
      await app[Symbol.asyncDispose]();
      await Promise.all([novu.close(0), posthog.close(0)]);
    }

    const ends = novu.state.runs.map(({ jobs }) => jobs.map(({ status, error }) => error ?? status).join());
    expect(new Set(ends)).toEqual(new Set(["completed,completed,completed"]));
    const sent = novu.state.messages.map(({ transactionId, stepId }) => `${transactionId} ${stepId}`);
    expect([sent.length, new Set(sent).size]).toEqual([2 * RUNS, 2 * RUNS]);
    // The restarts were felt, and never as an answer after which Novu does not ask again. Null is no answer in time.
    const answers = new Set(novu.bridgeCalls.map(({ status }) => status));
    expect(answers).toContain(503);
    expect([...answers].filter((status) => ![200, 503, null].includes(status))).toEqual([]);

    async function sync(): Promise<void> {
      const response = await fetch(`${novu.url}/v1/bridge/sync`, {
        method: "POST",
        headers: { authorization: `ApiKey ${LOCAL_KEYS.novu}`, "content-type": "application/json" },
        body: JSON.stringify({ bridgeUrl: `${nginx.url}/api/novu` }),
      });
      expect(response.status).toBe(201);
    }

    /** PostHog has the person and sends the event until it is accepted. */
    async function signUp(distinctId: string, afterMs: number): Promise<void> {
      await sleep(afterMs);
      const person = { email: `${distinctId}@example.com` };
      posthog.capture({ event: "$set", distinctId, properties: { $set: person } });
      const body = delivery({
        event: "subscription_upgraded",
        distinctId,
        person,
        properties: { plan: "team" },
        timestamp: new Date().toISOString(),
      });
      await eventually(async () => (await post(nginx.url, body)).status === 202, 60_000, 250);
    }

    async function stop(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
      const exited = once(app.process, "exit");
      app.process.kill(signal);
      expect(await exited).toEqual(signal === "SIGTERM" ? [0, null] : [null, "SIGKILL"]);
    }

    /** Those steps that Novu still has to ask for again. */
    function refused(): string[] {
      const last = new Map(novu.bridgeCalls.map(({ url, status }) => [url, status]));
      return [...last].filter(([, status]) => status !== 200).map(([url]) => url);
    }
  });
});

describe.concurrent("a kept connection", { tags: ["long"] }, () => {
  it("is still served when it was idle for longer than Node keeps one, and than a request may take", async () => {
    await using sandbox = await testSandbox();
    using proxy = keptConnection(sandbox.app.url, "/healthz");
    await proxy.get();
    await sleep(IDLE_MS);
    expect(await proxy.get()).toMatchObject({ status: 200, isReused: true });
  });
});

/** The real time, but for waits that are too long for a test. */
const hurried: Clock = {
  now: Date.now,
  at(timeMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, timeMs - Date.now()), LONGEST_WAIT_MS));
    return () => clearTimeout(timer);
  },
};

function isOver({ jobs }: { jobs: Array<{ status: string }> }): boolean {
  return jobs.every(({ status }) => !["pending", "running", "delayed"].includes(status));
}
