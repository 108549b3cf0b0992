import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QUEUES } from "../../src/contracts/job.ts";
import { addressHash, type OptOutChange } from "../../src/contracts/opt-out.ts";
import type { Store } from "../../src/store/store.ts";
import { event, LATER, merge, OCCURRED_AT, unsubscribed } from "../support/facts.ts";
import { permutations } from "../support/permutations.ts";
import type { Engine } from "./promises.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const LATER_STILL = "2026-03-02T11:00:00.000Z";

/** What every engine promises about what people do not want, and what cannot be delivered to them. */
export function storeOptOuts(name: string, createEngine: () => Engine): void {
  describe(`the store's opt-outs: ${name}`, () => {
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

    it("are kept with the jobs that they owe", async () => {
      expect(await off({ off: ["offers", "reminders"], report: unsubscribed() })).toEqual(["offers", "reminders"]);
      expect(await store.people.findOptOuts("ada")).toEqual({
        off: ["offers", "reminders"],
        on: {},
        distinctIds: ["ada"],
      });
      const body = { distinctId: "ada", topics: ["offers", "reminders"], at: OCCURRED_AT };
      expect(await owed()).toEqual([
        { kind: "preferences", body },
        { kind: "opt-outs", body },
        { kind: "report", body: unsubscribed() },
      ]);
    });

    it("said again change nothing, and owe nothing", async () => {
      await Promise.all(Array.from({ length: 10 }, () => off({ report: unsubscribed() })));
      expect(await off({ cause: "complained", at: LATER })).toEqual([]);
      expect(await store.jobs.count()).toEqual({ waiting: 3, dead: 0 });
      expect((await store.people.listRecords("ada")).optOuts).toHaveLength(1);
    });

    it("hold until something else is said", async () => {
      await off({ off: ["offers", "all"] });
      expect(await store.people.changeOptOuts(choice({ on: ["all"], at: LATER }))).toEqual(["all"]);
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["offers"], on: { all: LATER } });
      expect(await off({ off: ["all"], at: LATER_STILL })).toEqual(["all"]);
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["all", "offers"], on: {} });
    });

    it.each(permutations([0, 1, 2]))(
      "that come late from elsewhere count as of when they were said: %s, %s, %s",
      async (...order) => {
        const said = [
          choice({ off: ["offers"], cause: "novu" }),
          choice({ on: ["offers"], cause: "novu", at: LATER }),
          choice({ off: ["offers"], cause: "complained", at: LATER_STILL }),
        ];
        for (const index of order) await store.people.changeOptOuts(said[index]!);
        expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["offers"] });
      },
    );

    it.each([
      ["off", "on"],
      ["on", "off"],
    ] as const)("of one moment end with the no: %s, %s", async (...order) => {
      for (const which of order) await store.people.changeOptOuts(choice({ [which]: ["offers"], cause: "novu" }));
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["offers"] });
    });

    it("by a link count now, whatever another process takes the time for", async () => {
      await off({ at: LATER_STILL });
      expect(await store.people.changeOptOuts(choice({ on: ["offers"] }))).toEqual(["offers"]);
      expect(await off({})).toEqual(["offers"]);
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["offers"] });
    });

    it("by one message are told to PostHog once", async () => {
      await off({ report: unsubscribed() });
      await doAll();
      await store.people.changeOptOuts(choice({ on: ["offers"], at: LATER }));
      await off({ at: LATER_STILL, report: unsubscribed({ at: LATER_STILL }) });
      now += 5_000;
      expect((await owed()).map(({ kind }) => kind)).toEqual(["preferences", "opt-outs"]);
      await off({ off: ["reminders"], report: unsubscribed({ step: "second" }) });
      expect((await owed()).filter(({ kind }) => kind === "report")).toHaveLength(1);
    });

    it("owe one job of a kind for each person, about all that changed, however often they do", async () => {
      for (let turn = 0; turn < 120; turn += 1) {
        now += 1_000;
        const at = new Date(now).toISOString();
        const topic = turn % 3 === 0 ? "offers" : "reminders";
        await store.people.changeOptOuts(choice(turn % 2 === 0 ? { off: [topic], at } : { on: [topic], at }));
      }
      await off({ distinctId: "grace" });
      const jobs = (await owed()).map(({ kind, body }) => [kind, body]);
      expect(jobs).toEqual([
        ["preferences", expect.objectContaining({ distinctId: "ada", topics: ["offers", "reminders"] })],
        ["preferences", expect.objectContaining({ distinctId: "grace" })],
        ["opt-outs", expect.objectContaining({ distinctId: "ada", topics: ["offers", "reminders"] })],
        ["opt-outs", expect.objectContaining({ distinctId: "grace" })],
      ]);
      expect((await store.people.listRecords("ada")).optOuts.length).toBeLessThanOrEqual(2 * 51);
    });

    it("are not lost when a worker whose lease has run out completes the job that it did", async () => {
      await off({});
      const [late] = await store.jobs.claim("subscribers", 1, 1_000);
      now += 60_000;
      await store.people.changeOptOuts(choice({ on: ["offers"], at: LATER }));
      await store.jobs.complete([late!.id]);
      const kinds = (await owed()).map(({ kind }) => kind);
      expect(kinds).toEqual(["preferences", "opt-outs"]);
    });

    it("during the job of an earlier choice owe another job, which then stays the only one", async () => {
      await off({});
      const [inProgress] = await store.jobs.claim("subscribers", 1, 60_000);
      for (const at of [LATER, LATER_STILL]) {
        await store.people.changeOptOuts(choice({ on: ["offers"], at }));
        await off({ off: ["reminders"], at });
      }
      expect(await store.jobs.claim("subscribers", 10, 60_000)).toEqual([]);
      now += 5_000;
      const next = await store.jobs.claim("subscribers", 10, 60_000);
      expect(next.map(({ body }) => JSON.parse(body).body.topics)).toEqual([["offers", "reminders"]]);
      await off({ off: ["news"], at: LATER_STILL });
      now += 5_000;
      const third = await store.jobs.claim("subscribers", 10, 60_000);
      expect(third.map(({ body }) => JSON.parse(body).body.topics)).toEqual([["news"]]);
      expect((await store.people.delete("ada")).jobs).toBe(4);
      expect(inProgress).toBeDefined();
    });

    it("are those of all their ids", async () => {
      await off({ distinctId: "visitor" });
      await accept();
      expect(await store.people.findOptOuts("ada")).toEqual({
        off: ["offers"],
        on: {},
        distinctIds: ["ada", "visitor"],
      });
      await store.people.changeOptOuts(choice({ on: ["offers"], at: LATER }));
      expect(await store.people.findOptOuts("visitor")).toMatchObject({ off: [], on: { offers: LATER } });
      const asked = await Promise.all(["grace", "ada", "visitor", "ada"].map((id) => store.people.findOptOuts(id)));
      expect(asked.map(({ on, distinctIds }) => [on, distinctIds])).toEqual([
        [{}, ["grace"]],
        ...Array(3).fill([{ offers: LATER }, ["ada", "visitor"]]),
      ]);
    });

    it("stay, however old they are", async () => {
      await off({ report: unsubscribed() });
      await store.people.saveBounce({ distinctId: "ada", addressHash: null, at: OCCURRED_AT });
      await doAll();
      expect(await store.prune(now + 1000 * DAY_MS, 100)).toBe(0);
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["offers"] });
      expect(await store.people.listBounces("ada")).toHaveLength(1);
    });

    it("outlive a restart", async () => {
      await off({});
      await store.close();
      store = await engine.reopen(() => now);
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: ["offers"] });
      expect(await store.jobs.count()).toEqual({ waiting: 2, dead: 0 });
    });

    it("are among a person's records, and go with them, with what is owed", async () => {
      for (const distinctId of ["visitor", "ada", "grace"]) {
        await off({ distinctId, report: unsubscribed({ distinctId, transactionId: `${distinctId}:w` }) });
        await store.people.saveBounce({
          distinctId,
          addressHash: addressHash(`${distinctId}@example.com`),
          at: OCCURRED_AT,
        });
      }
      await accept();
      const others = await store.people.listRecords("grace");
      const { optOuts, bounces, jobs } = await store.people.listRecords("ada");
      expect([optOuts.length, bounces.length, jobs.length]).toEqual([2, 2, 6]);
      expect(JSON.stringify(bounces)).not.toContain("@");
      expect(await store.people.delete("ada")).toMatchObject({ optOuts: 2, bounces: 2, jobs: 6 });
      expect(await store.people.findOptOuts("ada")).toMatchObject({ off: [] });
      expect(await store.people.listRecords("grace")).toEqual(others);
    });

    it("and bounces are known for each address, with the time of the last one", async () => {
      const bounces: Array<[string | null, string]> = [
        ["Ada@example.com ", LATER],
        ["ada@example.com", OCCURRED_AT],
        ["from-an-event@example.com", LATER_STILL],
        [null, LATER],
        [null, LATER_STILL],
      ];
      for (const [address, at] of bounces)
        await store.people.saveBounce({ distinctId: "ada", addressHash: address && addressHash(address), at });
      const saved = await store.people.listBounces("ada");
      expect(saved).toHaveLength(3);
      expect(saved).toEqual(
        expect.arrayContaining([
          { addressHash: addressHash("ada@example.com"), at: LATER },
          { addressHash: addressHash("from-an-event@example.com"), at: LATER_STILL },
          { addressHash: null, at: LATER_STILL },
        ]),
      );
    });

    function off(changes: Partial<OptOutChange>): Promise<string[]> {
      return store.people.changeOptOuts(choice({ off: ["offers"], ...changes }));
    }

    async function accept(): Promise<void> {
      await store.events.insert(event({ uuid: "m" }), { starts: [], exits: [], merges: [merge()] });
    }

    /** Takes all that waits. */
    async function owed(): Promise<Array<{ kind: string; body: unknown }>> {
      const jobs = [];
      for (const queue of QUEUES) jobs.push(...(await store.jobs.claim(queue, 100, 1_000)));
      return jobs.map(({ body }) => JSON.parse(body)).sort((a, b) => order(a) - order(b));
    }

    async function doAll(): Promise<void> {
      for (const queue of QUEUES)
        await store.jobs.complete((await store.jobs.claim(queue, 100, 1_000)).map(({ id }) => id));
    }
  });
}

function choice(changes: Partial<OptOutChange> = {}): OptOutChange {
  return { distinctId: "ada", off: [], on: [], cause: "link", at: OCCURRED_AT, report: null, ...changes };
}

function order({ kind }: { kind: string }): number {
  return ["preferences", "opt-outs", "report"].indexOf(kind);
}
