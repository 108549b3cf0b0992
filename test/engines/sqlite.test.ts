import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { waitName } from "../../src/contracts/event-wait.ts";
import { addressHash } from "../../src/contracts/opt-out.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import { sqliteDriver } from "../../src/store/sqlite-driver.ts";
import type { Store } from "../../src/store/store.ts";
import { built } from "../support/built.ts";
import { emptySqliteStore } from "../support/empty-sqlite-store.ts";
import {
  clicked,
  decision,
  event,
  exit,
  LATER,
  merge,
  nextPart,
  OCCURRED_AT,
  profile,
  run,
  start,
  traits,
  unsubscribed,
} from "../support/facts.ts";
import { testFolder } from "../support/folder.ts";
import { callStore, methodsOf, type StoreCall } from "../support/store-calls.ts";
import { type Engine, storePromises } from "./promises.ts";
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

storePromises("SQLite", createEngine);
storeLimits("SQLite", createEngine);
storeArrivals("SQLite", createEngine);
storeCohorts("SQLite", createEngine);
storeExits("SQLite", createEngine);
storeWaits("SQLite", createEngine);
storePeople("SQLite", createEngine);
storeReceipts("SQLite", createEngine);
storeTogether("SQLite", createEngine);
storeVariants("SQLite", createEngine);
storeShapes("SQLite", createEngine);
storeHistories("SQLite", createEngine);
storeOptOuts("SQLite", createEngine);
storeDevices("SQLite", createEngine);
storeRehearsals("SQLite", createEngine);

function createEngine(): Engine {
  const folder = testFolder();
  const reopen = (now: () => number) => openSqliteStore({ dataDir: folder.path, now });
  const open = async (now: () => number) => {
    await emptySqliteStore(folder.path);
    return reopen(now);
  };
  return { open, reopen, drop: async () => folder[Symbol.dispose]() };
}

it("a person who is deleted is in none of the store's files, and neither is a job that is done", async () => {
  using folder = testFolder();
  const store = await openSqliteStore({ dataDir: folder.path, now: Date.now });
  const marked = "marked-person-4711";
  for (let index = 0; index < 50; index += 1) {
    const uuid = `u${index}`;
    await store.events.insert(event({ uuid, distinctId: marked, properties: { note: `${marked} `.repeat(200) } }), {
      starts: [start({ run: run({ eventUuid: uuid, transactionId: `${uuid}:w`, distinctId: marked }) })],
      exits: [exit({ eventUuid: uuid, distinctId: marked })],
    });
  }
  await store.jobs.complete((await store.jobs.claim("novu", 50, 1_000)).map(({ id }) => id));
  const files = () => readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name)));
  expect(files().some((bytes) => bytes.includes(marked))).toBe(true);
  await store.people.delete(marked);
  expect(files().filter((bytes) => bytes.includes(marked))).toEqual([]);
  await store.close();
});

describe("no statement reads a whole table", () => {
  const query = { workflow: "w", distinctId: "ada", since: OCCURRED_AT };
  const place = { ...run(), workflow: "w" };
  const left = exit({ matches: [{ field: "cart", key: "key", of: "anyone" }] });
  const matching = { starts: [start({ matchKeys: { cart: "key" } })], exits: [left] };
  const MEMBER = { distinctId: "ada", ids: ["ada", "former"] };
  const calls: StoreCall<Store>[] = [
    ["events.insert", event(), matching],
    ["events.insert", event(), matching],
    ["events.insert", event({ uuid: "i" }), { starts: [], exits: [], profiles: [profile()], merges: [merge()] }],
    ["events.insert", event({ uuid: "i" }), { starts: [], exits: [], profiles: [profile()], merges: [merge()] }],
    ["events.insert", event({ uuid: "t" }), { starts: [], exits: [], traits: [traits()] }],
    ["events.insert", event({ uuid: "t" }), { starts: [], exits: [], traits: [traits()] }],
    ["people.findTraits", ["ada", "grace"]],
    ["events.findKnown", ["u", "v"]],
    [
      "events.insertIgnored",
      {
        source: "segment",
        receivedAt: OCCURRED_AT,
        reason: "",
        eventUuid: null,
        eventName: null,
        distinctId: null,
        body: "",
      },
    ],
    ["events.listIgnored", { limit: 10 }],
    ["jobs.claim", "novu", 10, 1_000],
    ["jobs.claim", "novu", 10, 1_000, [7, 8]],
    ["jobs.renew", [7, 8], 1_000],
    ["jobs.complete", [7, 8]],
    ["jobs.retry", 7, { at: 0, error: "no", failed: true, answered: true }],
    ["jobs.giveUp", 7, "no"],
    ["jobs.nextDueAt", "novu"],
    ["jobs.countByQueue"],
    ["jobs.count"],
    ["jobs.listDead", { limit: 10 }],
    ["jobs.countDeadByError"],
    ["jobs.redrive", { id: 7 }],
    ["jobs.redrive", { error: "no" }],
    ["jobs.redrive", "all"],
    ["limits.reserveSlots", "novu", 1, 1],
    ["limits.endSession", "s", 1],
    ["limits.hasEnded", "s"],
    ["runs.listOccurrences", { ...query, eventName: "checkout_started", from: OCCURRED_AT, to: LATER }],
    ["limits.reserveSend", { ...place, step: "a" }, { most: 3, withinMs: 1 }],
    ["limits.postponeSend", { ...place, step: "a" }],
    ["decisions.insertReport", clicked()],
    ["decisions.insertReport", clicked()],
    ["jobs.schedule", { kind: "throttle", body: place }, 0],
    [
      "people.changeOptOuts",
      { distinctId: "ada", off: ["a"], on: ["b"], cause: "link", at: OCCURRED_AT, report: unsubscribed() },
    ],
    ["people.findOptOuts", "ada"],
    ["devices.add", { distinctId: "ada", provider: "fcm", integration: null, token: "t" }],
    ["devices.listTokens", "ada", { provider: "fcm", integration: null }],
    ["devices.remove", { provider: "fcm", token: "t" }],
    ["people.saveBounce", { distinctId: "ada", addressHash: addressHash("ada@example.com"), at: OCCURRED_AT }],
    ["people.listBounces", "ada"],
    ["runs.enter", place, "once"],
    ["runs.enter", { ...place, transactionId: "other" }, "one at a time"],
    ["runs.enter", { ...place, transactionId: "other" }, { oncePerMs: 1 }],
    ["runs.markNotStarted", "u:w"],
    ["people.merge", merge()],
    ["people.isJoining", "ada"],
    ["events.listIgnoredOf", "visitor", Date.parse(LATER)],
    ["events.deleteIgnored", [7, 8]],
    ["events.saveHour", "checkout_started", 0],
    ["events.listHours", ["checkout_started", "b"], 0],
    ["runs.saveRecipient", { transactionId: "u:w", refusals: 0, recipient: { ...profile(), hasEmail: true } }],
    ["runs.findRecipient", { transactionId: "u:w", refusals: 0 }],
    ["people.saveSentProfile", { profile: profile(), known: null }],
    ["people.findSentProfile", "ada"],
    ["runs.findExitSince", { ...query, transactionId: "u:w" }],
    ["runs.findLastExits", { workflow: "w", distinctIds: ["ada", "grace"] }],
    ["runs.listAbsent", { workflow: "w", from: OCCURRED_AT, until: LATER, after: null, limit: 10 }],
    [
      "runs.listAbsent",
      {
        workflow: "w",
        from: OCCURRED_AT,
        until: LATER,
        after: { occurredAt: OCCURRED_AT, distinctId: "ada", eventUuid: "e" },
        limit: 10,
      },
    ],
    ["people.findCohortRead", { workflow: "w", cohort: 42 }],
    ["people.saveCohortMembers", { workflow: "w", cohort: 42 }, [MEMBER], { seenAt: 1, isDue: true, isForAll: true }],
    ["people.saveCohortMembers", { workflow: "w", cohort: 42 }, [MEMBER], { seenAt: 2, isDue: true, isForAll: true }],
    ["people.listDueMembers", { workflow: "w", cohort: 42 }, 10],
    ["people.markMembersIngested", { workflow: "w", cohort: 42 }, [{ distinctId: "ada", enteredAt: 1 }]],
    ["people.listUnseenMembers", { workflow: "w", cohort: 42 }, 3, 10],
    ["people.keepMembers", { workflow: "w", cohort: 42 }, ["ada"], 3],
    ["people.deleteUnseenMembers", { workflow: "w", cohort: 42 }, ["ada"], 4],
    ["people.saveCohortRead", { workflow: "w", cohort: 42 }, 1],
    ["limits.takeLease", "inactivity", 1],
    ["limits.takeLease", "inactivity", 1],
    ["limits.setNextRun", "inactivity", 1],
    ["runs.markExiting", left],
    ["runs.findState", "u:w"],
    ["runs.findOpen", "u:w"],
    ["runs.close", "u:w", "failed"],
    ["runs.listBeside", { transactionId: "u:w", workflow: "w", distinctId: "ada", enteredAt: 0, part: 0, before: 0 }],
    ["runs.hasOtherOfEvent", { transactionId: "u:w", workflow: "w", distinctId: "ada", eventUuid: "u" }],
    ["runs.beginWait", nextPart()],
    ["runs.waitAgain", nextPart()],
    ["runs.endWaits", exit({ workflow: waitName("w", "wait") })],
    [
      "runs.saveWait",
      { transactionId: "u:w", distinctId: "ada", wait: "wait" },
      { came: true, notes: {}, hasEmail: false },
    ],
    ["runs.beginPart", { transactionId: "u:w", part: 1, shape: null }],
    ["runs.findNextPart", { transactionId: "u:w", distinctId: "ada" }],
    ["runs.markExited", "u:w"],
    ["runs.markStarted", "u:w"],
    ["decisions.record", decision(), { endsRun: true }],
    ["decisions.record", decision({ outcome: "skipped", reason: "not needed" })],
    ["decisions.listDecidedSteps", "u:w"],
    ["decisions.list"],
    ["decisions.list", { distinctId: "ada" }],
    ["runs.countByWorkflow", 0],
    ["runs.countLost", 0],
    ["decisions.findVariants", "u:w"],
    ["runs.saveShapes", [{ id: "abc", shape: { workflow: "w", steps: [], payload: "" } }]],
    ["runs.findShape", "abc"],
    ["runs.listShapes", "w"],
    ["runs.findShapeOf", "u:w"],
    ["runs.insertForeign", { transactionId: "n:w", workflow: "w", distinctId: "ada", occurredAt: OCCURRED_AT }],
    ["decisions.saveCustomValue", { transactionId: "u:w", step: "offer", distinctId: "ada" }, { word: "x" }],
    ["decisions.findCustomValues", "u:w"],
    [
      "decisions.saveVariants",
      { transactionId: "u:w", distinctId: "ada" },
      { flag: { variant: "a", source: "posthog" } },
    ],
    ["people.listRecords", "ada"],
    ["prune", 0, 10],
    ["people.split", "ada"],
    ["people.delete", "ada"],
    ["runs.list", { limit: 10 }],
    ["runs.list", { limit: 10, workflow: "w", before: { occurredAt: LATER, transactionId: "u:w" } }],
    ["runs.list", { limit: 10, status: "finished" }],
    ["runs.list", { limit: 10, about: { distinctId: "ada", transactionIds: ["u:w"], eventUuid: "u" } }],
    ["runs.history", { distinctId: "ada" }],
    ["runs.history", { distinctId: "ada", workflow: "w" }],
    ["runs.history", { transactionId: "u:w" }],
    ["decisions.listOfRuns", ["u:w"]],
    ["runs.listDistinctIds", { after: "ada", limit: 9 }],
    ["runs.findMergedIds", ["ada"]],
    ["runs.listOf", ["ada"]],
    ["runs.countOutcomes", 0],
    ["events.countIgnored", 0],
    ["events.listIgnored", { limit: 10, reason: "", about: "ada", before: 9 }],
    ["events.listArrived", { since: 0, until: 1, after: null, limit: 10 }],
    ["events.listArrived", { since: 0, until: 1, after: { receivedAt: -1, uuid: "" }, limit: 10 }],
    ["events.listReplies", { since: 0, until: 1, after: null, limit: 10 }],
    [
      "events.listReplies",
      { since: 0, until: 1, after: { at: 0, transactionId: "u:w", step: "note", kind: "seen" }, limit: 10 },
    ],
    ["events.listOptOutChanges", { after: null, limit: 10 }],
    [
      "events.listOptOutChanges",
      { after: { distinctId: "ada", topic: "all", at: OCCURRED_AT, isOut: true }, limit: 10 },
    ],
    ["jobs.listWaiting", "novu", 10],
    ["jobs.listDead", { limit: 10, error: "no", before: 9 }],
    ["limits.countSends", "ada", { withinMs: 5 }],
    ["ping"],
  ];

  it("but for a few", async () => {
    using folder = testFolder();
    const driver = await sqliteDriver();
    let prepared: string[] = [];
    const store = await openSqliteStore({
      dataDir: folder.path,
      now: () => 0,
      driver: {
        ...driver,
        open(...file) {
          const connection = driver.open(...file);
          return {
            ...connection,
            prepare(text) {
              prepared.push(text);
              return connection.prepare(text);
            },
          };
        },
      },
    });
    const statements: Array<{ name: string; text: string }> = [];
    for (const [name, ...parameters] of calls) {
      prepared = [];
      await callStore(store, [name, ...parameters]);
      statements.push(...prepared.map((text) => ({ name, text })));
    }
    await store.close();
    expect(new Set([...calls.map(([name]) => name), "on", "backup", "close"])).toEqual(new Set(methodsOf(store)));

    const database = driver.open(join(folder.path, "bridge.db"));
    const scans = statements
      .filter(({ text }) => !/^(begin|commit)/.test(text))
      .flatMap(({ name, text }) =>
        (database.prepare(`explain query plan ${text}`).all([]) as Array<{ detail: string }>)
          // Of ignored_events there are a thousand at most, of log-outs few; the ids asked for and found are in no table.
          .filter(({ detail }) =>
            /^SCAN (?!json_each|ignored_events|ended_sessions|asked|same|retries|fresh|tried|(\d+ )?CONSTANT ROW|\d+-ROW VALUES)/.test(
              detail,
            ),
          )
          .map(() => name),
      );
    database.close();
    // The newest decisions and runs are the end of the table.
    expect(new Set(scans)).toEqual(new Set(["decisions.list", "runs.list"]));
  });
});

describe("the data folder", () => {
  const store = built("src/store/sqlite.ts");
  /** Opens the store in another process, after `first`, which then does `what`. */
  const elsewhere = (dataDir: string, what: string, first = "") =>
    spawnSync(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `const { openSqliteStore } = await import(${JSON.stringify(store)}); ${first} try { await openSqliteStore({ dataDir: ${JSON.stringify(dataDir)}, now: Date.now }); ${what} } catch (error) { console.log(error.message); process.exit(1); }`,
      ],
      { encoding: "utf8" },
    );
  /** Root may write everywhere. */
  const AS_NOBODY = `
    const { sqliteDriver } = await import(${JSON.stringify(built("src/store/sqlite-driver.ts"))});
    await sqliteDriver();
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }`;

  it("is one process's at a time, and the second one is told whose", { tags: ["long"] }, async () => {
    using folder = testFolder();
    const first = await openSqliteStore({ dataDir: folder.path, now: Date.now });
    expect(elsewhere(folder.path, "").stdout).toContain(`is in use by process ${process.pid}`);
    await first.close();
    expect(elsewhere(folder.path, "process.exit(0)").status).toBe(0);
  });

  it("is free at once after kill -9", { tags: ["long"] }, async () => {
    using folder = testFolder();
    expect(elsewhere(folder.path, "process.kill(process.pid, 'SIGKILL')").signal).toBe("SIGKILL");
    await (await openSqliteStore({ dataDir: folder.path, now: Date.now })).close();
  });

  it("gives back what a killed process had claimed", async () => {
    using folder = testFolder();
    const first = await openSqliteStore({ dataDir: folder.path, now: () => 0 });
    await first.decisions.record(decision({ outcome: "skipped", reason: "not needed" }));
    await first.jobs.claim("posthog", 1, 60_000);
    await first.close();
    const second = await openSqliteStore({ dataDir: folder.path, now: () => 0 });
    expect(await second.jobs.claim("posthog", 1, 60_000)).toHaveLength(1);
    await second.close();
  });

  it("says so where this user cannot write it, or cannot make it", { tags: ["long"] }, async () => {
    using folder = testFolder();
    chmodSync(folder.path, 0o755);
    writeFileSync(join(folder.path, "file"), "");
    mkdirSync(join(folder.path, "closed"));
    chmodSync(join(folder.path, "closed"), 0o555);
    const by = process.getuid?.() === 0 ? "nobody" : userInfo().username;
    for (const [name, trouble, wayOut] of [
      ["closed", "written", "give it to this user"],
      ["closed/new", "made", "make it and give it to this user"],
      ["file/new", "made", "make it and give it to this user"],
    ] as const) {
      const dataDir = join(folder.path, name);
      const { stdout } = elsewhere(dataDir, "", AS_NOBODY);
      expect(stdout).toBe(
        `the data folder "${dataDir}" cannot be ${trouble} by the user "${by}"; ${wayOut}, or set DATA_DIR to another folder\n`,
      );
    }
  });
});
