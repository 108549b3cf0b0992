import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { QUEUES } from "../../src/contracts/job.ts";
import type { PersonProperties } from "../../src/contracts/person.ts";
import type { EntryLimit, Merge, Traits } from "../../src/contracts/routing.ts";
import type { Profile, SentProfile } from "../../src/store/people.ts";
import type { Store } from "../../src/store/store.ts";
import { exiting } from "../support/exiting.ts";
import { decision, event, exit, LATER, merge, OCCURRED_AT, profile, run, start, traits } from "../support/facts.ts";
import { permutations } from "../support/permutations.ts";
import type { Engine } from "./promises.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const EARLIER = "2026-03-02T08:00:00.000Z";
const SINCE = { workflow: "w", transactionId: "visitor:w", since: OCCURRED_AT };

/** What every engine promises about who people are. */
export function storePeople(name: string, createEngine: () => Engine): void {
  describe(`the store's people: ${name}`, () => {
    let engine: Engine;
    let store: Store;
    let now = 0;
    let events = 0;

    beforeEach(async () => {
      now = Date.parse(OCCURRED_AT);
      engine = createEngine();
      store = await engine.open(() => now);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    describe("a merge", () => {
      it.each(permutations(["start", "merge", "exit"]))(
        "lets an exit reach the runs of the former id: %s, %s, %s",
        async (...order) => {
          for (const what of order) {
            if (what === "merge") await merged(["visitor", "ada"]);
            else if (what === "start") await begun("visitor");
            else await left("ada");
          }
          expect(await store.runs.findExitSince({ ...SINCE, distinctId: "visitor" })).toBe("checkout_completed");
          expect(await exiting(store, exit())).toEqual(["visitor:w"]);
        },
      );

      it("works in both directions and over several ids, in a circle too", async () => {
        await merged(["a", "b"], ["c", "b"], ["b", "d"], ["d", "a"]);
        await left("c");
        for (const distinctId of ["a", "b", "c", "d"])
          expect(await store.runs.findExitSince({ ...SINCE, distinctId })).toBe("checkout_completed");
        expect(await store.runs.findExitSince({ ...SINCE, distinctId: "e" })).toBeNull();
      });

      it("keeps apart who is asked for together", async () => {
        await merged(["visitor", "ada"], ["guest-2", "grace"]);
        await left("ada");
        const asked = ["visitor", "ada", "guest-2", "grace", "linus"];
        const answers = await Promise.all(
          asked.map((distinctId) => store.runs.findExitSince({ ...SINCE, distinctId })),
        );
        expect(answers.map((answer) => answer !== null)).toEqual([true, true, false, false, false]);
      });

      it.each([
        ["one by one", false],
        ["together", true],
      ])("of one id into two counts once, the first in time: %s", async (_name, together) => {
        const told = ["grace", "ada", "linus"].map((currentId, index) => ({
          currentId,
          occurredAt: [LATER, OCCURRED_AT, LATER][index]!,
        }));
        for (const order of permutations(told)) {
          const previousId = `kiosk ${order.map(({ currentId }) => currentId)}`;
          const acceptAll = order.map((one) => () => accept({ merges: [merge({ previousId, ...one })] }));
          if (together) await Promise.all(acceptAll.map((go) => go()));
          else for (const go of acceptAll) await go();
          const kept = (await store.people.listRecords(previousId)).aliases.filter(
            (row) => row.previous_id === previousId,
          );
          expect(kept).toMatchObject([{ current_id: "ada", occurred_at: OCCURRED_AT }]);
        }
      });

      it("comes with its event, once or again", async () => {
        expect(await store.events.insert(event(), { starts: [], exits: [], merges: [merge()] })).toBe("accepted");
        expect(await store.events.insert(event(), { starts: [], exits: [], merges: [merge()] })).toBe("duplicate");
        expect((await store.people.listRecords("visitor")).aliases).toMatchObject([
          { previous_id: "visitor", current_id: "ada" },
        ]);
      });

      it("adds up what was counted by either id", async () => {
        await begun("visitor", OCCURRED_AT);
        await begun("ada", LATER);
        for (const id of ["visitor", "ada"])
          await store.decisions.record(decision({ transactionId: id, distinctId: id }));
        const query = { ...SINCE, eventName: "checkout_started", from: OCCURRED_AT, to: LATER };
        const counts = async (distinctId: string) => [
          (await store.runs.listOccurrences({ ...query, distinctId })).length,
          (await store.decisions.list({ distinctId })).length,
        ];
        expect(await counts("ada")).toEqual([1, 1]);
        await merged(["visitor", "ada"]);
        for (const id of ["visitor", "ada"]) expect(await counts(id)).toEqual([2, 2]);
      });
    });

    describe("a split", () => {
      const idsOf = async (distinctId: string) => {
        const ids = ["visitor", "ada", "grace", "linus", "phone"];
        const counts = await Promise.all(
          ids.map(async (id) => {
            const { exits } = await store.people.listRecords(distinctId);
            return exits.some((row) => row.distinct_id === id) ? [id] : [];
          }),
        );
        return counts.flat();
      };

      it("undoes all merges that name an id, which is alone then, and leaves the others merged", async () => {
        for (const id of ["visitor", "ada", "grace", "linus", "phone"]) await left(id);
        await merged(["visitor", "ada"], ["ada", "grace"], ["phone", "grace"], ["linus's visitor", "linus"]);
        expect(await idsOf("ada")).toEqual(["visitor", "ada", "grace", "phone"]);
        expect(await store.people.split("ada")).toBe(2);
        expect(await idsOf("ada")).toEqual(["ada"]);
        expect(await idsOf("visitor")).toEqual(["visitor"]);
        expect(await idsOf("phone")).toEqual(["grace", "phone"]);
        expect(await store.people.split("ada")).toBe(0);
        expect((await store.people.listRecords("linus")).aliases).toHaveLength(1);
      });

      it("holds when the event that merged them is told again, and ends with another one that does", async () => {
        const again = { uuid: "merging", merges: [merge()] };
        await accept(again);
        await store.people.split("ada");
        expect(await accept(again)).toBe("duplicate");
        expect((await store.people.listRecords("ada")).aliases).toEqual([]);
        await accept({ merges: [merge()] });
        expect((await store.people.listRecords("ada")).aliases).toHaveLength(1);
      });
    });

    it("writes no message down as sent to whoever has left under another id", async () => {
      const { transactionId } = await begun("visitor", OCCURRED_AT);
      await left("ada");
      await merged(["visitor", "ada"]);
      const sent = decision({ transactionId, distinctId: "visitor" });
      expect((await store.decisions.record(sent)).decision).toMatchObject({ outcome: "skipped", reason: "exited" });
    });

    it("leaves a person of several ids the places of one under a cap", async () => {
      const cap = { most: 2, withinMs: DAY_MS };
      const place = (distinctId: string, step: string) =>
        store.limits.reserveSend({ transactionId: `${distinctId}:w`, step, distinctId }, cap);
      await merged(["visitor", "ada"]);
      expect([await place("visitor", "a"), await place("ada", "b")]).toEqual([true, true]);
      expect([await place("visitor", "c"), await place("ada", "c")]).toEqual([false, false]);
    });

    describe("entering, by a person of several ids", () => {
      const limits: EntryLimit[] = ["once", "one at a time", { oncePerMs: DAY_MS }];

      it.each(limits)("counts what was entered before the merge: %j", async (limit) => {
        const [first, second, other] = [await begun("visitor"), await begun("ada", LATER), await begun("grace")];
        expect(await store.runs.enter(first, limit)).toBe(true);
        await merged(["visitor", "ada"]);
        const asked = [second, first, second, other];
        const answers = [];
        for (const one of asked) answers.push(await store.runs.enter(one, limit));
        expect(answers).toEqual([false, true, false, true]);
      });

      it.each(limits)("lets in one of 20 at once, whichever ids they come by: %j", async (limit) => {
        await merged(["visitor", "ada"]);
        const runs = await Promise.all(
          Array.from({ length: 20 }, (_, index) => begun(index % 2 ? "ada" : "visitor", OCCURRED_AT, `u${index}`)),
        );
        const answers = await Promise.all(runs.map((one) => store.runs.enter(one, limit)));
        expect(answers.filter((isIn) => isIn)).toHaveLength(1);
        expect(await Promise.all(runs.map((one) => store.runs.enter(one, limit)))).toEqual(answers);
      });

      it("opens again when the run was left by the other id", async () => {
        await merged(["visitor", "ada"]);
        expect(await store.runs.enter(await begun("visitor"), "one at a time")).toBe(true);
        const again = await begun("ada", "2026-03-03T09:00:00.000Z");
        expect(await store.runs.enter(again, "one at a time")).toBe(false);
        await left("ada");
        expect(await store.runs.enter(again, "one at a time")).toBe(true);
      });
    });

    describe("subscribers", () => {
      it("are told in a queue of their own, once for each event", async () => {
        expect(await accept({ uuid: "i", profiles: [profile()] })).toBe("accepted");
        const [job] = await store.jobs.claim("subscribers", 10, 1_000);
        expect(JSON.parse(job!.body)).toEqual({ kind: "upsert subscriber", body: profile() });
        await store.jobs.complete([job!.id]);
        expect(await accept({ uuid: "i", profiles: [profile()] })).toBe("duplicate");
        expect([await store.jobs.claim("subscribers", 10, 1_000), await store.jobs.claim("novu", 10, 1_000)]).toEqual([
          [],
          [],
        ]);
      });

      it("are remembered, the newest of each person", async () => {
        expect(await store.people.findSentProfile("ada")).toBeNull();
        expect(await note(told(OCCURRED_AT, "first"))).toEqual({ ...told(OCCURRED_AT, "first"), isDoubtful: false });
        const known = await store.people.findSentProfile("ada");
        await note(told(LATER, "second"), known);
        expect(await store.people.findSentProfile("ada")).toEqual({ ...told(LATER, "second"), isDoubtful: false });
        expect(await store.people.findSentProfile("grace")).toBeNull();
      });

      it("are in doubt when an older one was told, until the newest is told again", async () => {
        await note(told(OCCURRED_AT, "newest"));
        const known = await store.people.findSentProfile("ada");
        expect(await note(told(EARLIER, "older"), known)).toEqual({ ...told(OCCURRED_AT, "newest"), isDoubtful: true });
        expect(await store.people.findSentProfile("ada")).toMatchObject({ isDoubtful: true });
        const again = await store.people.findSentProfile("ada");
        expect(await note(again!, again)).toEqual({ ...told(OCCURRED_AT, "newest"), isDoubtful: false });
      });

      it("are in doubt when another was told meanwhile, one by one or together", async () => {
        await note(told(EARLIER, "other"));
        expect(await note(told(OCCURRED_AT, "mine"))).toMatchObject({ isDoubtful: true });
        await Promise.all([note(told(OCCURRED_AT, "b"), null, "b"), note(told(LATER, "a"), null, "b")]);
        expect(await store.people.findSentProfile("b")).toMatchObject({ occurredAt: LATER, isDoubtful: true });
      });

      it("keep what a later one leaves out, as Novu does, and know what is removed", async () => {
        const about = (fields: object) => ({ subscriber: { subscriberId: "ada", ...fields } });
        await note({ ...about({ email: "a@example.com", phone: "1" }), occurredAt: EARLIER });
        const known = await store.people.findSentProfile("ada");
        await note({ ...about({ email: "b@example.com" }), occurredAt: OCCURRED_AT }, known);
        const next = await store.people.findSentProfile("ada");
        expect(next).toMatchObject({ ...about({ email: "b@example.com", phone: "1" }), isDoubtful: false });
        await note({ ...about({ phone: null }), occurredAt: LATER }, next);
        expect(await store.people.findSentProfile("ada")).toMatchObject(about({ email: "b@example.com", phone: null }));
      });

      it("do not come back by a word of them that was on its way when they were forgotten", async () => {
        await note(told(OCCURRED_AT, "first"));
        const known = await store.people.findSentProfile("ada");
        await store.people.delete("ada");
        for (const time of [OCCURRED_AT, LATER])
          expect(await note(told(time, "late"), known)).toEqual({ ...told(time, "late"), isDoubtful: false });
        expect(await store.people.findSentProfile("ada")).toBeNull();
        await note(told(EARLIER, "anew"));
        expect(await store.people.findSentProfile("ada")).toMatchObject({ occurredAt: EARLIER });
      });

      it("are in no doubt when they say the same", async () => {
        await note(told(LATER, "same"));
        expect(await note(told(OCCURRED_AT, "same"))).toEqual({ ...told(LATER, "same"), isDoubtful: false });
      });
    });

    describe("a person's records", () => {
      it("are those of all their ids, and all are forgotten together", async () => {
        for (const id of ["visitor", "ada", "grace"]) {
          await store.runs.enter(await begun(id), "once");
          await left(id);
          await note(told(OCCURRED_AT, id), null, id);
          await accept({
            uuid: `${id}-profile`,
            distinctId: id,
            profiles: [profile({ eventUuid: `${id}-profile`, subscriber: { subscriberId: id } })],
          });
        }
        await merged(["visitor", "ada"]);
        for (const distinctId of ["visitor", "ada", "grace"])
          await store.devices.add({
            distinctId,
            provider: "fcm",
            integration: null,
            token: `a long token of ${distinctId}`,
          });
        const others = await store.people.listRecords("grace");
        const forgotten = { events: 7, runs: 2, entries: 2, exits: 2, devices: 2, jobs: 8, profiles: 2, aliases: 1 };
        const none = { matchKeys: 0, decisions: 0, sends: 0, reports: 0, customValues: 0, variants: 0, ignored: 0 };
        const records = await store.people.listRecords("visitor");
        const counts = Object.fromEntries(Object.entries(records).map(([kind, rows]) => [kind, rows.length]));
        expect(counts).toEqual({ ...forgotten, ...none, traits: 0, cohortMembers: 0, optOuts: 0, bounces: 0 });
        expect(records.devices.map(({ token }) => token).sort()).toEqual(["… ada", "…itor"]);
        expect(JSON.stringify(records)).not.toMatch(/grace|a long token/);
        expect(await store.people.delete("ada")).toEqual(counts);
        for (const id of ["visitor", "ada"])
          expect(Object.values(await store.people.listRecords(id)).flat()).toEqual([]);
        expect(await store.people.listRecords("grace")).toEqual(others);
      });

      it("are their runs of another person's event, and not the event", async () => {
        const runs = ["grace", "peter"].map((distinctId) =>
          run({ transactionId: `u:for:${distinctId}:w`, distinctId, isOthersEvent: true }),
        );
        const starts = runs.map((one) => start({ run: one, isOneOfSeveral: true }));
        expect(await store.events.insert(event(), { starts, exits: [] })).toBe("accepted");
        const about = { distinctId: "u", eventUuid: "u", transactionIds: [] };
        const listed = await store.runs.list({ limit: 10, about });
        expect(listed.map(({ distinctId }) => distinctId)).toEqual(["peter", "grace"]);
        expect(await store.people.listRecords("grace")).toMatchObject({ events: [], runs: [{ event_uuid: "u" }] });
        await store.people.delete("grace");
        expect((await store.people.listRecords("ada")).events).toMatchObject([{ uuid: "u" }]);
        await store.people.delete("ada");
        expect((await store.people.listRecords("ada")).events).toEqual([]);
        expect((await store.people.listRecords("peter")).runs).toHaveLength(1);
      });

      it("are one run of an event that names two of their ids", async () => {
        const ids = ["grace", "hopper"];
        const runs = ids.map((distinctId) =>
          run({ transactionId: `u:for:${distinctId}:w`, distinctId, isOthersEvent: true }),
        );
        await store.events.insert(event(), { starts: runs.map((one) => start({ run: one })), exits: [] });
        const haveOther = () => Promise.all(runs.map((one) => store.runs.hasOtherOfEvent({ ...one, workflow: "w" })));
        expect(await haveOther()).toEqual([false, false]);
        await merged(["grace", "hopper"]);
        expect(await haveOther()).toEqual([false, true]);
        await store.runs.markStarted("u:for:hopper:w");
        expect(await haveOther()).toEqual([true, true]);
        await store.runs.markNotStarted("u:for:grace:w");
        expect(await haveOther()).toEqual([true, false]);
      });

      it("keep an event until its profile is told, and merges for good", async () => {
        await accept({ uuid: "i", profiles: [profile()], merges: [merge()] });
        await note(told(OCCURRED_AT, "ada"));
        const before = Date.parse(LATER) + DAY_MS;
        await store.prune(before, 100);
        expect(await store.people.listRecords("ada")).toMatchObject({
          events: [{ uuid: "i" }],
          jobs: [{}],
          profiles: [],
        });
        for (const queue of QUEUES)
          await store.jobs.complete((await store.jobs.claim(queue, 10, 1_000)).map(({ id }) => id));
        await store.prune(before, 100);
        expect(await store.people.listRecords("ada")).toMatchObject({ events: [], jobs: [], aliases: [{}] });
      });
    });

    describe("what is told of a person", () => {
      const say = (distinctId: string, occurredAt: string, properties: Record<string, unknown>) =>
        accept({
          distinctId,
          traits: [traits({ distinctId, occurredAt, properties: properties as PersonProperties })],
        });
      const known = async (distinctId: string) => (await store.people.findTraits([distinctId])).get(distinctId);

      it.each([
        ["one by one", false],
        ["together", true],
      ])("is the newest of each property, in whatever order it comes: %s", async (_name, together) => {
        const tells: Array<[string, Record<string, unknown>]> = [
          [EARLIER, { email: "then@example.com", plan: "trial", name: "Ada" }],
          [OCCURRED_AT, { email: "ada@example.com", name: undefined }],
          [LATER, { plan: "pro" }],
        ];
        for (const [index, order] of permutations(tells).entries()) {
          const all = order.map(
            ([at, properties]) =>
              () =>
                say(`ada ${index}`, at, properties),
          );
          if (together) await Promise.all(all.map((go) => go()));
          else for (const go of all) await go();
          expect(await known(`ada ${index}`)).toEqual({
            properties: { email: "ada@example.com", plan: "pro" },
            unreadable: [],
            occurredAt: LATER,
          });
        }
      });

      it("is one of two of the same moment, whichever comes first", async () => {
        const tells = [{ plan: "pro" }, { plan: "team" }];
        const kept = [];
        for (const [index, order] of permutations(tells).entries()) {
          for (const properties of order) await say(`ada ${index}`, LATER, properties);
          kept.push((await known(`ada ${index}`))?.properties.plan);
        }
        expect(new Set(kept).size).toBe(1);
      });

      it("is of all their ids, and of nobody else", async () => {
        await say("visitor", OCCURRED_AT, { email: "ada@example.com", plan: "trial" });
        await say("ada", LATER, { plan: "pro" });
        await say("grace", LATER, { plan: "team" });
        expect(await known("ada")).toMatchObject({ properties: { plan: "pro" } });
        await merged(["visitor", "ada"]);
        const all = await store.people.findTraits(["visitor", "ada", "grace", "linus"]);
        expect([...all].map(([id, { properties }]) => [id, properties])).toEqual([
          ["visitor", { email: "ada@example.com", plan: "pro" }],
          ["ada", { email: "ada@example.com", plan: "pro" }],
          ["grace", { plan: "team" }],
        ]);
      });

      it("outlives its age where it says what is not wanted, as a choice told here does", async () => {
        await say("ada", OCCURRED_AT, { email: "ada@example.com", unsubscribed_from: ["all"] });
        await store.prune(Date.parse(LATER), 100);
        expect((await known("ada"))?.properties).toEqual({ unsubscribed_from: ["all"] });
        expect(await store.people.delete("ada")).toMatchObject({ traits: 1 });
      });

      it("comes with its event, is forgotten with its person, and for its age", async () => {
        await say("visitor", OCCURRED_AT, { email: "ada@example.com" });
        await say("ada", LATER, { email: "ada@example.com", plan: "pro" });
        await merged(["visitor", "ada"]);
        expect((await store.people.listRecords("ada")).traits).toHaveLength(3);
        await store.prune(Date.parse(LATER), 100);
        expect((await store.people.listRecords("ada")).traits).toHaveLength(2);
        expect(await store.people.delete("visitor")).toMatchObject({ traits: 2 });
        expect(await known("ada")).toBeUndefined();
      });
    });

    /** An event that causes just that. */
    async function accept({
      uuid = `i${++events}`,
      distinctId = "ada",
      ...causes
    }: {
      uuid?: string;
      distinctId?: string;
      profiles?: [ReturnType<typeof profile>];
      merges?: Merge[];
      traits?: Traits[];
    }) {
      return store.events.insert(event({ uuid, distinctId }), { starts: [], exits: [], ...causes });
    }

    async function merged(...pairs: Array<[former: string, kept: string]>): Promise<void> {
      for (const [previousId, currentId] of pairs)
        await accept({ distinctId: currentId, merges: [merge({ previousId, currentId })] });
    }

    /** A run that is there to begin. */
    async function begun(distinctId: string, occurredAt = OCCURRED_AT, uuid = distinctId) {
      const facts = run({ eventUuid: uuid, distinctId, occurredAt });
      await store.events.insert(event({ uuid, distinctId, occurredAt }), {
        starts: [start({ run: facts })],
        exits: [],
      });
      return { ...facts, workflow: "w" };
    }

    async function left(distinctId: string): Promise<void> {
      const uuid = `${distinctId}-exit`;
      await store.events.insert(event({ uuid, distinctId }), {
        starts: [],
        exits: [exit({ eventUuid: uuid, distinctId })],
      });
    }

    function note(one: Profile, known: SentProfile | null = null, subscriberId = "ada") {
      const { occurredAt, subscriber } = one;
      return store.people.saveSentProfile({
        profile: { occurredAt, subscriber: { ...subscriber, subscriberId } },
        known,
      });
    }
  });
}

function told(occurredAt: string, firstName: string): Profile {
  return { occurredAt, subscriber: { subscriberId: "ada", firstName } };
}
