import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DAY_MS } from "../../src/lib/durations.ts";
import { createLog } from "../../src/lib/log.ts";
import { openStore, openStoreToRead } from "../../src/store/open-store.ts";
import { ROWS_AT_ONCE } from "../../src/store/retention.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";
import { start } from "./contestants.ts";
import { drain } from "./drain.ts";
import { fillLarge, RETENTION_DAYS } from "./fill-large.ts";
import { fillLog } from "./fill-log.ts";
import { PERSON } from "./fill-store.ts";
import { median } from "./median.ts";
import { startRow } from "./start-up.ts";
import type { Stub } from "./stub.ts";
import { type OpenedStudio, openStudio, pageAddresses } from "./studio.ts";
import { atMost, type Verdict } from "./verdicts.ts";
import { compareWebhooks } from "./webhook.ts";

interface Options {
  folder: string;
  /** Stored events, the smallest first. */
  sizes: number[];
  rounds: number;
  seconds: number;
  log(line: string): void;
}

interface FilledStore {
  name: string;
  events: number;
  env: Record<string, string>;
}

/** The figures of one store. The name of a time ends with ", ms". */
type Figures = Record<string, number>;

const CONNECTIONS = 64;
const BACKLOG = 2_000;
const ANSWERS = 5;
const STARTS = 3;
/** The uuids in one page of the events that `reconcile` compares. */
const COMPARED = 10_000;
/** A time may grow with the number of events like n log n. Shorter times than this are noise. */
const NOISE_MS = 10;
/** The webhook's p99 on the largest store, as a share of that on the smallest. */
const P99_GROWTH = 4 / 3;

/** Everything that could take longer with more stored events, on stores of these sizes, on each engine. */
export async function growth(
  stub: Stub,
  { folder, ...options }: Options,
): Promise<{ tables: Record<string, object[]>; verdicts: Verdict[] }> {
  const tables: Record<string, object[]> = {};
  const verdicts: Verdict[] = [];
  for (const engine of ["SQLite", ...(hasPostgres ? ["PostgreSQL"] : [])]) {
    const databases = await Promise.all(
      options.sizes.map(() => (engine === "SQLite" ? Promise.resolve(null) : openTestDatabase())),
    );
    const stores = options.sizes.map((events, index): FilledStore => {
      const url = databases[index]?.url;
      const env = url === undefined ? { DATA_DIR: join(folder, `growth-${events}`) } : { DATABASE_URL: url };
      return { name: `${engine}, ${events} events`, events, env: env as Record<string, string> };
    });
    try {
      const figures = await figuresOf(stub, stores, options);
      tables[engine] = tableOf(figures, options.sizes);
      verdicts.push(...growthVerdicts(engine, options.sizes, figures));
    } finally {
      await Promise.all(databases.map((database) => database?.[Symbol.asyncDispose]()));
    }
  }
  return { tables, verdicts };
}

async function figuresOf(
  stub: Stub,
  stores: FilledStore[],
  { rounds, seconds, log }: Omit<Options, "folder">,
): Promise<Figures[]> {
  const figures: Figures[] = [];
  for (const store of stores) {
    log(`filling ${store.name}`);
    if (store.env.DATA_DIR !== undefined) mkdirSync(store.env.DATA_DIR, { recursive: true });
    await fillLarge(store.env, store.events);
    if (store.env.DATABASE_URL !== undefined) await fillLog(store.env.DATABASE_URL);
    log(`measuring ${store.name}`);
    figures.push(await reads(stub, store, log));
  }
  const webhooks = await webhooksOf(stub, stores, { rounds, seconds, log });
  const all: Figures[] = [];
  for (const [index, store] of stores.entries()) {
    log(`draining and deleting from ${store.name}`);
    all.push({
      ...webhooks[index],
      ...(await draining(stub, store)),
      ...figures[index],
      ...(await retention(store.env)),
    });
  }
  return all;
}

/** The others are frozen meanwhile. */
async function webhooksOf(
  stub: Stub,
  stores: FilledStore[],
  options: { rounds: number; seconds: number; log(line: string): void },
): Promise<Figures[]> {
  const contestants = await Promise.all(stores.map(({ name, env }) => start(name, "ours", stub.url, env)));
  try {
    const rows = await compareWebhooks(contestants, { ...options, connections: CONNECTIONS });
    return rows.map((row) => ({
      "accepted events/s": row.acceptedPerSecond,
      "webhook p50, ms": row.p50Ms,
      "webhook p99, ms": row.p99Ms,
      "CPU of an event, µs": row.cpuMicros,
    }));
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
  }
}

async function reads(stub: Stub, { name, env }: FilledStore, log: Options["log"]): Promise<Figures> {
  const { readyMs } = await startRow(name, env, STARTS);
  const app = await openStudio(stub, name, env);
  try {
    const pages = [];
    for (const address of pageAddresses())
      pages.push({ address, ...(await app.timesOf(`/studio${address}`, ANSWERS)) });
    const slowest = pages.toSorted((a, b) => b.medianMs - a.medianMs)[0];
    log(`the slowest page is ${slowest?.address}`);
    return {
      "start, ms": readyMs,
      "`why` of a person, ms": await msOf(app, `/studio/api/why?person=${PERSON}`),
      "the studio's median page, ms": median(pages.map(({ medianMs }) => medianMs)),
      "the studio's slowest page, ms": slowest?.medianMs ?? Number.NaN,
      "the studio's slowest first answer, ms": Math.max(...pages.map(({ firstMs }) => firstMs)),
      "metrics, ms": await msOf(app, "/metrics"),
      "`reconcile` of 10,000 events, ms": await comparingMs(env),
    };
  } finally {
    await app.stop();
  }
}

async function msOf(app: OpenedStudio, address: string): Promise<number> {
  return (await app.timesOf(address, ANSWERS)).medianMs;
}

/** The store's share of one page of `reconcile`: which events it has. */
async function comparingMs(env: Record<string, string>): Promise<number> {
  const store = await openStoreToRead(locationOf(env), PARTS);
  try {
    const newest = await store.events.listArrived({ since: 0, until: Date.now(), after: null, limit: COMPARED });
    const startedAt = performance.now();
    await store.events.findKnown(newest.map(({ uuid }) => uuid));
    return rounded(performance.now() - startedAt);
  } finally {
    await store.close();
  }
}

async function draining(stub: Stub, { env }: FilledStore): Promise<Figures> {
  const { triggersPerSecond, cpuMicrosPerTrigger } = await drain(stub, env, BACKLOG);
  return { "drained triggers/s": triggersPerSecond, "CPU of a trigger, µs": cpuMicrosPerTrigger };
}

/** Deletes the oldest tenth, in steps as the app does. */
async function retention(env: Record<string, string>): Promise<Figures> {
  const store = await openStore(locationOf(env), PARTS);
  try {
    const before = Date.now() - 0.9 * RETENTION_DAYS * DAY_MS;
    const steps: number[] = [];
    let deleted = 0;
    const startedAt = performance.now();
    for (let rows = ROWS_AT_ONCE; rows === ROWS_AT_ONCE; deleted += rows) {
      const stepAt = performance.now();
      rows = (await store.prune(before, ROWS_AT_ONCE)) ?? 0;
      steps.push(performance.now() - stepAt);
    }
    const ms = performance.now() - startedAt;
    const p99 = steps.toSorted((a, b) => a - b)[Math.floor(steps.length * 0.99)] ?? Number.NaN;
    return {
      "rows deleted": deleted,
      "1,000 rows deleted, ms": rounded((1000 * ms) / deleted),
      "a deleting step, p99, ms": rounded(p99),
    };
  } finally {
    await store.close();
  }
}

const PARTS = { now: Date.now, log: createLog({ level: "silent" }) };

function locationOf(env: Record<string, string>) {
  return { databaseUrl: env.DATABASE_URL, dataDir: env.DATA_DIR ?? "" };
}

/** The targets of the growth, for the figures of each size. */
function growthVerdicts(engine: string, sizes: number[], figures: Figures[]): Verdict[] {
  const p99 = figures.map((of) => of["webhook p99, ms"] ?? Number.NaN);
  const growth = Number(((p99.at(-1) ?? 0) / (p99[0] ?? 1)).toFixed(2));
  const times = Object.keys(figures[0] ?? {}).filter((name) => name.endsWith(", ms"));
  return [
    atMost(`${engine}: webhook p99, of that on the smallest store`, growth, Number(P99_GROWTH.toFixed(2))),
    ...times.flatMap((name) =>
      sizes.slice(1).map((events, index) => {
        const [fewer = 1, before = 0] = [sizes[index], figures[index]?.[name]];
        const allowed = (Math.max(before, NOISE_MS) * events * Math.log(events)) / (fewer * Math.log(fewer));
        return atMost(`${engine}: ${name} at ${events}, n log n`, figures[index + 1]?.[name] ?? 0, Math.round(allowed));
      }),
    ),
  ];
}

/** A row for each figure, a column for each size. */
function tableOf(figures: Figures[], sizes: number[]): object[] {
  return Object.keys(figures[0] ?? {}).map((what) => ({
    what,
    ...Object.fromEntries(sizes.map((size, index) => [`${size.toLocaleString("en")} events`, figures[index]?.[what]])),
  }));
}

function rounded(ms: number): number {
  return Number(ms.toFixed(1));
}
