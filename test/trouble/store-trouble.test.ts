import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { type AppProcess, environment, startTestApp } from "../support/app-process.ts";
import { setImmutable, smallDisk } from "../support/disk.ts";
import { testFolder } from "../support/folder.ts";
import { canRunPostgres, openOwnPostgres } from "../support/own-postgres.ts";
import { eventually, testSandbox } from "../support/sandbox.ts";
import { delivery, post } from "../support/webhook.ts";

/** An answer, and how long it took. */
interface Answer {
  status: number;
  retryAfter: string | null;
  ms: number;
}

/** Long enough for the claim of work that was in progress to run out. */
const DELIVERED_WITHIN_MS = 40_000;
const figures: string[] = [];

afterAll(() => {
  for (const figure of figures) process.stderr.write(`${figure}\n`);
});

describe("a full disk", () => {
  it("is answered 503 at once, and everything goes on when there is room again", { timeout: 120_000 }, async (test) => {
    using folder = testFolder();
    using disk = smallDisk(join(folder.path, "disk"), 8);
    if (disk === null) return test.skip("only root can mount a small disk");
    await using sandbox = await testSandbox({ plan: "team" });
    await using app = await startTestApp({ ...environment(sandbox, disk.path), NOVU_PLAN: "team" });
    await expectTrouble({ app, triggers: sandbox.novu.triggers, begin: disk.fill, end: disk.free });
    expect(reasonsOf503(app)).toEqual(["database or disk is full"]);
  });
});

describe("a database that cannot be written", () => {
  it("is answered 503 at once, and everything goes on when it can", { timeout: 120_000 }, async (test) => {
    // A disk in memory has no immutable files.
    using folder = testFolder(tmpdir());
    await using sandbox = await testSandbox({ plan: "team" });
    await using app = await startTestApp({ ...environment(sandbox, folder.path), NOVU_PLAN: "team" });
    const files = ["bridge.db", "bridge.db-wal"].map((name) => join(folder.path, name));
    if (!setImmutable(files, true)) return test.skip("only root can make files immutable, and not on every disk");
    setImmutable(files, false);
    const set = (isImmutable: boolean) => () => {
      expect(setImmutable(files, isImmutable)).toBe(true);
    };
    try {
      await expectTrouble({ app, triggers: sandbox.novu.triggers, begin: set(true), end: set(false) });
    } finally {
      setImmutable(files, false);
    }
    expect(reasonsOf503(app)).toEqual(["disk I/O error"]);
  });
});

describe.skipIf(!canRunPostgres)("a PostgreSQL", () => {
  it.each(["is stopped", "hangs"])(
    "that %s for 10 s is answered 503 soon, and nothing is lost",
    {
      timeout: 120_000,
    },
    async (what) => {
      await using postgres = await openOwnPostgres();
      await using sandbox = await testSandbox({ plan: "team" });
      using folder = testFolder();
      const env = { ...environment(sandbox, folder.path), NOVU_PLAN: "team", DATABASE_URL: postgres.url };
      await using app = await startTestApp(env);
      const [begin, end] = what === "hangs" ? [postgres.freeze, postgres.thaw] : [postgres.stop, postgres.start];
      const { slowestMs } = await expectTrouble({ app, triggers: sandbox.novu.triggers, begin, end, forMs: 10_000 });
      figures.push(`a PostgreSQL that ${what}: the slowest 503 after ${Math.round(slowestMs)} ms`);
      expect(slowestMs).toBeLessThan(3_000);
      expect(await abandonedTransactions(postgres.url)).toBe(0);
    },
  );
});

describe("a Novu that is down", () => {
  it.each(["answers 503", "hangs up"])(
    "and %s for two minutes keeps no event from its 202, and gets each once",
    async (what) => {
      await using sandbox = await testSandbox({ plan: "team" });
      sandbox.novu.injectFault(() => (what === "hangs up" ? "hang up" : { status: 503 }));
      const bodies = newEvents(1_000, new Date(sandbox.clock.now()).toISOString());
      const answers = await sendAll(sandbox.app.url, bodies, 32);
      expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 202));
      figures.push(`a Novu that ${what}: 1,000 × 202 on 32 connections, ${percentiles(answers)}`);

      await sandbox.travel({ minutes: 2 });
      expect(sandbox.novu.triggers).toEqual([]);
      sandbox.novu.injectFault(null);
      await sandbox.travel({ seconds: 5 });
      expect(sandbox.novu.triggers.map(({ transactionId }) => transactionId).sort()).toEqual(
        bodies.map(({ event }) => `${event.uuid}:drop-off`).sort(),
      );
    },
  );
});

/** A load before, while and after the store has trouble: each event with a 202 is triggered once, and each event with a 503 is accepted later. */
async function expectTrouble({
  app,
  triggers,
  begin,
  end,
  forMs = 0,
}: {
  app: AppProcess;
  triggers: Array<{ transactionId: string; body: string }>;
  begin: () => void;
  end: () => void;
  forMs?: number;
}): Promise<{ slowestMs: number }> {
  const before = newEvents(100);
  expect(statusesOf(await sendAll(app.url, before, 16))).toEqual([202]);

  // A request that is in progress at that moment may get either answer.
  const meanwhile = newEvents(100);
  const sending = sendAll(app.url, meanwhile, 16);
  begin();
  const beganAt = performance.now();
  const between = await sending;
  // A full disk may have some room left in SQLite's log, which it writes over.
  await eventually(async () => {
    if ((await fetch(`${app.url}/readyz`)).status === 503) return true;
    const more = newEvents(50);
    meanwhile.push(...more);
    between.push(...(await sendAll(app.url, more, 16)));
    return false;
  }, 30_000);
  expect(statusesOf(between).filter((status) => status !== 202 && status !== 503)).toEqual([]);

  const during = newEvents(20);
  const refused: Answer[] = [];
  do {
    refused.push(...(await sendAll(app.url, during, during.length)));
    expect([app.process.exitCode, app.process.signalCode]).toEqual([null, null]);
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${app.url}/readyz`)).status).toBe(503);
    await sleep(100);
  } while (performance.now() - beganAt < forMs);
  expect(statusesOf(refused)).toEqual([503]);
  expect(refused.map(({ retryAfter }) => retryAfter)).not.toContain(null);

  end();
  await eventually(async () => (await fetch(`${app.url}/readyz`)).status === 200);
  const all = [...before, ...meanwhile, ...during];
  expect(statusesOf(await sendAll(app.url, all, 16))).toEqual([202]);
  const expected = all.map(({ event }) => `${event.uuid}:drop-off`).sort();
  const started = () => new Set(triggers.map(({ transactionId }) => transactionId));
  await eventually(() => started().size >= expected.length, DELIVERED_WITHIN_MS);
  expect([...started()].sort()).toEqual(expected);
  expect(new Set(triggers.map(({ body }) => body)).size).toBe(expected.length);
  return { slowestMs: Math.max(...[...between, ...refused].map(({ ms }) => ms)) };
}

function newEvents(count: number, timestamp = new Date().toISOString()) {
  return Array.from({ length: count }, () =>
    delivery({
      event: "checkout_started",
      distinctId: randomUUID(),
      timestamp,
      properties: { checkout_url: "https://app.acme.example/checkout" },
    }),
  );
}

async function sendAll(url: string, bodies: unknown[], connections: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  const waiting = [...bodies];
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (let body = waiting.shift(); body !== undefined; body = waiting.shift()) {
        const startedAt = performance.now();
        const response = await post(url, body);
        await response.text();
        const ms = performance.now() - startedAt;
        answers.push({ status: response.status, retryAfter: response.headers.get("retry-after"), ms });
      }
    }),
  );
  return answers;
}

/** Connections that stay open inside a transaction, without another query. */
async function abandonedTransactions(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      "select pid from pg_stat_activity where state like 'idle in transaction%' and state_change < now() - interval '1 s'",
    );
    return rows.length;
  } finally {
    await client.end();
  }
}

/** The log lines of the answers 503. */
function reasonsOf503(app: AppProcess): string[] {
  const lines = app.output().trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { answer?: number; error?: string });
  return [...new Set(entries.flatMap(({ answer, error }) => (answer === 503 ? [String(error)] : [])))];
}

function statusesOf(answers: Answer[]): number[] {
  return [...new Set(answers.map(({ status }) => status))];
}

function percentiles(answers: Answer[]): string {
  const sorted = answers.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => `${sorted[Math.ceil(sorted.length * share) - 1]!.toFixed(1)} ms`;
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, slowest ${at(1)}`;
}
