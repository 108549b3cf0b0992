import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { exiting } from "../support/exiting.ts";
import { decision, event, exit, OCCURRED_AT, run, start } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const HOUR_MS = 60 * 60 * 1000;
const STAMPS = [-180, -120, -1, 0, 1];
const TOGETHER = { "one by one": false, together: true };
/** So many seconds after what happened first. */
const at = (seconds: number) => new Date(Date.parse(OCCURRED_AT) + seconds * 1000).toISOString();

/** The promises of every engine about the order in which things arrive. */
export function storeArrivals(name: string, createEngine: () => Engine): void {
  describe(`the order of arrival: ${name}`, () => {
    let engine: Engine;
    let store: Store;
    let now = 0;

    beforeEach(async () => {
      now = Date.parse(OCCURRED_AT);
      engine = createEngine();
      store = await engine.open(() => now);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("the hours in which an event came are stored once, and deleted for their age", async () => {
      for (const [name, hour] of [
        ["b", 3],
        ["a", 2],
        ["a", 1],
        ["a", 2],
        ["c", 1],
      ] as const)
        await store.events.saveHour(name, hour * HOUR_MS);
      const hours = async (names: string[], since = 0) =>
        Object.fromEntries(await store.events.listHours(names, since));
      expect(await hours(["a", "b", "none"])).toEqual({ a: [HOUR_MS, 2 * HOUR_MS], b: [3 * HOUR_MS] });
      expect(await hours(["a", "c"], 2 * HOUR_MS)).toEqual({ a: [2 * HOUR_MS] });
      expect(await hours([])).toEqual({});
      expect(await store.prune(2 * HOUR_MS, 100)).toBe(2);
      expect(await hours(["a", "b", "c"])).toEqual({ a: [2 * HOUR_MS], b: [3 * HOUR_MS] });
    });

    describe("an exit that arrives after its start ends the run if it is stamped up to two minutes earlier", () => {
      const cases = STAMPS.flatMap((stamp) =>
        ["start, exit", "exit, start"].flatMap((order) =>
          Object.keys(TOGETHER).map((how) => [order, stamp, how] as const),
        ),
      );

      it.each(cases)("%s, stamped at %i s, %s", async (order, stamp, how) => {
        const ends = stamp >= 0 || (order === "start, exit" && stamp >= -120);
        const left = exit({ occurredAt: at(stamp) });
        const tellOf = { start: () => begin("u"), exit: () => leave("e", stamp) };
        await tellAll(
          order.split(", ").map((what) => tellOf[what as "start" | "exit"]),
          how,
        );

        expect(await store.runs.findExitSince(queryOf("u"))).toBe(ends ? left.eventName : null);
        const first = { ...run(), workflow: "w" };
        expect(await store.runs.enter(first, "one at a time")).toBe(true);
        await begin("v", 86_400);
        const next = { ...run({ eventUuid: "v", occurredAt: at(86_400) }), workflow: "w" };
        expect(await store.runs.enter(next, "one at a time")).toBe(ends);
        const { decision: holds } = await store.decisions.record(decision());
        expect(holds.outcome).toBe(ends ? "skipped" : "sent");

        expect((await store.runs.history({ transactionId: "u:w" })).exits).toHaveLength(ends ? 1 : 0);
        expect(await exiting(store, left)).toEqual(ends ? ["u:w"] : []);
        const about = { distinctId: "", transactionIds: [""], eventUuid: "e" };
        expect(await store.runs.list({ limit: 9, about })).toHaveLength(ends ? 1 : 0);
      });
    });

    it("counts by its first arrival, whatever else arrives in whatever order", async () => {
      let people = 0;
      const thing = fc.record({
        kind: fc.constantFrom("start", "exit"),
        name: fc.constantFrom("a", "b"),
        clock: fc.constantFrom(-1, 0, 0, 1),
      });
      const stamps = fc.record({ a: fc.constantFrom(...STAMPS), b: fc.constantFrom(...STAMPS) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(thing, { minLength: 2, maxLength: 8 }),
          fc.record({ start: stamps, exit: stamps }),
          fc.constantFrom(...Object.keys(TOGETHER)),
          async (things, stampOf, how) => {
            const distinctId = `person-${++people}`;
            const uuid = (kind: string, name: string) => `${distinctId} ${kind} ${name}`;
            const tell = things.map(({ kind, name, clock }) => () => {
              now += clock;
              if (kind === "start") return begin(uuid(kind, name), stampOf.start[name], distinctId);
              return leave(uuid(kind, name), stampOf.exit[name], distinctId);
            });
            await tellAll(tell, how);

            const first = (kind: string, name: string) =>
              things.findIndex((one) => one.kind === kind && one.name === name);
            const told = (kind: string) => (["a", "b"] as const).filter((name) => first(kind, name) >= 0);
            for (const name of told("start")) {
              const ends = told("exit").some((by) => {
                const isAfter = first("exit", by) > first("start", name);
                return stampOf.exit[by] >= stampOf.start[name] - (isAfter ? 120 : 0);
              });
              const query = { ...queryOf(uuid("start", name), distinctId), since: at(stampOf.start[name]) };
              expect([name, (await store.runs.findExitSince(query)) !== null]).toEqual([name, ends]);
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    it("of a run that is not known, or is not known any more, only the times count", async () => {
      await begin("u");
      await leave("e", -1);
      expect(await store.runs.findExitSince(queryOf("u"))).not.toBeNull();
      expect(await store.runs.findExitSince(queryOf("unknown"))).toBeNull();
      expect(await store.runs.findExitSince({ ...queryOf("unknown"), since: at(-1) })).not.toBeNull();
      expect(await exiting(store, exit({ eventUuid: "unknown", occurredAt: at(-1) }))).toEqual([]);
    });

    function queryOf(uuid: string, distinctId = "ada") {
      return { workflow: "w", distinctId, transactionId: `${uuid}:w`, since: OCCURRED_AT };
    }

    async function tellAll(tell: Array<() => Promise<unknown>>, how: string): Promise<void> {
      if (TOGETHER[how as keyof typeof TOGETHER]) await Promise.all(tell.map((one) => one()));
      else for (const one of tell) await one();
    }

    function begin(uuid: string, stamp = 0, distinctId = "ada") {
      const facts = { eventUuid: uuid, distinctId, occurredAt: at(stamp) };
      return store.events.insert(event({ uuid, ...facts }), { starts: [start({ run: run(facts) })], exits: [] });
    }

    function leave(uuid: string, stamp: number, distinctId = "ada") {
      const facts = { eventUuid: uuid, distinctId, occurredAt: at(stamp) };
      return store.events.insert(event({ uuid, distinctId, name: exit().eventName, occurredAt: at(stamp) }), {
        starts: [],
        exits: [exit(facts)],
      });
    }
  });
}
