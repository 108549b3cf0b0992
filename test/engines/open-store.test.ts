import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLog } from "../../src/lib/log.ts";
import { openStore, openStoreToChange, openStoreToRead } from "../../src/store/open-store.ts";
import { decision, event } from "../support/facts.ts";
import { testFolder } from "../support/folder.ts";
import { hasPostgres, openTestDatabase } from "../support/postgres.ts";

const parts = { now: () => 0, log: createLog({ level: "silent" }) };

describe("the store beside a running app", () => {
  it("is the same one, and leaves the app its work", async () => {
    using folder = testFolder();
    const config = { dataDir: folder.path };
    const app = await openStore(config, parts);
    await app.events.insert(event(), { starts: [], exits: [] });
    await app.decisions.record(decision({ outcome: "skipped", reason: "not needed" }));
    await app.jobs.claim("posthog", 1, 60_000);

    const beside = await openStoreToRead(config, parts);
    expect(await beside.events.findKnown(["u"])).toEqual(["u"]);
    expect(await app.jobs.claim("posthog", 1, 60_000)).toEqual([]);
    await beside.close();

    await app.events.insert(event({ uuid: "later" }), { starts: [], exits: [] });
    expect(await app.events.findKnown(["later"])).toEqual(["later"]);
    await app.close();
  });

  it("can be opened without an app", async () => {
    using folder = testFolder();
    await (await openStore({ dataDir: folder.path }, parts)).close();
    const beside = await openStoreToRead({ dataDir: folder.path }, parts);
    expect(await beside.events.findKnown(["u"])).toEqual([]);
    await beside.close();
  });

  it("is not made where there is none", async () => {
    using folder = testFolder();
    const dataDir = join(folder.path, "elsewhere");
    await expect(openStoreToRead({ dataDir }, parts)).rejects.toThrow(/no store in ".*elsewhere".*DATA_DIR/);
    expect(existsSync(dataDir)).toBe(false);
  });

  it.skipIf(!hasPostgres)("has its tables made by the app only, on PostgreSQL too", async () => {
    await using database = await openTestDatabase();
    const config = { dataDir: "nowhere", databaseUrl: database.url };
    const opening = openStoreToChange(config, parts);
    await expect(opening).rejects.toThrow("the store at DATABASE_URL cannot be opened");
    await expect(opening).rejects.toMatchObject({ cause: { message: expect.stringContaining("start this version") } });

    const app = await openStore(config, parts);
    await app.events.insert(event(), { starts: [], exits: [] });
    const beside = await openStoreToChange(config, parts);
    expect(await beside.events.findKnown(["u"])).toEqual(["u"]);
    const reading = await openStoreToRead(config, parts);
    expect(await reading.events.findKnown(["u"])).toEqual(["u"]);
    expect(reading).not.toHaveProperty("accept");
    await Promise.all([app.close(), beside.close(), reading.close()]);
  });
});
