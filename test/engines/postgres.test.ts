import { randomBytes } from "node:crypto";
import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { PermanentError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { decision, event, OCCURRED_AT, run, start, traits } from "../support/facts.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";
import { postgresEngine } from "../support/postgres-engine.ts";
import { eventually } from "../support/sandbox.ts";
import { storePromises } from "./promises.ts";
import { storeArrivals } from "./promises-arrival.ts";
import { storeCohorts } from "./promises-cohorts.ts";
import { storeDevices } from "./promises-devices.ts";
import { storeExits } from "./promises-exits.ts";
import { storeHistories } from "./promises-history.ts";
import { storeLimits } from "./promises-limits.ts";
import { storeOptOuts } from "./promises-opt-outs.ts";
import { storePeople } from "./promises-people.ts";
import { storeReceipts } from "./promises-receipts.ts";
import { storeRehearsals } from "./promises-rehearsal.ts";
import { storeShapes } from "./promises-shapes.ts";
import { storeTogether } from "./promises-together.ts";
import { storeVariants } from "./promises-variants.ts";
import { storeWaits } from "./promises-waits.ts";

const log = createLog({ level: "silent" });

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  const createEngine = postgresEngine();
  storePromises("PostgreSQL", createEngine);
  storeLimits("PostgreSQL", createEngine);
  storeArrivals("PostgreSQL", createEngine);
  storeCohorts("PostgreSQL", createEngine);
  storeExits("PostgreSQL", createEngine);
  storeWaits("PostgreSQL", createEngine);
  storePeople("PostgreSQL", createEngine);
  storeReceipts("PostgreSQL", createEngine);
  storeTogether("PostgreSQL", createEngine);
  storeVariants("PostgreSQL", createEngine);
  storeShapes("PostgreSQL", createEngine);
  storeHistories("PostgreSQL", createEngine);
  storeOptOuts("PostgreSQL", createEngine);
  storeDevices("PostgreSQL", createEngine);
  storeRehearsals("PostgreSQL", createEngine);

  describe("several processes on one database", () => {
    it("open it at the same time, each with the tables up to date", async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all(
        Array.from({ length: 4 }, () => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      expect(await Promise.all(stores.map((store) => store.jobs.count()))).toEqual(
        Array(4).fill({ waiting: 0, dead: 0 }),
      );
      await Promise.all(stores.map((store) => store.close()));
    });

    it("share the work, and each piece goes to one", async () => {
      await using database = await openTestDatabase();
      const [one, other] = await Promise.all(
        [0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      for (let group = 0; group < 10; group += 1)
        await Promise.all(Array.from({ length: 20 }, (_, index) => decide(one!, group * 20 + index)));
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one! : other!).jobs.claim("posthog", 10, 60_000)),
      );
      const ids = claims.flat().map(({ id }) => id);
      expect([ids.length, new Set(ids).size]).toEqual([200, 200]);
      await Promise.all([one!.close(), other!.close()]);
    });

    it("believe no place that a wrong clock took far ahead, and go by the database's clock", async () => {
      await using database = await openTestDatabase();
      const store = await openPostgresStore({ url: database.url, now: Date.now, log });
      expect(await store.limits.reserveSlots("novu", 1, 100)).toEqual({ waitMs: 0, disbelievedMs: 0 });
      const { waitMs } = await store.limits.reserveSlots("novu", 30, 100);
      expect(waitMs).toBeGreaterThan(0);
      expect((await store.limits.reserveSlots("novu", 1, 100)).waitMs).toBeGreaterThan(2_000);

      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query("update rate_limiters set next_at = next_at + 3600000 where name = 'novu'");
      await client.end();
      const reset = await store.limits.reserveSlots("novu", 1, 100);
      expect(reset.waitMs).toBe(0);
      expect(reset.disbelievedMs).toBeGreaterThan(3_600_000);
      expect((await store.limits.reserveSlots("novu", 1, 100)).disbelievedMs).toBe(0);

      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
      try {
        await store.limits.reserveSlots("novu", 1, 100);
        expect((await store.limits.reserveSlots("novu", 1, 100)).waitMs).toBeLessThan(1_000);
      } finally {
        vi.restoreAllMocks();
        await store.close();
      }
    });

    it("let an event alone fail that is too large for an index", async () => {
      await using database = await openTestDatabase();
      const store = await openPostgresStore({ url: database.url, now: Date.now, log });
      const large = randomBytes(4_000).toString("base64");
      const accept = (uuid: string, distinctId: string) =>
        store.events.insert(event({ uuid, distinctId }), {
          starts: [start({ run: run({ eventUuid: uuid, transactionId: `${uuid}:w`, distinctId }) })],
          exits: [],
        });
      const outcomes = await Promise.allSettled([
        ...Array.from({ length: 20 }, (_, index) => accept(`u${index}`, "ada")),
        accept("large", large),
      ]);
      expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
      await expect(accept("large", large)).rejects.toThrow(PermanentError);
      await store.close();
    });

    it("claim no more than they ask for, however the server joins", async () => {
      await using database = await openTestDatabase();
      const name = new URL(database.url).pathname.slice(1);
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      // Only a loop is left, which runs its inner side once for each row.
      for (const way of ["hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize"])
        await client.query(`alter database ${name} set enable_${way} = off`);
      await client.end();
      const store = await openPostgresStore({ url: database.url, now: Date.now, log });
      for (let index = 0; index < 20; index += 1) await decide(store, index);
      expect(await store.jobs.claim("posthog", 2, 60_000)).toHaveLength(2);
      expect(await store.jobs.claim("posthog", 5, 60_000)).toHaveLength(5);
      await store.close();
    });

    it("accept the same event once", async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all([0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })));
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) => stores[index % 2]!.events.insert(event(), { starts: [], exits: [] })),
      );
      expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(1);
      await Promise.all(stores.map((store) => store.close()));
    });

    it("record the same decisions in opposite orders, and none waits for the other forever", async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all([0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })));
      const runs = Array.from({ length: 40 }, (_, index) => `run-${index}`);
      const record = (store: Store, transactionId: string) =>
        store.decisions.record(decision({ transactionId, distinctId: transactionId }), { endsRun: true });
      const recorded = await Promise.all([
        ...runs.map((id) => record(stores[0]!, id)),
        ...runs.toReversed().map((id) => record(stores[1]!, id)),
      ]);
      expect(recorded.filter(({ isNew }) => isNew)).toHaveLength(runs.length);
      await Promise.all(stores.map((store) => store.close()));
    });

    it("tell two events of one uuid apart, whichever of them is written first", async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all([0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })));
      for (let round = 0; round < 60; round += 1) {
        const uuid = `u${round}`;
        const outcomes = await Promise.all(
          ["ada", "bob"].map((distinctId, index) =>
            stores[index]!.events.insert(event({ uuid, distinctId }), {
              starts: [start({ run: run({ eventUuid: uuid, distinctId }) })],
              exits: [],
            }),
          ),
        );
        expect(outcomes.sort()).toEqual(["accepted", "another event"]);
      }
      expect(await stores[0]!.jobs.count()).toEqual({ waiting: 60, dead: 0 });
      await Promise.all(stores.map((store) => store.close()));
    });

    it("take in the same deliveries side by side, and neither is in the other's way", { timeout: 60_000 }, async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all([0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })));
      const uuids = Array.from({ length: 60 }, (_, index) => `u${index}`);
      for (let round = 0; round < 60; round += 1) {
        const accepts = uuids.flatMap((uuid, index) => {
          const one = event({ uuid: `${round}:${uuid}` });
          const starts = [start({ run: run({ eventUuid: one.uuid }) })];
          const tell = (store: Store) =>
            store.events.insert(one, { starts, exits: [], traits: [traits({ distinctId: uuid })] });
          return [tell(stores[index % 2]!), tell(stores[1]!)];
        });
        const outcomes = await Promise.all(accepts);
        expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(uuids.length);
      }
      await Promise.all(stores.map((store) => store.close()));
    });

    it("let one run of a person enter", async () => {
      await using database = await openTestDatabase();
      const now = () => Date.parse(OCCURRED_AT);
      const stores = await Promise.all([0, 1].map(() => openPostgresStore({ url: database.url, now, log })));
      const ids = Array.from({ length: 20 }, (_, index) => `u${index}`);
      const starts = ids.map((transactionId) => start({ run: run({ transactionId }) }));
      await stores[0]!.events.insert(event(), { starts, exits: [] });
      const places = starts.map((one) => ({ ...one.run, workflow: one.workflow }));
      for (const limit of ["once", "one at a time", { oncePerMs: 1_000 }] as const) {
        const workflow = JSON.stringify(limit);
        const enter = (index: number) => stores[index % 2]!.runs.enter({ ...places[index]!, workflow }, limit);
        const answers = await Promise.all(ids.map((_, index) => enter(index)));
        expect(answers.filter((isIn) => isIn)).toHaveLength(1);
      }
      await Promise.all(stores.map((store) => store.close()));
    });

    it("sweep one at a time", async () => {
      await using database = await openTestDatabase();
      const [one, other] = await Promise.all(
        [0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      // Holds up the first in the middle of its sweep.
      const client = new pg.Client({ connectionString: database.url });
      await client.connect();
      await client.query("begin; lock table events in access exclusive mode");
      const sweeps = [one!.prune(0, 10), other!.prune(0, 10)];
      expect(await Promise.race(sweeps)).toBeNull();
      await client.query("commit");
      expect(await Promise.all(sweeps)).toContain(0);
      expect(await other!.prune(0, 10)).toBe(0);
      await Promise.all([one!.close(), other!.close(), client.end()]);
    });

    it("hear of each other's work", async () => {
      await using database = await openTestDatabase();
      const [one, other] = await Promise.all(
        [0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      let heard = 0;
      const unsubscribe = other!.on("jobs", () => {
        heard += 1;
      });
      await eventually(() => database.isListenedTo());
      const before = heard;
      await one!.events.insert(event(), { starts: [start()], exits: [] });
      await eventually(() => heard > before, 1_500);
      unsubscribe();
      await Promise.all([one!.close(), other!.close()]);
    });
  });

  it("says so when it cannot be opened, without its password", async () => {
    const opening = openPostgresStore({ url: "postgresql://bridge:secret@127.0.0.1:9/none", now: Date.now, log });
    await expect(opening).rejects.toThrow("the store at DATABASE_URL cannot be opened");
    await expect(opening).rejects.not.toThrow("secret");
  });
});

function decide(store: Store, index: number): Promise<unknown> {
  return store.decisions.record(decision({ step: `s${index}`, outcome: "skipped", reason: "not needed" }));
}
