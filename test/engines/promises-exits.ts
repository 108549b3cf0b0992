import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ExitMatch, matchKey } from "../../src/contracts/exit-match.ts";
import type { Store } from "../../src/store/store.ts";
import { exiting } from "../support/exiting.ts";
import { decision, event, exit, LATER, merge, OCCURRED_AT, run, start } from "../support/facts.ts";
import { permutations } from "../support/permutations.ts";
import type { Engine } from "./promises.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** So many seconds after what happened first. */
const at = (seconds: number) => new Date(Date.parse(OCCURRED_AT) + seconds * 1000).toISOString();
const keyOf = (field: string, value: string) => matchKey("w", field, value) ?? "";
const matchOf = (field: string, value: string, of: ExitMatch["of"] = "person"): ExitMatch => ({
  ...{ field, key: keyOf(field, value), of },
});

/** The promises of every engine about the runs that an exit ends. */
export function storeExits(name: string, createEngine: () => Engine): void {
  describe(`exits that match: ${name}`, () => {
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

    describe("an exit of anyone ends a run of another person, in every way in which a run is asked about", () => {
      it.each(permutations(["run", "exit", "other"]))("%s, %s, %s", async (...order) => {
        const tellOf = {
          run: () => begin("u", { distinctId: "ada", keys: { invite: "i" } }),
          other: () => begin("o", { distinctId: "ada", keys: { invite: "other" } }),
          exit: () => leave("e", { distinctId: "grace", matches: [matchOf("invite", "i", "anyone")] }),
        };
        for (const what of order) await tellOf[what as keyof typeof tellOf]();

        expect([await endedBy("u"), await endedBy("o")]).toEqual(["checkout_completed", null]);
        const made = await Promise.all(
          ["u:w", "o:w"].map((transactionId) => store.decisions.record(decision({ transactionId }))),
        );
        expect(made.map((one) => [one.decision.outcome, one.decision.detail])).toEqual([
          ["skipped", "checkout_completed"],
          ["sent", null],
        ]);
        const about = { distinctId: "", transactionIds: [""], eventUuid: "e" };
        expect((await store.runs.list({ limit: 9, about })).map(({ transactionId }) => transactionId)).toEqual(["u:w"]);
        const left = exit({ distinctId: "grace", matches: [matchOf("invite", "i", "anyone")] });
        expect(await store.runs.markExiting(left)).toEqual([{ transactionId: "u:w", distinctId: "ada", part: 0 }]);
        expect([await store.runs.findState("u:w"), await store.runs.findState("o:w")]).toEqual(["exiting", "pending"]);
      });
    });

    it("an ended run lets the person enter again, and another run does not", async () => {
      const enter = (uuid: string) => store.runs.enter({ ...run({ eventUuid: uuid }), workflow: "w" }, "one at a time");
      await begin("a", { keys: { cart: "1" } });
      await begin("b", { keys: { cart: "2" } });
      expect([await enter("a"), await enter("b")]).toEqual([true, false]);
      await leave("e", { matches: [matchOf("cart", "2")] });
      expect(await enter("b")).toBe(false);
      await leave("f", { distinctId: "grace", matches: [matchOf("cart", "1", "anyone")] });
      expect(await enter("b")).toBe(true);
    });

    it("a record of another person's exit names neither that person nor their event", async () => {
      await begin("u", { distinctId: "ada", keys: { invite: "i" } });
      const matches = [matchOf("invite", "i", "anyone")];
      await leave("e", { distinctId: "grace", matches });
      const exits = [
        {
          ...{
            workflow: "w",
            eventName: "checkout_completed",
            distinctId: null,
            eventUuid: null,
            wait: null,
            ends: ["u:w"],
          },
          ...{ occurredAt: at(0), arrival: expect.any(Number) },
        },
      ];
      const histories = [
        await store.runs.history({ transactionId: "u:w" }),
        await store.runs.history({ distinctId: "ada" }),
      ];
      for (const history of [...histories, await store.runs.listOf(["ada"])]) {
        expect(history.exits).toEqual(exits);
        expect(JSON.stringify(history)).not.toContain("grace");
      }
      expect((await store.runs.history({ distinctId: "grace" })).exits).toMatchObject([
        { distinctId: "grace", eventUuid: "e", ends: [] },
      ]);
    });

    it("a record has all runs that several matches of one event end", async () => {
      await begin("a", { keys: { cart: "1" } });
      await begin("b", { stamp: 1, keys: { cart: "2" } });
      await begin("c", { keys: { cart: "3" } });
      await leave("e", { stamp: 2, matches: [matchOf("cart", "1"), matchOf("cart", "2", "anyone")] });
      const { exits } = await store.runs.history({ distinctId: "ada" });
      expect(exits).toMatchObject([{ eventUuid: "e", ends: ["a:w", "b:w"] }]);
      expect((await store.runs.history({ transactionId: "c:w" })).exits).toEqual([]);
    });

    it("a person is deleted and exported without the other, and the run stays ended", async () => {
      await begin("u", { distinctId: "ada", keys: { invite: "ada@example.com" } });
      await leave("e", { distinctId: "grace", matches: [matchOf("invite", "ada@example.com", "anyone")] });
      const [ada, grace] = [await store.people.listRecords("ada"), await store.people.listRecords("grace")];
      expect([ada.matchKeys.length, grace.exits.length]).toEqual([1, 1]);
      expect(JSON.stringify(ada)).not.toContain("grace");
      expect(JSON.stringify(grace)).not.toContain("ada");

      await exiting(store, exit({ distinctId: "grace", matches: [matchOf("invite", "ada@example.com", "anyone")] }));
      await store.runs.markExited("u:w");
      expect(await store.people.delete("grace")).toMatchObject({ exits: 1, jobs: 1, runs: 0, matchKeys: 0 });
      expect(await store.runs.findState("u:w")).toBe("exited");
      expect(await store.people.delete("ada")).toMatchObject({ runs: 1, matchKeys: 1 });
    });

    it("a match key stays as long as its run", async () => {
      await begin("u", { keys: { cart: "1" } });
      const old = now + DAY_MS;
      expect([await store.prune(old, 100), (await store.people.listRecords("ada")).matchKeys.length]).toEqual([1, 1]);
      await store.jobs.complete((await store.jobs.claim("novu", 1, 1_000)).map(({ id }) => id));
      // The run, and its match key.
      expect(await store.prune(old, 100)).toBe(2);
      expect((await store.people.listRecords("ada")).matchKeys).toEqual([]);
    });

    it("whatever arrives in whatever order, however often: the first arrivals decide", async () => {
      let round = 0;
      const people = ["ada", "visitor", "grace"];
      const value = fc.constantFrom("1", "2", null);
      const starts = fc.record({
        kind: fc.constant("start" as const),
        ...{ person: fc.constantFrom(...people), cart: value, invite: value },
        stamp: fc.constantFrom(-180, -60, 0, 60),
      });
      const exits = fc.record({
        kind: fc.constant("exit" as const),
        ...{ person: fc.constantFrom(...people), field: fc.constantFrom("cart", "invite"), value },
        ...{ of: fc.constantFrom("person" as const, "anyone" as const), stamp: fc.constantFrom(-180, -60, 0, 60) },
      });
      const merges = fc.constant({ kind: "merge" as const });
      const tells = fc.array(fc.oneof(starts, exits, merges), { minLength: 2, maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(
          tells,
          fc.array(fc.nat(5), { maxLength: 3 }),
          fc.boolean(),
          async (first, again, isTogether) => {
            round += 1;
            const idOf = (person: string) => `${person}-${round}`;
            const uuidOf = (index: number) => `${round}-${index}`;
            const textOf = (text: string) => `${round} ${text}`;
            const matchesOf = ({
              field,
              value: text,
              of,
            }: Pick<ExitMatch, "field" | "of"> & { value: string | null }) =>
              text === null ? undefined : [matchOf(field, textOf(text), of)];
            const things = [...first.keys(), ...again.filter((index) => index < first.length)];
            const tell = things.map((index) => () => {
              const thing = first[index]!;
              if (thing.kind === "merge")
                return accept(`${uuidOf(index)} merge`, {
                  merges: [merge({ previousId: idOf("visitor"), currentId: idOf("ada") })],
                });
              const facts = { distinctId: idOf(thing.person), stamp: thing.stamp };
              if (thing.kind === "start") {
                const keys = Object.entries({ cart: thing.cart, invite: thing.invite }).flatMap(([field, text]) =>
                  text === null ? [] : [[field, textOf(text)] as const],
                );
                return begin(uuidOf(index), { ...facts, keys: Object.fromEntries(keys) });
              }
              return leave(uuidOf(index), { ...facts, matches: matchesOf(thing) });
            });
            if (isTogether) await Promise.all(tell.map((one) => one()));
            else for (const one of tell) await one();

            const isMerged = first.some(({ kind }) => kind === "merge");
            const personOf = (person: string) => (isMerged && person === "visitor" ? "ada" : person);
            const ends = (by: number, begun: number) => {
              const [left, start] = [first[by], first[begun]];
              if (left?.kind !== "exit" || start?.kind !== "start") return false;
              if (left.stamp < start.stamp - (by > begun ? 120 : 0)) return false;
              const own = start[left.field as "cart" | "invite"];
              return personOf(left.person) === personOf(start.person)
                ? left.value === null || own === null || own === left.value
                : left.of === "anyone" && left.value !== null && own === left.value;
            };
            for (const [index, thing] of first.entries()) {
              if (thing.kind !== "start") continue;
              const isEnded = [...first.keys()].some((by) => ends(by, index));
              const ofRun = { distinctId: idOf(thing.person), stamp: thing.stamp };
              expect([index, (await endedBy(uuidOf(index), ofRun)) !== null]).toEqual([index, isEnded]);
              const about = { transactionId: `${uuidOf(index)}:w`, distinctId: ofRun.distinctId };
              const { decision: made } = await store.decisions.record(decision(about));
              expect([index, made.outcome]).toEqual([index, isEnded ? "skipped" : "sent"]);
            }
            for (const [index, thing] of first.entries()) {
              if (thing.kind !== "exit") continue;
              const facts = { eventUuid: uuidOf(index), distinctId: idOf(thing.person), occurredAt: at(thing.stamp) };
              const matches = matchesOf(thing);
              const ended = await exiting(store, exit({ ...facts, ...(matches && { matches }) }));
              const expected = [...first.keys()].filter((begun) => ends(index, begun));
              expect([index, ended.sort()]).toEqual([index, expected.map((begun) => `${uuidOf(begun)}:w`).sort()]);
            }
          },
        ),
        { numRuns: 60 },
      );
    });

    interface Facts {
      distinctId?: string;
      stamp?: number;
    }

    function begin(uuid: string, { distinctId = "ada", stamp = 0, keys }: Facts & { keys: Record<string, string> }) {
      const facts = { eventUuid: uuid, distinctId, occurredAt: at(stamp) };
      const matchKeys = Object.fromEntries(Object.entries(keys).map(([field, value]) => [field, keyOf(field, value)]));
      return store.events.insert(event({ uuid, distinctId, occurredAt: at(stamp) }), {
        starts: [start({ run: run(facts), matchKeys })],
        exits: [],
      });
    }

    function leave(
      uuid: string,
      { distinctId = "ada", stamp = 0, matches }: Facts & { matches: ExitMatch[] | undefined },
    ) {
      const facts = { eventUuid: uuid, distinctId, occurredAt: at(stamp), ...(matches && { matches }) };
      return store.events.insert(event({ uuid, distinctId, name: exit().eventName, occurredAt: at(stamp) }), {
        starts: [],
        exits: [exit(facts)],
      });
    }

    function accept(uuid: string, { merges }: { merges: Array<ReturnType<typeof merge>> }) {
      const [{ currentId } = merge()] = merges;
      return store.events.insert(event({ uuid, distinctId: currentId, occurredAt: LATER }), {
        ...{ starts: [], exits: [], merges },
      });
    }

    function endedBy(uuid: string, { distinctId = "ada", stamp = 0 }: Facts = {}) {
      const since = at(stamp);
      return store.runs.findExitSince({ workflow: "w", distinctId, transactionId: `${uuid}:w`, since });
    }
  });
}
