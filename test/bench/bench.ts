import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { print, printError } from "../../src/lib/command-io.ts";
import { hasPostgres, openTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { sqliteDrivers } from "../support/sqlite-drivers.ts";
import { type Contestant, start } from "./contestants.ts";
import { drain } from "./drain.ts";
import { fillLog } from "./fill-log.ts";
import { type Load, load } from "./load.ts";
import { readingMicros } from "./reading.ts";
import { startUpMs } from "./start-up.ts";
import { openStub } from "./stub.ts";
import { studioTimes } from "./studio.ts";

const HELP = `npm run bench [-- options]

Compares in rounds, with all but one of them frozen: a plain Express route that parses and answers, the handler
that awaits the trigger, and the built app, on SQLite with each driver of this Node and on PostgreSQL. Then measures
how fast the app sends a backlog of triggers to a stub of Novu, how long it takes to start, and the share of an
event's CPU for reading the person's properties.

PostgreSQL needs a server for new databases in TEST_DATABASE_URL;
POSTGRES_OPTIONS="-c fsync=on -c min_wal_size=2GB -c max_wal_size=4GB" .ci/with-postgres npm run bench starts one.
Its write-ahead log is filled up to min_wal_size first, as on a server after a day of use.

  --rounds N        number of rounds; the results are medians (5)
  --seconds N       load on each server in each round (4)
  --connections A,B clients at once (1,16,64)
  --events N        triggers in the backlog (10000)
  --studio          instead: the time of each page of the studio, on a filled store
  --runs N          runs in that store (10000)
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
    if (values.studio) return show({ times: await studioTimes(stub, { engines, runs: Number(values.runs), log }) });
    if (databases[0] !== undefined) log(`PostgreSQL's log: ${await fillLog(databases[0].url)} MB filled`);
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
      log(`draining ${values.events} triggers from ${engine.name}`);
      drains.push({ name: `ours, ${engine.name}`, ...(await drain(stub, engine.drain, Number(values.events))) });
      // The app itself has no such option.
      if (drivers.slice(1).some(({ name }) => name === engine.drain.BENCH_SQLITE_DRIVER)) continue;
      const times: number[] = [];
      for (let round = 0; round < Number(values.rounds); round += 1) times.push(await startUpMs(engine.drain));
      starts.push({ name: `ours, ${engine.name}`, startUpMs: median(times) });
    }
    const readings = readingsBeside(results);
    show({ results, drains, starts, readings });
  } finally {
    await stub.close();
    await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(tables: Record<string, object[]>): void {
  if (values.json) print(JSON.stringify(tables));
  else for (const rows of Object.values(tables)) table(rows);
}

/** Rounds of all contestants, so that a slow moment of the machine affects all of them. */
async function compare(contestants: Contestant[], connections: number): Promise<Result[]> {
  const rounds = new Map<Contestant, Array<Load & { cpuMicrosPerEvent: number; rssMb: number }>>();
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    log(`${connections} connections, round ${round} of ${values.rounds}`);
    for (const contestant of contestants) {
      for (const other of contestants) if (other !== contestant) other.freeze();
      contestant.thaw();
      // The timeouts of a frozen process are over.
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

/** The share of an event's CPU for reading its person's properties. */
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

function log(line: string): void {
  if (!values.json) printError(line);
}
