import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { openPostgresStore } from "../../src/store/postgres.ts";
import type { Store } from "../../src/store/store.ts";
import { decision, event } from "../support/facts.ts";
import { hasPostgres, openTestDatabase, testDatabase } from "../support/postgres.ts";
import { eventually } from "../support/sandbox.ts";
import { storePromises } from "./promises.ts";

const log = createLog({ level: "silent" });

describe.skipIf(!hasPostgres)("PostgreSQL", () => {
  storePromises("PostgreSQL", () => {
    const database = testDatabase();
    return {
      open: async (now) => openPostgresStore({ url: await database.create(), now, log }),
      reopen: (now) => openPostgresStore({ url: database.url, now, log }),
      drop: database.drop,
    };
  });

  describe("several processes on one database", () => {
    it("open it at the same time, each with the tables up to date", async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all(
        Array.from({ length: 4 }, () => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      expect(await Promise.all(stores.map((store) => store.countWork()))).toEqual(
        Array(4).fill({ waiting: 0, dead: 0 }),
      );
      await Promise.all(stores.map((store) => store.close()));
    });

    it("share the work, and each piece goes to one", async () => {
      await using database = await openTestDatabase();
      const [one, other] = await Promise.all(
        [0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      await Promise.all(Array.from({ length: 200 }, (_, index) => decide(one!, index)));
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one! : other!).claim("posthog", 10, 60_000)),
      );
      const ids = claims.flat().map(({ id }) => id);
      expect([ids.length, new Set(ids).size]).toEqual([200, 200]);
      await Promise.all([one!.close(), other!.close()]);
    });

    it("accept the same event once", async () => {
      await using database = await openTestDatabase();
      const stores = await Promise.all([0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })));
      const outcomes = await Promise.all(
        Array.from({ length: 40 }, (_, index) => stores[index % 2]!.accept(event(), { starts: [], exits: [] })),
      );
      expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(1);
      await Promise.all(stores.map((store) => store.close()));
    });

    it("hear of each other's work", async () => {
      await using database = await openTestDatabase();
      const [one, other] = await Promise.all(
        [0, 1].map(() => openPostgresStore({ url: database.url, now: Date.now, log })),
      );
      let heard = 0;
      const stop = other!.watch(() => {
        heard += 1;
      });
      await eventually(() => database.isListenedTo());
      const before = heard;
      await one!.accept(event(), { starts: [], exits: [] });
      await eventually(() => heard > before, 1_500);
      await stop();
      await Promise.all([one!.close(), other!.close()]);
    });
  });

  it("says so when it cannot be opened, without its password", async () => {
    const opening = openPostgresStore({ url: "postgresql://bridge:secret@127.0.0.1:9/none", now: Date.now, log });
    await expect(opening).rejects.toThrow("the store at DATABASE_URL cannot be opened");
    await expect(opening).rejects.not.toThrow("secret");
  });
});

function decide(store: Store, index: number): Promise<void> {
  return store.decide(decision({ step: `s${index}` }));
}
