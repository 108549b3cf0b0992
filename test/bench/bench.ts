import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { print, printError } from "../../src/lib/command-io.ts";
import { hasPostgres, openTestDatabase, type TestDatabase } from "../support/postgres.ts";
import { sqliteDrivers } from "../support/sqlite-drivers.ts";
import { start } from "./contestants.ts";
import { costs } from "./costs.ts";
import { drain } from "./drain.ts";
import { fillLog } from "./fill-log.ts";
import { growth } from "./growth.ts";
import { readingMicros } from "./reading.ts";
import { type StartRow, startRow } from "./start-up.ts";
import { stepCosts } from "./steps.ts";
import { openStub, type Stub } from "./stub.ts";
import { studioTimes } from "./studio.ts";
import { startVerdicts, type Verdict, webhookVerdicts } from "./verdicts.ts";
import { compareWebhooks, type WebhookRow } from "./webhook.ts";

const HELP = `npm run bench [-- PARTS] [options]

Measures these parts, by default the first four, and compares them with the targets of each:

  webhook   the built app on SQLite, with each driver of this Node, and on PostgreSQL, beside a bare node:http server
            that verifies and answers, a plain Express route, and a handler that awaits the trigger; in rounds, with
            all others frozen. And the share of an event's CPU for reading the person's properties
  steps     a step of each kind on SQLite, beside Novu's framework alone with the same content
  drain     how fast the app sends a backlog of triggers to a stub of Novu
  start     how long the app takes to start, and its memory then
  costs     the CPU of the app and of PostgreSQL for each kind of work, and its requests, with one process and with two;
            for npm run bench:capacity
  studio    the time of each page of the studio, on a filled store
  growth    the webhook, a backlog, the pages, the start and the retention, on stores of several sizes

Exits with 1 if a target is missed. PostgreSQL needs a server for new databases in TEST_DATABASE_URL;
POSTGRES_OPTIONS="-c fsync=on -c min_wal_size=2GB -c max_wal_size=4GB" .ci/with-postgres npm run bench starts one.
Its write-ahead log is filled up to min_wal_size first, as on a server after a day of use.

  --rounds N        number of rounds; the results are medians (7)
  --seconds N       load on each server in each round (3)
  --connections A,B clients at once (1,16,64); the targets are for 64
  --events N        triggers in the backlog (10000)
  --runs N          runs in the store of the studio (10000)
  --sizes A,B       stored events for the growth, the smallest first (10000,100000,1000000)
  --json            print one JSON object
  --help`;

/** The first four are measured by default. */
const PARTS = ["webhook", "steps", "drain", "start", "costs", "studio", "growth"] as const;
const USUAL = 4;
type Part = (typeof PARTS)[number];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "1,16,64" },
    events: { type: "string", default: "10000" },
    runs: { type: "string", default: "10000" },
    sizes: { type: "string", default: "10000,100000,1000000" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) print(HELP);
else await bench(partsOf(positionals));

interface Engine {
  name: string;
  /** Whether the app would choose this driver of SQLite. */
  isUsual: boolean;
  load: Record<string, string>;
  drain: Record<string, string>;
}

/** The tables of one part, and its targets. */
interface Measured {
  tables: Record<string, object[]>;
  verdicts?: Verdict[];
}

function partsOf(names: string[]): Part[] {
  const unknown = names.find((name) => !PARTS.includes(name as Part));
  if (unknown !== undefined) throw new Error(`there is no part "${unknown}"; the parts are ${PARTS.join(", ")}`);
  return names.length > 0 ? (names as Part[]) : PARTS.slice(0, USUAL);
}

async function bench(parts: Part[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "posthog-novu-bridge-bench-"));
  const stub = await openStub();
  const databases = hasPostgres ? [await openTestDatabase(), await openTestDatabase()] : [];
  const drivers = await sqliteDrivers();
  const engines: Engine[] = [
    ...drivers.map(({ name }, index) => ({
      name: drivers.length === 1 ? "SQLite" : `SQLite by ${name}`,
      isUsual: index === 0,
      load: { DATA_DIR: join(folder, name, "load"), BENCH_SQLITE_DRIVER: name },
      drain: { DATA_DIR: join(folder, name, "drain"), BENCH_SQLITE_DRIVER: name },
    })),
    ...(databases.length === 0
      ? []
      : [{ name: "PostgreSQL", isUsual: true, load: at(databases[0]), drain: at(databases[1]) }]),
  ];
  const measure: Record<Part, () => Promise<Measured>> = {
    webhook: () => webhook(stub, engines),
    steps: () => stepCosts(stub, { folder, rounds: Number(values.rounds), log }),
    drain: () => drains(stub, engines),
    start: () => starts(engines),
    costs: async () => ({ tables: { costs: hasPostgres ? await costs(stub, log) : [] } }),
    studio: async () => ({ tables: { times: await studioTimes(stub, { engines, runs: Number(values.runs), log }) } }),
    growth: () => growth(stub, { folder, sizes: values.sizes.split(",").map(Number), ...roundsOf(), log }),
  };
  try {
    if (databases[0] !== undefined) log(`PostgreSQL's log: ${await fillLog(databases[0].url)} MB filled`);
    const tables: Record<string, object[]> = {};
    const verdicts: Verdict[] = [];
    for (const part of parts) {
      const measured = await measure[part]();
      Object.assign(tables, measured.tables);
      verdicts.push(...(measured.verdicts ?? []));
    }
    show({ ...tables, ...(verdicts.length > 0 && { verdicts }) });
    if (verdicts.some(({ verdict }) => verdict === "missed")) process.exitCode = 1;
  } finally {
    await stub.close();
    await Promise.all(databases.map((database) => database[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function webhook(stub: Stub, engines: Engine[]): Promise<Measured> {
  const contestants = [
    await start("bare", "bare", stub.url),
    await start("Express", "express", stub.url),
    await start("naive", "naive", stub.url),
    ...(await Promise.all(engines.map(({ name, load }) => start(`ours, ${name}`, "ours", stub.url, load)))),
  ];
  const webhooks: WebhookRow[] = [];
  const options = { ...roundsOf(), log };
  for (const connections of values.connections.split(",").map(Number))
    webhooks.push(...(await compareWebhooks(contestants, { ...options, connections })));
  await Promise.all(contestants.map((contestant) => contestant.stop()));
  return { tables: { webhooks, readings: readingsBeside(webhooks) }, verdicts: webhookVerdicts(webhooks) };
}

async function drains(stub: Stub, engines: Engine[]): Promise<Measured> {
  const rows: object[] = [];
  for (const engine of engines) {
    log(`draining ${values.events} triggers from ${engine.name}`);
    rows.push({ name: `ours, ${engine.name}`, ...(await drain(stub, engine.drain, Number(values.events))) });
  }
  return { tables: { drains: rows } };
}

async function starts(engines: Engine[]): Promise<Measured> {
  const rows: StartRow[] = [];
  for (const { name, drain } of engines.filter(({ isUsual }) => isUsual)) {
    log(`starting on ${name}`);
    rows.push(await startRow(`ours, ${name}`, drain, Number(values.rounds)));
  }
  return { tables: { starts: rows }, verdicts: startVerdicts(rows) };
}

function roundsOf(): { rounds: number; seconds: number } {
  return { rounds: Number(values.rounds), seconds: Number(values.seconds) };
}

function show(tables: Record<string, object[]>): void {
  if (values.json) print(JSON.stringify(tables));
  else for (const rows of Object.values(tables)) table(rows);
}

/** The share of an event's CPU for reading its person's properties. */
function readingsBeside(rows: WebhookRow[]): object[] {
  const personMicros = readingMicros();
  return rows
    .filter(({ name }) => name.startsWith("ours"))
    .map(({ name, connections, cpuMicros }) => ({
      name,
      connections,
      personMicros,
      ofEvent: Number((personMicros / cpuMicros).toFixed(3)),
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

function log(line: string): void {
  if (!values.json) printError(line);
}
