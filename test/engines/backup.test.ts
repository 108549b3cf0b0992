import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { backupStore, openStore } from "../../src/store/open-store.ts";
import { backupSqliteStore, openSqliteStore } from "../../src/store/sqlite.ts";
import { DataFolderInUseError } from "../../src/store/sqlite-files.ts";
import { event, OCCURRED_AT, start } from "../support/facts.ts";
import { testFolder } from "../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";
import { fileHash, sqliteDrivers } from "../support/sqlite-drivers.ts";

const now = () => Date.parse(OCCURRED_AT);

describe.each(await sqliteDrivers())("a backup by $name", (driver) => {
  it("is a store as of that moment, made while events are accepted", { tags: ["long"] }, async () => {
    using folder = testFolder();
    const store = await openSqliteStore({ dataDir: folder.path, now, driver });
    await accept("before");
    // Beyond the first page of each table, so that it takes a while.
    await Promise.all(Array.from({ length: 2_000 }, (_, index) => accept(`filler ${index}`)));
    const file = join(folder.path, "o'clock.db");
    let isMade = false;
    const backup = store.backup(file).then(() => {
      isMade = true;
    });
    let accepted = 0;
    while (!isMade) accepted += (await accept(`meanwhile ${accepted}`)) === "accepted" ? 1 : 0;
    await backup;
    expect(accepted).toBeGreaterThan(0);
    await accept("after");
    expect(await store.events.findKnown(["before", "meanwhile 0", "after"])).toHaveLength(3);
    await store.close();

    const copy = driver.open(file, { readOnly: true });
    expect(copy.prepare("pragma integrity_check").all([])).toEqual([{ integrity_check: "ok" }]);
    copy.close();
    const restored = join(folder.path, "restored");
    mkdirSync(restored);
    renameSync(file, join(restored, "bridge.db"));
    const again = await openSqliteStore({ dataDir: restored, now, driver });
    expect((await again.events.findKnown(["before", "after"])).sort()).toEqual(["before"]);
    expect(await again.jobs.claim("novu", 1, 1_000)).toHaveLength(1);
    await again.close();

    function accept(uuid: string) {
      const one = start();
      const starts = [{ ...one, run: { ...one.run, transactionId: `${uuid}:w`, eventUuid: uuid } }];
      return store.events.insert(event({ uuid }), { starts, exits: [] });
    }
  });

  it("overwrites nothing, and leaves nothing behind that is not whole", async () => {
    using folder = testFolder();
    const store = await openSqliteStore({ dataDir: folder.path, now, driver });
    const backup = (name: string) => store.backup(join(folder.path, name));
    await backup("a.db");
    const before = fileHash(join(folder.path, "a.db"));
    await expect(backup("a.db")).rejects.toThrow(/a\.db" exists already; name a new file/);
    expect(fileHash(join(folder.path, "a.db"))).toBe(before);

    writeFileSync(join(folder.path, "b.db.part"), "");
    await expect(backup("b.db")).rejects.toThrow(/b\.db\.part" exists; if no other backup is writing it/);
    await expect(backup("none/c.db")).rejects.toThrow(/c\.db\.part" cannot be created/);
    const [one, other] = await Promise.allSettled([backup("d.db"), backup("d.db")]);
    expect([one.status, other.status].sort()).toEqual(["fulfilled", "rejected"]);
    await store.close();
    const own = /^(bridge|lock)\.db/;
    expect(
      readdirSync(folder.path)
        .filter((name) => !own.test(name))
        .sort(),
    ).toEqual(["a.db", "b.db.part", "d.db"]);
  });

  it("without the app takes the lock, and migrates nothing", async () => {
    using folder = testFolder();
    const file = join(folder.path, "copy.db");
    const backup = () => backupSqliteStore({ dataDir: folder.path, file, driver });
    await expect(backup()).rejects.toThrow("there is no store in");
    expect(readdirSync(folder.path)).toEqual([]);

    const store = await openSqliteStore({ dataDir: folder.path, now, driver });
    await expect(backup()).rejects.toThrow(DataFolderInUseError);
    await store.close();
    const before = fileHash(join(folder.path, "bridge.db"));
    await backup();
    expect(fileHash(join(folder.path, "bridge.db"))).toBe(before);
    expect(existsSync(file)).toBe(true);
    await (await openSqliteStore({ dataDir: folder.path, now, driver })).close();
  });
});

describe.skipIf(!hasPostgres)("a backup of PostgreSQL", () => {
  it("is pg_dump's", async () => {
    await using database = await openTestDatabase();
    const config = { dataDir: "nowhere", databaseUrl: database.url };
    const store = await openStore(config, { now, log: createLog({ level: "silent" }) });
    await expect(store.backup("a.dump")).rejects.toThrow("pg_dump --format=custom");
    await store.close();
    await expect(backupStore(config, "a.dump")).rejects.toThrow("pg_dump --format=custom");
  });
});
