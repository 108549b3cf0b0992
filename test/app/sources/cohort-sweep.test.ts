import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLog } from "../../../src/lib/log.ts";
import { type LocalPostHog, openLocalPostHog } from "../../../src/sandbox/local-posthog/local-posthog.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { createReadCohort } from "../../../src/sources/posthog/cohorts.ts";
import { createPostHogQueries } from "../../../src/sources/posthog/queries.ts";
import { createCohortSweep } from "../../../src/sources/sweeps/cohorts.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import type { Store } from "../../../src/store/store.ts";
import { emptySqliteStore } from "../../support/empty-sqlite-store.ts";
import { testFolder } from "../../support/folder.ts";

const OF = { workflow: "w", cohort: 42 };
const PEOPLE = ["ada", "grace", "joan", "linus", "tim"];
const DAY_MS = 24 * 60 * 60 * 1000;

let posthog: LocalPostHog;
let clock: VirtualClock;
let folder: ReturnType<typeof testFolder>;
let store: Store;
/** The events that were ingested, in order; an event that is known is not ingested again. */
let ingested: Array<{ uuid: string; distinctId: string }>;

beforeEach(async () => {
  clock = createVirtualClock({ startAt: Date.parse("2026-03-02T09:00:00.000Z"), flowing: false });
  posthog = await openLocalPostHog({ projectToken: "phc_1", personalApiKey: "phx_1", clock, port: 0 });
  folder = testFolder();
  await emptySqliteStore(folder.path);
  store = await openSqliteStore({ dataDir: folder.path, now: clock.now });
  ingested = [];
  posthog.addCohort(42);
  for (const distinctId of PEOPLE) {
    posthog.capture({ event: "seen", distinctId });
    posthog.setMember(distinctId, 42, true);
  }
});
afterEach(async () => {
  await store.close();
  folder[Symbol.dispose]();
  clock.stop();
  await posthog.close(0);
});

describe("a sweep of a cohort", () => {
  it("reads page by page, each person once", async () => {
    await sweep();
    expect(people()).toEqual(PEOPLE);
    await sweep();
    expect(people()).toEqual(PEOPLE);
  });

  it("that ends at a page loses nobody, and does not count as the first", async () => {
    failAtQuery(3);
    await expect(sweep({ startsMembers: false })).rejects.toThrow("PostHog answered 500");
    expect(await store.people.findCohortRead(OF)).toBeNull();
    posthog.injectFault(null);
    await sweep({ startsMembers: false });
    expect([people(), await members()]).toEqual([[], PEOPLE]);

    await nextDay();
    for (const person of ["ada", "grace", "joan", "linus"]) posthog.setMember(person, 42, false);
    posthog.capture({ event: "seen", distinctId: "new" });
    posthog.setMember("new", 42, true);
    failAtQuery(2);
    await expect(sweep({ startsMembers: false })).rejects.toThrow("PostHog answered 500");
    expect(await members()).toEqual(expect.arrayContaining(PEOPLE));
    posthog.injectFault(null);
    await sweep({ startsMembers: false });
    expect([people(), await members()]).toEqual([["new"], ["new", "tim"]]);
  });

  it.each([
    ["the members are saved", "listDueMembers", 2],
    ["the events are ingested", "markMembersIngested", 1],
    ["the members are marked", "listDueMembers", 3],
    ["the last page", "saveCohortRead", 1],
  ] as const)("that ends after %s starts everybody once", async (_, method, nth) => {
    await expect(sweep({ endsAt: { method, nth } })).rejects.toThrow("the process ends");
    await nextDay();
    await sweep();
    expect(people()).toEqual(PEOPLE);
    expect(new Set(ingested.map(({ uuid }) => uuid)).size).toBe(PEOPLE.length);
  });

  it("starts everybody once beside a sweep of another process", async () => {
    await Promise.all([sweep(), sweep()]);
    // Both may ingest the same event, which the store then has once.
    expect(new Set(ingested.map(({ uuid }) => uuid)).size).toBe(PEOPLE.length);
    expect([await members(), await store.people.listDueMembers(OF, 10)]).toEqual([PEOPLE, []]);
  });

  it("starts those who were only recorded when the workflow changes to that", async () => {
    await sweep({ startsMembers: false });
    expect(people()).toEqual([]);
    await nextDay();
    await sweep();
    expect(people()).toEqual(PEOPLE);
  });

  it("is an error when a page comes again, and the key's scope is named", async () => {
    posthog.injectFault(({ path }) =>
      path.includes("/query") ? { status: 200, body: { results: [["ada", ["ada"], "p"]] } } : null,
    );
    await expect(sweep({ pageSize: 1 })).rejects.toThrow("the same page of a cohort");
    posthog.injectFault(null);
    posthog.settings.scopes = ["query:read", "person:read"];
    await expect(sweep()).rejects.toThrow("have the scope cohort:read");
  });
});

/** One sweep in pages of two people, which may end at a call of the store as a process ends. */
function sweep({
  startsMembers = true,
  pageSize = 2,
  endsAt,
}: {
  startsMembers?: boolean;
  pageSize?: number;
  endsAt?: { method: keyof Store["people"]; nth: number };
} = {}): Promise<void> {
  const access = { apiHost: posthog.url, projectId: "1", personalApiKey: "phx_1" };
  const sweepOf = createCohortSweep({
    readCohort: createReadCohort(access),
    posthog: createPostHogQueries(access, { pageSize }),
    members: endsAt === undefined ? store.people : endingAt(endsAt),
    readPersons: null,
    knownEvents: async (uuids) => uuids.filter((uuid) => ingested.some((event) => event.uuid === uuid)),
    async ingest(_source, parsed) {
      if ("event" in parsed) ingested.push(parsed.event);
      return { outcome: "accepted", uuid: null };
    },
    count() {},
    now: clock.now,
    log: createLog({ level: "silent" }),
  });
  return sweepOf("w", { id: 42, startsMembers })({ signal: new AbortController().signal, async renew() {} });
}

function endingAt({ method, nth }: { method: keyof Store["people"]; nth: number }): Store["people"] {
  let calls = 0;
  return new Proxy(store.people, {
    get(target, name, receiver) {
      if (name === method && ++calls === nth) throw new Error("the process ends");
      return Reflect.get(target, name, receiver);
    },
  });
}

function failAtQuery(nth: number): void {
  let queries = 0;
  posthog.injectFault(({ path }) => (path.includes("/query") && ++queries === nth ? { status: 500 } : null));
}

function people(): string[] {
  return ingested.map(({ distinctId }) => distinctId).sort();
}

async function members(): Promise<string[]> {
  return (await store.people.listUnseenMembers(OF, clock.now() + 1, 100)).sort();
}

function nextDay(): Promise<void> {
  return clock.travelBy(DAY_MS, async () => {});
}
