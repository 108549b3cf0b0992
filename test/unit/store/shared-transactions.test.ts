import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from "kysely";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { sharedTransactions } from "../../../src/store/shared-transactions.ts";
import type { Tables } from "../../../src/store/tables.ts";

let share: ReturnType<typeof sharedTransactions>;
/** The works of the present transaction, and of each that was committed. */
let works: string[];
let committed: string[][];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  works = [];
  committed = [];
  class Driver extends DummyDriver {
    override async beginTransaction() {
      works = [];
    }
    override async commitTransaction() {
      committed.push(works);
    }
  }
  share = sharedTransactions(
    new Kysely<Tables>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new Driver(),
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    }),
  );
});
afterEach(() => vi.useRealTimers());

const write = (name: string) => async () => void works.push(name);
const fail = async () => {
  throw new Error("refused");
};

it("works of one moment share a transaction", async () => {
  await Promise.all([share.ofOthers(write("job")), share.ofEvents(write("event")), share.ofOthers(write("run"))]);
  expect(committed).toEqual([["job", "event", "run"]]);
});

it("a work that fails fails alone", async () => {
  const results = await Promise.allSettled([
    share.ofEvents(write("event")),
    share.ofOthers(fail),
    share.ofOthers(write("run")),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(committed).toEqual([["event"], ["run"]]);
});

it("on a busy store, others wait for the next transaction of events", async () => {
  await eventsEvery(19);
  const job = share.ofOthers(write("job"));
  vi.advanceTimersByTime(19);
  await Promise.all([share.ofEvents(write("third event")), job]);
  expect(committed.slice(2)).toEqual([["third event", "job"]]);
});

it("others wait no longer than 20 ms", async () => {
  await eventsEvery(19);
  const job = share.ofOthers(write("job"));
  vi.advanceTimersByTime(20);
  await job;
  expect(committed.slice(2)).toEqual([["job"]]);
});

it.each([
  ["events are rare", 20, 0],
  ["the last event is long ago", 19, 20],
])("others do not wait where %s", async (_name, everyMs, laterMs) => {
  await eventsEvery(everyMs);
  vi.advanceTimersByTime(laterMs);
  await share.ofOthers(write("job"));
  expect(committed.slice(2)).toEqual([["job"]]);
});

async function eventsEvery(ms: number): Promise<void> {
  await share.ofEvents(write("first event"));
  vi.advanceTimersByTime(ms);
  await share.ofEvents(write("second event"));
}
