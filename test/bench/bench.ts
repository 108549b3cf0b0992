import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { print, printError } from "../../src/lib/terminal.ts";
import { hasPostgres, openTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { sqliteDrivers } from "../support/sqlite-drivers.ts";
import { type Contestant, start } from "./contestants.ts";
import { drain } from "./drain.ts";
import { fillLog } from "./fill-log.ts";
import { type Load, load } from "./load.ts";
import { readingMicros } from "./reading.ts";
import { startUpMs } from "./start-up.ts";
import { openStub } from "./stub.ts";
import { type PageTime, studioTimes } from "./studio.ts";

const HELP = `npm run bench [-- options]

Compares, in one run and round by round in turn, the others frozen: a plain Express route that parses and
answers, the handler that awaits the trigger, and this app as built, on SQLite by each driver that this Node
has, and on PostgreSQL. Then how fast the app triggers a stub of Novu what has piled up, how long it takes to
start, and the share of reading the person's properties in an event's CPU.

PostgreSQL is left out unless TEST_DATABASE_URL names a server to make databases on;
POSTGRES_OPTIONS="-c fsync=on -c min_wal_size=2GB -c max_wal_size=4GB" .ci/with-postgres npm run bench starts one.
Of its log, min_wal_size is filled first, as on a server that has been in use.

  --rounds N        rounds, of which the medians are shown (5)
  --seconds N       of load on each server in each round (4)
  --connections A,B how many clients at once (1,16,64)
  --events N        how many triggers pile up (10000)
  --studio          instead: how long each page of the studio takes, over a store that is filled for it
  --runs N          how many runs are in that store (10000)
  --json            print one JSON object
  --help`;

const WARM_UP_SECONDS = 1;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "1,16,64" },
    events: { type: "string", default: "10000" },
    studio: { type: "boolean", default: false },
    runs: { type: "string", default: "10000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) print(HELP);
else await bench();

interface Result {
  name: string;
  connections: number;
  acceptedPerSecond: number;
  ofExpress: number;
  p50Ms: number;
  p99Ms: number;
  cpuMicrosPerEvent: number;
  rssMb: number;
  refused: number;
}

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-bench-"));
  const stub = await openStub();
  const databases = hasPostgres ? [await openTestDatabase(), await openTestDatabase()] : [];
  const drivers = await sqliteDrivers();
  const engines = [
    ...drivers.map(({ name }) => ({
      name: drivers.length === 1 ? "SQLite" : `SQLite by ${name}`,
      load: { DATA_DIR: join(folder, name, "load"), BENCH_SQLITE_DRIVER: name },
      drain: { DATA_DIR: join(folder, name, "drain"), BENCH_SQLITE_DRIVER: name },
    })),
    ...(databases.length === 0 ? [] : [{ name: "PostgreSQL", load: at(databases[0]), drain: at(databases[1]) }]),
  ];
  try {
    if (values.studio) {
      const times: PageTime[] = [];
      for (const { name, load: env } of engines) {
        tell(`filling ${name} with ${values.runs} runs`);
        times.push(...(await studioTimes(stub, { name, env, runs: Number(values.runs) })));
      }
      if (values.json) print(JSON.stringify({ times }));
      else table(times);
      return;
    }
    if (databases[0] !== undefined) tell(`PostgreSQL's log: ${await fillLog(databases[0].url)} MB filled`);
    const contestants = [
      await start("Express", "express", stub.url),
      await start("naive", "naive", stub.url),
      ...(await Promise.all(engines.map(({ name, load }) => start(`ours, ${name}`, "ours", stub.url, load)))),
    ];
    const results: Result[] = [];
    for (const connections of numbers(values.connections)) results.push(...(await compare(contestants, connections)));
    await Promise.all(contestants.map((contestant) => contestant.stop()));

    const [drains, starts] = [[] as object[], [] as object[]];
    for (const engine of engines) {
      tell(`draining ${values.events} triggers from ${engine.name}`);
      drains.push({ name: `ours, ${engine.name}`, ...(await drain(stub, engine.drain, Number(values.events))) });
      // The app itself has no choice.
      if (drivers.slice(1).some(({ name }) => name === engine.drain.BENCH_SQLITE_DRIVER)) continue;
      const times: number[] = [];
      for (let round = 0; round < Number(values.rounds); round += 1) times.push(await startUpMs(engine.drain));
      starts.push({ name: `ours, ${engine.name}`, startUpMs: median(times) });
    }
    const readings = readingsBeside(results);
    if (values.json) print(JSON.stringify({ results, drains, starts, readings }));
    else for (const rows of [results, drains, starts, readings]) table(rows);
  } finally {
    await stub.close();
    await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Rounds in which each has its turn, so that a slow moment of the machine is everybody's. */
async function compare(contestants: Contestant[], connections: number): Promise<Result[]> {
  const rounds = new Map<Contestant, Array<Load & { cpuMicrosPerEvent: number; rssMb: number }>>();
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    tell(`${connections} connections, round ${round} of ${values.rounds}`);
    for (const contestant of contestants) {
      for (const other of contestants) if (other !== contestant) other.freeze();
      contestant.thaw();
      // It has slept through its timeouts.
      await load(contestant.url, { connections, seconds: WARM_UP_SECONDS });
      const before = await contestant.cost();
      const loaded = await load(contestant.url, { connections, seconds: Number(values.seconds) });
      const after = await contestant.cost();
      const cpuMicrosPerEvent = (after.cpuMicros - before.cpuMicros) / Math.max(1, loaded.accepted);
      const measured = { ...loaded, cpuMicrosPerEvent, rssMb: after.rssBytes / 1e6 };
      rounds.set(contestant, [...(rounds.get(contestant) ?? []), measured]);
    }
  }
  const express = median((rounds.get(contestants[0] as Contestant) ?? []).map((round) => round.acceptedPerSecond));
  return contestants.map((contestant) => {
    const of = (pick: (round: Load & { cpuMicrosPerEvent: number; rssMb: number }) => number) =>
      median((rounds.get(contestant) ?? []).map(pick));
    const acceptedPerSecond = of((round) => round.acceptedPerSecond);
    return {
      name: contestant.name,
      connections,
      acceptedPerSecond: Math.round(acceptedPerSecond),
      ofExpress: Number((acceptedPerSecond / express).toFixed(2)),
      p50Ms: of((round) => round.p50Ms),
      p99Ms: of((round) => round.p99Ms),
      cpuMicrosPerEvent: Math.round(of((round) => round.cpuMicrosPerEvent)),
      rssMb: Math.round(of((round) => round.rssMb)),
      refused: (rounds.get(contestant) ?? []).reduce((sum, { refused }) => sum + refused, 0),
    };
  });
}

/** The share of an event's CPU that goes into reading its person's properties. */
function readingsBeside(results: Result[]): object[] {
  const personMicros = readingMicros();
  return results
    .filter(({ name }) => name.startsWith("ours"))
    .map(({ name, connections, cpuMicrosPerEvent }) => ({
      name,
      connections,
      personMicros,
      ofEvent: Number((personMicros / cpuMicrosPerEvent).toFixed(3)),
    }));
}

function table(rows: object[]): void {
  const heads = Object.keys(rows[0] ?? {});
  const cells = [heads, ...rows.map((row) => Object.values(row).map(String))];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  for (const row of cells) {
    const line = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    print(line.join("  "));
  }
  print();
}

function at(database: TestDatabase | undefined): Record<string, string> {
  return { DATABASE_URL: database?.url ?? "" };
}

function median(figures: number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function numbers(list: string): number[] {
  return list.split(",").map(Number);
}

function tell(line: string): void {
  if (!values.json) printError(line);
}
