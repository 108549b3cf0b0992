import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../../src/store/store.ts";
import { merge, OCCURRED_AT } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const OF = { workflow: "w", cohort: 42 };
const START = Date.parse(OCCURRED_AT);

/** The promises of every engine about the members of cohorts. */
export function storeCohorts(name: string, createEngine: () => Engine): void {
  describe(`the store's cohorts: ${name}`, () => {
    let engine: Engine;
    let store: Store;

    beforeEach(async () => {
      engine = createEngine();
      store = await engine.open(() => START);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("have the entry of each new member due once, until it is ingested", async () => {
      await read(["grace", "ada"], 0);
      expect(await due()).toEqual(["ada 0", "grace 0"]);
      await read(["ada", "grace", "linus"], 1);
      expect(await due()).toEqual(["ada 0", "grace 0", "linus 1"]);
      expect(await store.people.listDueMembers(OF, 2)).toHaveLength(2);
      await store.people.markMembersIngested(OF, await store.people.listDueMembers(OF, 2));
      expect(await due()).toEqual(["linus 1"]);
      await read(["ada", "grace", "linus"], 2);
      expect(await due()).toEqual(["linus 1"]);
      await store.people.saveCohortMembers(OF, [], { seenAt: at(3), isDue: true, isForAll: true });
    });

    it("only record members who are not due, until all members are asked for", async () => {
      await read(["ada", "grace"], 0, { isDue: false });
      await read(["ada"], 1);
      expect(await due()).toEqual([]);
      await read(["ada", "linus"], 2, { isForAll: true });
      expect(await due()).toEqual(["ada 2", "linus 2"]);
      await ingestAll();
      await read(["ada", "linus"], 3, { isForAll: true });
      expect(await due()).toEqual([]);
    });

    it("are apart for each workflow and cohort", async () => {
      await read(["ada"], 0);
      for (const other of [
        { workflow: "v", cohort: 42 },
        { workflow: "w", cohort: 43 },
      ]) {
        expect(await store.people.listDueMembers(other, 10)).toEqual([]);
        await store.people.deleteUnseenMembers(other, ["ada"], at(9));
        await store.people.markMembersIngested(other, [{ distinctId: "ada", enteredAt: at(0) }]);
      }
      expect(await due()).toEqual(["ada 0"]);
    });

    it("know a member by another id, in the call or merged", async () => {
      await read(["visitor", "old"], 0);
      await ingestAll();
      await store.people.merge(merge());
      const members = [
        { distinctId: "ada", ids: ["ada"] },
        { distinctId: "new", ids: ["old", "new"] },
      ];
      await store.people.saveCohortMembers(OF, members, { seenAt: at(1), isDue: true, isForAll: false });
      expect([await due(), await unseen(1)]).toEqual([[], []]);
    });

    it("lose those whom no read had since, and no others", async () => {
      await read(["ada", "grace", "linus"], 0);
      await read(["ada"], 2);
      // An earlier read that ends later, of another process.
      await read(["ada"], 1);
      expect(await unseen(2)).toEqual(["grace", "linus"]);
      await store.people.keepMembers(OF, ["grace"], at(2));
      await store.people.deleteUnseenMembers(OF, ["ada", "grace", "linus"], at(2));
      expect([await unseen(2), await unseen(3)]).toEqual([[], ["ada", "grace"]]);
      await ingestAll();
      await read(["linus"], 3);
      expect(await due()).toEqual(["linus 3"]);
    });

    it("are saved once by two processes at once, with the time of one of them", async () => {
      await Promise.all([0, 1, 2].map((hour) => read(["ada", "grace"], hour)));
      const rows = await store.people.listDueMembers(OF, 10);
      expect(rows.map(({ distinctId }) => distinctId)).toEqual(["ada", "grace"]);
    });

    it("know their last complete read", async () => {
      expect(await store.people.findCohortRead(OF)).toBeNull();
      await store.people.saveCohortRead(OF, at(0));
      await store.people.saveCohortRead(OF, at(1));
      expect(await store.people.findCohortRead(OF)).toBe(at(1));
      expect(await store.people.findCohortRead({ ...OF, workflow: "v" })).toBeNull();
    });

    it("go with the person, and when no read has had them for long", async () => {
      await read(["visitor", "ada", "grace"], 0);
      await store.people.merge(merge());
      expect((await store.people.listRecords("ada")).cohortMembers).toHaveLength(2);
      expect(await store.people.delete("ada")).toMatchObject({ cohortMembers: 2 });
      expect(await due()).toEqual(["grace 0"]);
      expect(await store.prune(at(0), 10)).toBe(0);
      await read(["grace"], 5);
      expect(await store.prune(at(5), 10)).toBe(0);
      await store.people.saveCohortRead(OF, at(5));
      expect(await store.prune(START + DAY_MS, 10)).toBe(0);
      await store.people.saveCohortRead(OF, START - 20 * DAY_MS);
      expect(await store.prune(START + DAY_MS, 10)).toBe(1);
      expect(await due()).toEqual([]);
    });

    function read(ids: string[], hour: number, how: { isDue?: boolean; isForAll?: boolean } = {}): Promise<void> {
      const members = ids.map((distinctId) => ({ distinctId, ids: [distinctId] }));
      const { isDue = true, isForAll = false } = how;
      return store.people.saveCohortMembers(OF, members, { seenAt: at(hour), isDue, isForAll });
    }

    async function due(): Promise<string[]> {
      const rows = await store.people.listDueMembers(OF, 100);
      return rows.map(({ distinctId, enteredAt }) => `${distinctId} ${(enteredAt - START) / 3_600_000}`);
    }

    async function ingestAll(): Promise<void> {
      await store.people.markMembersIngested(OF, await store.people.listDueMembers(OF, 100));
    }

    async function unseen(hour: number): Promise<string[]> {
      return (await store.people.listUnseenMembers(OF, at(hour), 100)).sort();
    }
  });
}

/** So many hours after the start. */
function at(hours: number): number {
  return START + hours * 3_600_000;
}
