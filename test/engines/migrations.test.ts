import { Kysely, PostgresDialect, SqliteDialect } from "kysely";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { Job, overdueKey, QUEUES } from "../../src/contracts/job.ts";
import { createLog } from "../../src/lib/log.ts";
import { fileIn } from "../../src/store/data-folder.ts";
import { type Engine, migrator } from "../../src/store/migrations.ts";
import { openStore } from "../../src/store/open-store.ts";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import type { Store } from "../../src/store/store.ts";
import { decision, event, exit, LATER, OCCURRED_AT, profile, run, start, traits } from "../support/facts.ts";
import { testFolder } from "../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";

const now = () => Date.parse(OCCURRED_AT);
const DAY_MS = 24 * 60 * 60 * 1000;

describe.each<Engine>(hasPostgres ? ["sqlite", "postgres"] : ["sqlite"])(
  "a store of the previous version: %s",
  (engine) => {
    it("is carried over, with what is to be done and what was decided", async () => {
      await using data = await testData(engine);
      await migrator(data.raw, engine).migrateTo("0001-outbox");
      await writeAsBefore(data.raw);
      await using store = closing(await data.open());
      await expectAll(store);
    });

    it("is written by that version while this one works on it", async () => {
      await using data = await testData(engine);
      await using store = closing(await data.open());
      await writeAsBefore(data.raw);
      await expectAll(store);
    });

    it("has runs and exits of which only the times count, because nobody knows which arrived first", async () => {
      await using data = await testData(engine);
      await using store = closing(await data.open());
      await writeAsBefore(data.raw);
      const early = new Date(now() - 1_000).toISOString();
      const late = new Date(Date.parse(LATER) + 1_000).toISOString();
      await store.events.insert(event({ uuid: "early" }), {
        starts: [],
        exits: [exit({ eventUuid: "early", occurredAt: early })],
      });
      const ofAda = { workflow: "w", distinctId: "ada" };
      expect(await store.runs.markExiting(exit({ eventUuid: "early", occurredAt: early }))).toEqual([]);
      const facts = run({ eventUuid: "late", occurredAt: late });
      await store.events.insert(event({ uuid: "late" }), { starts: [start({ run: facts })], exits: [] });
      expect(await store.runs.findExitSince({ ...ofAda, transactionId: "late:w", since: late })).toBeNull();
      expect(await store.runs.findExitSince({ ...ofAda, transactionId: "u:w", since: LATER })).toBe(
        "checkout_completed",
      );
    });

    it("has runs in progress, of which each is looked at within a day when nothing is heard of it", async () => {
      await using data = await testData(engine);
      await migrator(data.raw, engine).migrateTo("0013-shapes");
      const entered_at = Date.now() - DAY_MS;
      const about = { workflow: "w", distinct_id: "ada", occurred_at: OCCURRED_AT, state: "started", entered_at };
      await data.raw
        .insertInto("runs")
        .values([
          { ...about, transaction_id: 'u:"w\\', ended_at: null },
          { ...about, transaction_id: "ended", ended_at: entered_at },
          { ...about, transaction_id: "exited", state: "exited", ended_at: null },
          { ...about, transaction_id: "old", entered_at: Date.now() - 61 * DAY_MS, ended_at: null },
        ])
        .execute();
      await using store = closing(await data.open());
      const rows = await data.raw.selectFrom("jobs").select(["key", "queue", "body", "due_at"]).execute();
      expect(rows.map(({ key, queue }) => [key, queue])).toEqual([['overdue:u:"w\\', "receipts"]]);
      const inMs = Number(rows[0]?.due_at) - Date.now();
      expect(inMs > 0 && inMs <= DAY_MS + 60 * 60 * 1000).toBe(true);
      const jobs = Job.parse(JSON.parse(rows[0]?.body));
      expect(jobs).toMatchObject({ kind: "overdue", body: { transactionId: 'u:"w\\' } });
      // A step that is asked for meanwhile says better when it is overdue.
      const better = { kind: "overdue", body: { transactionId: 'u:"w\\', waitEndsAt: LATER } } as const;
      await store.jobs.schedule(overdueKey(better.body.transactionId), better, now(), { replace: true });
      expect(await store.jobs.nextDueAt("receipts")).toBe(now());
    });

    it("is written by both, and the last one counts", async () => {
      await using data = await testData(engine);
      await using store = closing(await data.open());
      await store.decisions.record(decision({ outcome: "failed", reason: "error" }));
      const body = JSON.stringify(decision({ decidedAt: LATER }));
      await data.raw.updateTable("decisions").set({ body }).where("transaction_id", "=", "u:w").execute();
      expect(await store.runs.countByWorkflow(Date.parse(LATER))).toMatchObject([{ workflow: "w", sent: 1 }]);
    });

    it("has traits and profiles that are as old as their event, or as the last time this version wrote them", async () => {
      await using data = await testData(engine);
      await using store = closing(await data.open());
      await store.events.insert(event(), { starts: [], exits: [], traits: [traits({ distinctId: "renewed" })] });
      const told = { name: "email", value: '"a"' };
      const known = { body: JSON.stringify(profile().subscriber), is_doubtful: 0 };
      for (const [distinctId, occurredAt] of Object.entries({ old: OCCURRED_AT, young: LATER })) {
        const about = { distinct_id: distinctId, occurred_at: occurredAt };
        await data.raw
          .insertInto("traits")
          .values({ ...about, ...told })
          .execute();
        await data.raw
          .insertInto("profiles")
          .values({ ...about, ...known })
          .execute();
      }
      await data.raw.updateTable("traits").set({ occurred_at: LATER }).where("distinct_id", "=", "renewed").execute();
      // The event, an old trait and an old profile.
      expect(await store.prune(Date.parse(LATER), 100)).toBe(3);
      const left = async (id: string) => Object.values(await store.people.listRecords(id)).flat().length;
      expect([await left("old"), await left("young"), await left("renewed")]).toEqual([0, 2, 1]);
    });

    it("is swept and forgotten like the rest", async () => {
      await using data = await testData(engine);
      await using store = closing(await data.open());
      await writeAsBefore(data.raw);
      expect(await store.people.delete("ada")).toMatchObject({ events: 2, runs: 1, exits: 1, decisions: 1, jobs: 3 });
      await writeAsBefore(data.raw);
      for (const queue of QUEUES)
        await store.jobs.complete((await store.jobs.claim(queue, 10, 1_000)).map(({ id }) => id));
      // Two events, a run, an exit, a decision, and twice what was ignored.
      expect(await store.prune(now() + DAY_MS, 100)).toBe(7);
    });
  },
);

/** What every query makes of it. */
async function expectAll(store: Store): Promise<void> {
  expect(await store.events.findKnown(["u", "e", "s"])).toHaveLength(3);
  expect(await store.events.listIgnored({ limit: 1 })).toMatchObject([
    { source: "posthog", eventUuid: "s", distinctId: null },
  ]);
  expect(await store.jobs.countByQueue()).toMatchObject([
    { queue: "novu", waiting: 2, oldestDueAt: now() },
    { queue: "profiles", waiting: 0, oldestDueAt: null },
    { queue: "receipts", waiting: 0, oldestDueAt: null },
    { queue: "persons", waiting: 0, oldestDueAt: null },
    { queue: "posthog", waiting: 1, oldestDueAt: now() },
  ]);
  expect(await store.jobs.nextDueAt("novu")).toBe(now());

  const ada = { distinctId: "ada", workflow: "w" };
  expect(await store.runs.countByWorkflow(now())).toEqual([
    { workflow: "w", entered: 0, sent: 1, skipped: 0, failed: 0 },
  ]);
  expect(await store.decisions.list({ distinctId: "ada" })).toEqual([decision()]);
  expect(
    await store.runs.listOccurrences({ ...ada, eventName: event().name, from: OCCURRED_AT, to: OCCURRED_AT }),
  ).toEqual([OCCURRED_AT]);
  expect(await store.runs.findExitSince({ ...ada, transactionId: "u:w", since: OCCURRED_AT })).toBe(
    "checkout_completed",
  );
  const records = Object.entries(await store.people.listRecords("ada")).filter(([, rows]) => rows.length > 0);
  expect(Object.fromEntries(records.map(([kind, rows]) => [kind, rows.length]))).toEqual({
    jobs: 3,
    events: 2,
    runs: 1,
    exits: 1,
    decisions: 1,
  });

  expect(await store.events.insert(event(), { starts: [start()], exits: [] })).toBe("duplicate");
  expect(await store.runs.enter({ ...run(), workflow: "w" }, "one at a time")).toBe(true);
  expect(await store.runs.markStarted("u:w")).toBe("started");
  const [job] = await store.jobs.claim("novu", 1, 1_000);
  expect(JSON.parse(job!.body)).toMatchObject({ kind: "start", body: { run: { transactionId: "u:w" } } });
  await store.jobs.giveUp(job!.id, "switched off");
  expect([await store.jobs.countDeadByError(), await store.jobs.redrive("all")]).toEqual([
    [{ error: "switched off", count: 1 }],
    1,
  ]);
  expect(await store.runs.markExiting(exit())).toEqual(["u:w"]);
}

/** What an event, an exit, a decision and a delivery that caused nothing came to in the tables of 0001. */
// biome-ignore lint/suspicious/noExplicitAny: these tables are older than the types
async function writeAsBefore(raw: Kysely<any>): Promise<void> {
  for (const { uuid, name, occurredAt, ...rest } of [event(), event({ uuid: "e", occurredAt: LATER })]) {
    const body = JSON.stringify({ uuid, name, occurredAt, ...rest });
    const row = { uuid, name, distinct_id: "ada", occurred_at: occurredAt, received_at: now(), body };
    await raw.insertInto("events").values(row).execute();
  }
  const about = { workflow: "w", distinct_id: "ada" };
  const place = { transaction_id: "u:w", occurred_at: OCCURRED_AT, state: "pending" };
  await raw
    .insertInto("runs")
    .values({ ...about, ...place })
    .execute();
  const left = { event_uuid: "e", event_name: "checkout_completed", occurred_at: LATER };
  await raw
    .insertInto("exits")
    .values({ ...about, ...left })
    .execute();
  const decided = { transaction_id: "u:w", step: "welcome", distinct_id: "ada", body: JSON.stringify(decision()) };
  await raw.insertInto("decisions").values(decided).execute();
  const odd = { received_at: OCCURRED_AT, reason: "a reason", event_uuid: "s", event_name: "odd", body: "" };
  await raw.insertInto("ignored_events").values(odd).execute();

  const fresh = { state: "waiting", due_at: now(), leased_until: 0, attempts: 0, refusals: 0, last_error: null };
  const jobs = [
    { key: "start:u:w", queue: "novu", body: { kind: "start", body: start() } },
    { key: "exit:e:w", queue: "novu", body: { kind: "exit", body: exit() } },
    { key: "report:u:w:welcome:sent", queue: "posthog", body: { kind: "report", body: decision() } },
  ].map(({ body, ...row }) => ({ ...row, ...fresh, body: JSON.stringify(body) }));
  await raw.insertInto("jobs").values(jobs).execute();
}

/** An empty database, as its tables are and as a store. */
async function testData(engine: Engine) {
  const folder = testFolder();
  const database = engine === "postgres" ? await openTestDatabase() : null;
  const dialect =
    database === null
      ? new SqliteDialect({ database: (await sqliteDriver()).open(fileIn(folder.path)) })
      : new PostgresDialect({ pool: poolOf(database.url) });
  // biome-ignore lint/suspicious/noExplicitAny: these tables are older than the types
  const raw = new Kysely<any>({ dialect });
  return {
    raw,
    open: () =>
      openStore({ dataDir: folder.path, databaseUrl: database?.url }, { now, log: createLog({ level: "silent" }) }),
    async [Symbol.asyncDispose]() {
      await raw.destroy();
      await database?.[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

/** The database is dropped while the last connection still says goodbye, which breaks it. */
function poolOf(url: string): pg.Pool {
  return new pg.Pool({ connectionString: url, max: 1 }).on("error", () => {});
}

function closing(store: Store): Store & AsyncDisposable {
  return { ...store, [Symbol.asyncDispose]: store.close };
}
