import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openSqliteStore, openSqliteStoreToRead } from "../../src/store/sqlite.ts";
import type { ReadStore } from "../../src/store/store.ts";
import { built } from "../support/built.ts";
import { decision, event, OCCURRED_AT, start } from "../support/facts.ts";
import { testFolder } from "../support/folder.ts";
import { fileHash, sqliteDrivers } from "../support/sqlite-drivers.ts";
import { callStore, methodsOf, type StoreCall } from "../support/store-calls.ts";

const now = () => Date.parse(OCCURRED_AT);

describe.each(await sqliteDrivers())("a store to read, by $name", (driver) => {
  it("sees what the running app has written, and changes no byte of it", async () => {
    using folder = testFolder();
    const app = await openSqliteStore({ dataDir: folder.path, now, driver });
    await app.events.insert(event(), { starts: [start()], exits: [] });
    await app.decisions.record(decision());
    const before = hashes(folder.path);
    const beside = await openSqliteStoreToRead({ dataDir: folder.path, now, driver });
    expect(await beside.events.findKnown(["u"])).toEqual(["u"]);
    await app.events.insert(event({ uuid: "later" }), { starts: [], exits: [] });
    expect(await beside.events.findKnown(["later"])).toEqual(["later"]);
    await beside.close();
    expect(before.file).toBe(hashes(folder.path).file);
    await app.events.insert(event({ uuid: "last" }), { starts: [], exits: [] });
    expect(await app.events.findKnown(["last"])).toEqual(["last"]);
    await app.close();
  });

  it("can be opened without the app, after its end or its death, and changes no byte", { tags: ["long"] }, async () => {
    using folder = testFolder();
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      appThat(folder.path, `await store.events.insertIgnored(${JSON.stringify(keepIgnored(signal))}); ${END[signal]}`);
      const before = hashes(folder.path);
      // The log of an app that was killed holds what is not in the file yet.
      expect(before.log === null).toBe(signal === "SIGTERM");
      const reading = await openSqliteStoreToRead({ dataDir: folder.path, now, driver });
      expect((await reading.events.listIgnored({ limit: 1 })).map(({ reason }) => reason)).toEqual([signal]);
      await reading.close();
      expect(hashes(folder.path).file).toBe(before.file);
      if (before.log !== null) expect(hashes(folder.path).log).toBe(before.log);
    }
    const app = await openSqliteStore({ dataDir: folder.path, now, driver });
    expect(await app.events.countIgnored(0)).toHaveLength(2);
    await app.close();
  });

  it("answers every question", async () => {
    using folder = testFolder();
    await (await openSqliteStore({ dataDir: folder.path, now, driver })).close();
    const before = hashes(folder.path);
    const beside = await openSqliteStoreToRead({ dataDir: folder.path, now, driver });
    for (const [name, ...parameters] of QUESTIONS) await callStore(beside, [name, ...parameters]);
    expect(new Set([...QUESTIONS.map(([name]) => name), "close"])).toEqual(new Set(methodsOf(beside)));
    await beside.close();
    expect(hashes(folder.path)).toMatchObject({ file: before.file });
  });

  it("is of this version, or refused without a change", async () => {
    using folder = testFolder();
    const file = join(folder.path, "bridge.db");
    const older = driver.open(file);
    older.exec("create table events (uuid text)");
    older.close();
    const before = fileHash(file);
    await expect(openSqliteStoreToRead({ dataDir: folder.path, now, driver })).rejects.toMatchObject({
      cause: { message: expect.stringContaining("start this version of the app once with this store") },
    });
    expect(fileHash(file)).toBe(before);
    const none = join(folder.path, "none");
    await expect(openSqliteStoreToRead({ dataDir: none, now, driver })).rejects.toThrow("there is no store in");
    expect(existsSync(none)).toBe(false);
    expect(readdirSync(folder.path)).not.toContain("lock.db");
  });
});

const period = { workflow: "w", from: OCCURRED_AT, until: OCCURRED_AT, after: null, limit: 1 };
const QUESTIONS: StoreCall<ReadStore>[] = [
  ["events.findKnown", ["u"]],
  ["events.listIgnoredOf", "visitor", 0],
  ["events.listHours", ["checkout_started"], 0],
  ["people.isJoining", "ada"],
  ["jobs.nextDueAt", "novu"],
  ["jobs.count"],
  ["jobs.countByQueue"],
  ["jobs.countDeadByError"],
  ["people.findSentProfile", "ada"],
  ["people.findTraits", ["ada"]],
  ["runs.listOccurrences", { distinctId: "ada", workflow: "w", eventName: "e", from: OCCURRED_AT, to: OCCURRED_AT }],
  ["decisions.findVariants", "u:w"],
  ["runs.findShape", "abc"],
  ["runs.listShapes", "w"],
  ["runs.findShapeOf", "u:w"],
  ["decisions.findCustomValues", "u:w"],
  ["people.findOptOuts", "ada"],
  ["people.listBounces", "ada"],
  ["runs.findExitSince", { workflow: "w", distinctId: "ada", transactionId: "u:w", since: OCCURRED_AT }],
  ["runs.findLastExits", { workflow: "w", distinctIds: ["ada"] }],
  ["runs.listAbsent", period],
  ["runs.findState", "u:w"],
  ["runs.findRecipient", { transactionId: "u:w", refusals: 0 }],
  ["decisions.listDecidedSteps", "u:w"],
  ["decisions.list"],
  ["runs.countByWorkflow", 0],
  ["runs.countLost", 0],
  ["people.listRecords", "ada"],
  ["runs.list", { limit: 1 }],
  ["runs.history", { distinctId: "ada" }],
  ["decisions.listOfRuns", ["u:w"]],
  ["runs.listDistinctIds", { after: "ada", limit: 9 }],
  ["runs.findMergedIds", ["ada"]],
  ["runs.listOf", ["ada"]],
  ["runs.countOutcomes", 0],
  ["events.listArrived", { since: 0, until: 1, after: null, limit: 10 }],
  ["events.listReplies", { since: 0, until: 1, after: null, limit: 10 }],
  ["events.listOptOutChanges", { after: null, limit: 10 }],
  ["events.countIgnored", 0],
  ["events.listIgnored", { limit: 1 }],
  ["jobs.listWaiting", "novu", 1],
  ["jobs.listDead", { limit: 1 }],
];

const END: Record<string, string> = {
  SIGTERM: "await store.close();",
  SIGKILL: 'process.kill(process.pid, "SIGKILL");',
};

/** Works on the store in another process, with the driver of this Node. */
function appThat(dataDir: string, does: string): void {
  const open = `const { openSqliteStore } = await import(${JSON.stringify(built("src/store/sqlite.ts"))});
    const store = await openSqliteStore({ dataDir: ${JSON.stringify(dataDir)}, now: Date.now });`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", open + does], { encoding: "utf8" });
  expect(stderr).toBe("");
}

function keepIgnored(reason: string) {
  return {
    source: "posthog",
    receivedAt: OCCURRED_AT,
    reason,
    eventUuid: null,
    eventName: null,
    distinctId: null,
    body: "",
  };
}

function hashes(dataDir: string): { file: string; log: string | null } {
  const log = join(dataDir, "bridge.db-wal");
  return { file: fileHash(join(dataDir, "bridge.db")), log: existsSync(log) ? fileHash(log) : null };
}
