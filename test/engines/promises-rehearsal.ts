import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../src/contracts/event.ts";
import type { ArrivedEvent } from "../../src/contracts/history.ts";
import type { Store } from "../../src/store/store.ts";
import { clicked, event, exit, OCCURRED_AT, profile, run, start } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const START = Date.parse(OCCURRED_AT);

/** The promises of every engine to a rehearsal. */
export function storeRehearsals(name: string, createEngine: () => Engine): void {
  describe(`the events of a period, for a rehearsal: ${name}`, () => {
    let engine: Engine;
    let store: Store;
    let now = 0;

    beforeEach(async () => {
      now = START;
      engine = createEngine();
      store = await engine.open(() => now);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("come page by page, each once, in the order in which they arrived", async () => {
      for (let index = 0; index < 23; index += 1) {
        now = START + Math.floor(index / 5);
        await begin(`u${99 - index}`, { distinctId: `p${index % 3}` });
      }
      const period = { since: START + 1, until: START + 4 };
      const found = await allOf<ArrivedEvent>((after) => store.events.listArrived({ ...period, after, limit: 4 }));
      const inOrder = found.sort((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0)).map(({ uuid }) => uuid);
      expect(inOrder).toEqual(Array.from({ length: 15 }, (_, index) => `u${99 - index - 5}`));
    });

    it("have the arrival of the run or the exit that they caused, and one without", async () => {
      await begin("u");
      await store.events.insert(event({ uuid: "i" }), { starts: [], exits: [], profiles: [profile()] });
      await store.events.insert(event({ uuid: "e" }), { starts: [], exits: [exit({ eventUuid: "e" })] });
      const { runs, exits } = await store.people.listRecords("ada");
      const arrivals = new Map((await list()).map(({ uuid, arrival }) => [uuid, arrival]));
      expect([arrivals.get("u"), arrivals.get("e")]).toEqual([runs[0]?.arrival, exits[0]?.arrival]);
      expect(arrivals.get("i")).toBeGreaterThan(arrivals.get("u")!);
      expect(arrivals.get("i")).toBeLessThan(arrivals.get("e")!);
    });

    it.each<[string, Partial<LifecycleEvent>, Record<string, unknown> | undefined]>([
      ["none", { personProperties: null }, undefined],
      ["only undeclared ones", { personProperties: { shoe_size: 40 } }, undefined],
      [
        "raw values by our spelling",
        { personProperties: { Email: "a@b.example", push_enabled: "yes" } },
        { email: "a@b.example", push_enabled: "yes" },
      ],
      ["an emptied one", { personProperties: { email: null } }, { email: null }],
      [
        "none that the event sets",
        { personProperties: { email: "a" }, properties: { $set: { email: "a" } } },
        undefined,
      ],
      [
        "none that the event sets once",
        { personProperties: { name: "A" }, properties: { $set_once: { name: "A" } } },
        undefined,
      ],
      [
        "one that had a value before",
        { personProperties: { name: "A" }, properties: { $set_once: { name: "B" } } },
        { name: "A" },
      ],
      [
        "some beside a $set that is no object",
        { personProperties: { name: "A" }, properties: { $set: null } },
        { name: "A" },
      ],
    ])("have the declared person properties: %s", async (_what, changes, expected) => {
      await begin("u", changes);
      expect((await list())[0]?.personProperties).toEqual(expected);
    });

    it("have Segment's facts about identity", async () => {
      const facts = { isIdentityEvent: true, changedProperties: ["email"], previousId: "visitor", deviceId: "device" };
      await begin("u", { source: "segment", ...facts });
      expect(await list()).toMatchObject([{ source: "segment", ...facts }]);
    });

    it("show no person properties elsewhere, and are deleted with the person", async () => {
      await begin("u", { personProperties: { email: "ada@example.com" } });
      expect(JSON.stringify((await store.runs.history({ distinctId: "ada" })).events)).not.toContain("ada@");
      expect(JSON.stringify((await store.people.listRecords("ada")).events)).toContain("ada@");
      await store.people.delete("ada");
      expect(await list()).toEqual([]);
    });

    it("come with the messages that were seen or read, page by page", async () => {
      for (const status of ["seen", "clicked", "read"] as const)
        for (let index = 0; index < 5; index += 1) {
          now = START + index;
          await store.decisions.insertReport(
            clicked({ status, transactionId: `u${index}:w`, at: new Date(now).toISOString() }),
          );
        }
      const period = { since: START + 1, until: START + 4 };
      const found = await allOf<Awaited<ReturnType<Store["events"]["listReplies"]>>[number]>((after) =>
        store.events.listReplies({ ...period, after, limit: 2 }),
      );
      expect(found.map(({ kind, transactionId }) => `${transactionId} ${kind}`)).toEqual(
        [1, 2, 3].flatMap((index) => [`u${index}:w read`, `u${index}:w seen`]),
      );
      expect(found[0]).toEqual({
        at: START + 1,
        transactionId: "u1:w",
        step: "welcome",
        kind: "read",
        distinctId: "ada",
      });
    });

    it("come with every opt-out and opt-in, page by page", async () => {
      const change = (distinctId: string, at: number, topics: { off?: string[]; on?: string[] }) =>
        store.people.changeOptOuts({
          ...{ distinctId, off: [], on: [], ...topics, cause: "link", report: null },
          at: new Date(START + at).toISOString(),
        });
      await change("ada", 0, { off: ["all", "offers"] });
      await change("ada", 1, { on: ["offers"] });
      await change("grace", 2, { off: ["workflow:w"] });
      const found = await allOf<Awaited<ReturnType<Store["events"]["listOptOutChanges"]>>[number]>((after) =>
        store.events.listOptOutChanges({ after, limit: 3 }),
      );
      expect(
        found.map(({ distinctId, topic, at, isOut }) => [distinctId, topic, Date.parse(at) - START, isOut]),
      ).toEqual([
        ["ada", "all", 0, true],
        ["ada", "offers", 0, true],
        ["ada", "offers", 1, false],
        ["grace", "workflow:w", 2, true],
      ]);
    });

    function begin(uuid: string, changes: Partial<LifecycleEvent> = {}) {
      const facts = { eventUuid: uuid, distinctId: changes.distinctId ?? "ada" };
      return store.events.insert(event({ uuid, ...changes }), { starts: [start({ run: run(facts) })], exits: [] });
    }

    function list() {
      return store.events.listArrived({ since: 0, until: START + 1, after: null, limit: 10 });
    }
  });
}

async function allOf<Item>(page: (after: Item | null) => Promise<Item[]>): Promise<Item[]> {
  const all: Item[] = [];
  for (let after: Item | null = null; ; ) {
    const items: Item[] = await page(after);
    all.push(...items);
    after = items.at(-1) ?? null;
    if (after === null) return all;
  }
}
