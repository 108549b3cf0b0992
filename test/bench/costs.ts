import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { openTestDatabase } from "../support/postgres.ts";
import { type Contestant, settings, start } from "./contestants.ts";
import { fillRuns } from "./fill-runs.ts";
import { load } from "./load.ts";
import { postgresCpu } from "./postgres-cpu.ts";
import { callEach, STEPS, type StoredRun } from "./step-calls.ts";
import type { RequestKind, Stub } from "./stub.ts";
import { REFERENCE, type Work } from "./work.ts";

/** Until V8 has optimised the code. */
const WARM_UP_SECONDS = 2;
const SECONDS = 4;
const WARM_UP_SHARE = 0.2;
/** Each process gets as much of everything, because the work that comes at once shares transactions and requests. */
const CONNECTIONS = 64;
const CALLS = 1_000;
const WARM_UP_CALLS = 1_000;
/** Fewer than the lookups that wait for a full read. */
const CALLS_AT_ONCE = 12;
/** More than it can send. */
const UNPACED = { NOVU_PLAN: "enterprise", NOVU_TRIGGERS_PER_SECOND: "100000" };

interface CostRow {
  work: Work | typeof REFERENCE;
  processes: number;
  done: number;
  /** CPU for each, of the app and of PostgreSQL; null for a server on another machine. */
  appMicros: number;
  postgresMicros: number | null;
  /** The requests in all, by kind, such as "trigger 100, read of persons 1". */
  requests: string;
}

/** The CPU and the requests of each kind of work on PostgreSQL, with one process and with two. */
export async function costs(stub: Stub, log: (line: string) => void): Promise<CostRow[]> {
  const rows: CostRow[] = [];
  for (const processes of [1, 2]) rows.push(...(await costsOf(stub, processes, log)));
  return rows;
}

async function costsOf(stub: Stub, processes: number, log: (line: string) => void): Promise<CostRow[]> {
  await using database = await openTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const postgres = await postgresCpu(client);
  const env = { DATABASE_URL: database.url, EMAIL_PROVIDERS: "sendgrid", ...UNPACED };
  const rows: CostRow[] = [];
  try {
    await withProcesses({}, (servers) => loaded(REFERENCE, servers), "express");
    for (const [of, event, job, kind] of EVENTS) {
      await withProcesses({ ...env, ROLES: "ingress" }, (servers) => loaded(event, servers, of));
      await withProcesses({ ...env, ROLES: "worker" }, (servers) => drained(job, [kind], servers));
    }
    const warmUp = processes * WARM_UP_CALLS;
    const people = { runs: warmUp + processes * CALLS, personOf: (number: number) => `person-${number}` };
    const runs = await fillRuns({ ...settings(stub.url), ...env }, people);
    await withProcesses({ ...env, BENCH_STEPS: "1" }, async (servers) => {
      for (const step of STEPS) {
        await called(servers, step, runs.slice(0, warmUp));
        await measure(step.kind, servers, () => called(servers, step, runs.slice(warmUp)));
      }
    });
    await withProcesses({ ...env, ROLES: "worker" }, (servers) => drained("receipt", ["receipt", "report"], servers));
    return rows;
  } finally {
    await client.end();
  }

  async function withProcesses(
    own: Record<string, string>,
    use: (servers: Contestant[]) => Promise<void>,
    kind: "ours" | "express" = "ours",
  ) {
    const servers: Contestant[] = [];
    try {
      const starting = Array.from({ length: processes }, () => start(kind, kind, stub.url, own));
      servers.push(...(await Promise.all(starting)));
      await use(servers);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  }

  async function loaded(work: CostRow["work"], servers: Contestant[], of?: (typeof EVENTS)[number][0]): Promise<void> {
    const options = { connections: CONNECTIONS, ...(of !== undefined && { of }) };
    const all = async (seconds: number) => {
      const loads = await Promise.all(servers.map(({ url }) => load(url, { ...options, seconds })));
      return loads.reduce((sum, { accepted }) => sum + accepted, 0);
    };
    await all(WARM_UP_SECONDS);
    await measure(work, servers, () => all(SECONDS));
  }

  async function measure(work: CostRow["work"], servers: Contestant[], run: () => Promise<number>): Promise<void> {
    log(`${work}, ${processes} ${processes === 1 ? "process" : "processes"}`);
    const cpu = async () =>
      (await Promise.all(servers.map((one) => one.cost()))).reduce((sum, one) => sum + one.cpuMicros, 0);
    stub.takeRequests();
    const [before, postgresBefore] = [await cpu(), postgres()];
    const done = await run();
    const [after, postgresAfter] = [await cpu(), postgres()];
    rows.push({
      ...{ work, processes, done, appMicros: Math.round((after - before) / done) },
      postgresMicros:
        postgresBefore === null || postgresAfter === null ? null : Math.round((postgresAfter - postgresBefore) / done),
      requests: textOf(stub.takeRequests()),
    });
  }

  /** Waits until the workers have done all jobs of these kinds. A message has a receipt, and then a report. */
  async function drained(work: Work, kinds: string[], servers: Contestant[]): Promise<void> {
    const left = async () => {
      const { rows: found } = await client.query(
        "select count(*)::int as count from jobs where kind = any($1) and state = 'waiting'",
        [kinds],
      );
      return found[0].count as number;
    };
    const until = async (most: number) => {
      let count = await left();
      while (count > most) {
        await sleep(100);
        count = await left();
      }
      return count;
    };
    const measured = await until((1 - WARM_UP_SHARE) * (await left()));
    await measure(work, servers, async () => measured - (await until(0)));
  }
}

/** Events of new people: one that starts a run, and one that would only end runs; then the job of each. */
const EVENTS = [
  ["sign-up", "start event", "trigger", "start"],
  ["session", "other event", "exit", "exit"],
] as const;

async function called(servers: Contestant[], step: (typeof STEPS)[number], runs: StoredRun[]): Promise<number> {
  const each = await Promise.all(
    servers.map(({ url }, index) =>
      callEach(url, step, {
        runs: runs.filter((_, number) => number % servers.length === index),
        connections: CALLS_AT_ONCE,
      }),
    ),
  );
  const refused = each.find(({ failed }) => failed > 0);
  if (refused !== undefined) throw new Error(`${refused.failed} calls failed: ${refused.refused}`);
  return runs.length;
}

function textOf(requests: Partial<Record<RequestKind, number>>): string {
  return Object.entries(requests)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ");
}
