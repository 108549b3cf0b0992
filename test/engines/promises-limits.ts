import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ClaimedJob } from "../../src/contracts/job.ts";
import { QUEUES } from "../../src/contracts/job.ts";
import type { EntryLimit } from "../../src/contracts/routing.ts";
import type { Run } from "../../src/contracts/run.ts";
import type { NewRun } from "../../src/store/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { exiting } from "../support/exiting.ts";
import { clicked, decision, event, exit, LATER, OCCURRED_AT, profile, run, start, traits } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;
const A_WEEK: EntryLimit = { oncePerMs: 7 * DAY_MS };
/** So many days after the first thing happened. */
const day = (days: number) => new Date(Date.parse(OCCURRED_AT) + days * DAY_MS).toISOString();

/** What every engine promises about how often, how many, and how long. */
export function storeLimits(name: string, createEngine: () => Engine): void {
  describe(`the store's limits: ${name}`, () => {
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

    describe("entering", () => {
      it("is open to all when there is no limit", async () => {
        for (const eventUuid of ["a", "b"])
          expect(await store.runs.enter(await begun({ eventUuid }), "always")).toBe(true);
      });

      it("is for one run ever", async () => {
        expect(await store.runs.enter(await begun({ eventUuid: "a" }), "once")).toBe(true);
        await store.runs.markExited("a:w");
        const later = await begun({ eventUuid: "b", occurredAt: day(3_000) });
        expect(await store.runs.enter(later, "once")).toBe(false);
      });

      it("is for one run in a time, whichever happened first", async () => {
        expect(await enterOn(20, A_WEEK)).toBe(true);
        expect(await enterOn(20.1, A_WEEK)).toBe(false);
        expect(await enterOn(13.1, A_WEEK)).toBe(false);
        expect(await enterOn(26.9, A_WEEK)).toBe(false);
        expect(await enterOn(13, A_WEEK)).toBe(true);
        expect(await enterOn(27, A_WEEK)).toBe(true);
      });

      it("by a run from long ago does not open the time that is closed now", async () => {
        expect(await enterOn(20, A_WEEK)).toBe(true);
        expect(await enterOn(1, A_WEEK)).toBe(true);
        expect(await enterOn(1, A_WEEK)).toBe(true);
        expect(await enterOn(21, A_WEEK)).toBe(false);
      });

      it.each([
        [
          "its last message was decided",
          () => store.decisions.record(decision({ transactionId: "a:w" }), { endsRun: true }),
        ],
        ["its person has left", () => store.runs.markExited("a:w")],
        ["its person is leaving", () => store.runs.markExiting(exit())],
        [
          "its person is known to have left",
          () => store.events.insert(event({ uuid: "e" }), { starts: [], exits: [exit()] }),
        ],
        ["nothing was heard of it for 60 days", () => wait(60 * DAY_MS)],
        ["nothing is kept of it", () => report().then(() => store.prune(Date.parse(day(1)), 100))],
      ])("is for one run at a time: the next when %s", async (_name, end) => {
        const first = await begun({ eventUuid: "a" });
        for (const { id } of await store.jobs.claim("novu", 1, 1000)) await store.jobs.complete([id]);
        const next = await begun({ eventUuid: "b", occurredAt: day(1) });
        expect(await store.runs.enter(first, "one at a time")).toBe(true);
        expect(await store.runs.enter(next, "one at a time")).toBe(false);
        await store.runs.markStarted("a:w");
        await store.decisions.record(decision({ transactionId: "a:w", step: "first" }));
        expect(await store.runs.enter(next, "one at a time")).toBe(false);
        await end();
        expect(await store.runs.enter(next, "one at a time")).toBe(true);
        expect(await store.runs.enter(first, "one at a time")).toBe(false);
      });

      it("is not held up by a run that does not begin", async () => {
        expect(await store.runs.enter(await begun({ eventUuid: "a" }), "one at a time")).toBe(true);
        await store.runs.markNotStarted("a:w");
        expect(await store.runs.enter(await begun({ eventUuid: "b" }), "one at a time")).toBe(true);
      });

      it.each<[EntryLimit]>([["once"], ["one at a time"], [A_WEEK]])("keeps its place: %j", async (limit) => {
        const [first, next] = [await begun({ eventUuid: "a" }), await begun({ eventUuid: "b" })];
        const asked = [first, next, first, next, first];
        const answers = [];
        for (const one of asked) answers.push(await store.runs.enter(one, limit));
        expect(answers).toEqual([true, false, true, false, true]);
      });

      it.each<[EntryLimit]>([["once"], ["one at a time"], [A_WEEK]])(
        "is not for a run whose start is dead: %j",
        async (limit) => {
          const first = await begun({ eventUuid: "a" });
          expect(await store.runs.enter(first, limit)).toBe(true);
          const [job] = await store.jobs.claim("novu", 1, 1000);
          await store.jobs.giveUp(job!.id, "switched off");
          const next = await begun({ eventUuid: "b" });
          expect(await store.runs.enter(next, limit)).toBe(true);
          await store.jobs.redrive("all");
          expect([await store.runs.enter(first, limit), await store.runs.enter(next, limit)]).toEqual([false, true]);
        },
      );

      it("is a matter between a person and a workflow", async () => {
        expect(await store.runs.enter(await begun({ eventUuid: "a" }), "once")).toBe(true);
        expect(await store.runs.enter(await begun({ eventUuid: "b", distinctId: "grace" }), "once")).toBe(true);
        const other = { ...(await begun({ eventUuid: "c" })), workflow: "other" };
        expect(await store.runs.enter(other, "once")).toBe(true);
      });

      it.each<[EntryLimit]>([["once"], ["one at a time"], [A_WEEK]])("lets in one of 20 at once: %j", async (limit) => {
        const runs = await Promise.all(Array.from({ length: 20 }, (_, index) => begun({ eventUuid: `u${index}` })));
        const answers = await Promise.all(runs.map((one) => store.runs.enter(one, limit)));
        expect(answers.filter((isIn) => isIn)).toHaveLength(1);
        expect(await Promise.all(runs.map((one) => store.runs.enter(one, limit)))).toEqual(answers);
      });

      it("is refused for good, unless the run has begun", async () => {
        for (const eventUuid of ["a", "b"]) await begun({ eventUuid });
        await store.runs.markStarted("b:w");
        for (const id of ["a:w", "b:w"]) await store.runs.markNotStarted(id);
        expect([await store.runs.findState("a:w"), await store.runs.findState("b:w")]).toEqual([
          "not started",
          "in progress",
        ]);
        expect(await exiting(store, exit())).toEqual(["b:w"]);
        expect(await store.runs.findState("a:w")).toBe("not started");
      });
    });

    describe("a place under a cap", () => {
      const cap = { most: 3, withinMs: 7 * DAY_MS };
      const send = (step: string, distinctId = "ada") => ({
        transactionId: distinctId === "ada" ? "u:w" : `${distinctId}:w`,
        step,
        distinctId,
      });

      it("is there until there are enough, and again when the oldest is old enough", async () => {
        for (const step of ["a", "b", "c"]) {
          expect([step, await store.limits.reserveSend(send(step), cap)]).toEqual([step, true]);
          now += DAY_MS;
        }
        expect(await store.limits.reserveSend(send("d"), cap)).toBe(false);
        expect([await store.limits.countSends("ada", cap), await store.limits.countSends("grace", cap)]).toEqual([
          3, 0,
        ]);
        expect(await store.limits.reserveSend(send("a", "grace"), cap)).toBe(true);
        now += 4 * DAY_MS;
        expect(await store.limits.reserveSend(send("d"), cap)).toBe(true);
        expect(await store.limits.reserveSend(send("e"), cap)).toBe(false);
      });

      it("stays the message's that took it", async () => {
        for (const step of ["a", "b", "c", "a", "b"])
          expect(await store.limits.reserveSend(send(step), cap)).toBe(true);
      });

      it("goes to one of 20 at once", async () => {
        const steps = Array.from({ length: 20 }, (_, index) => `step-${index}`);
        const taken = await Promise.all(steps.map((step) => store.limits.reserveSend(send(step), { ...cap, most: 1 })));
        expect(taken.filter(Boolean)).toHaveLength(1);
      });

      it.each([
        ["skipped", true],
        ["failed", true],
        ["sent", false],
      ] as const)("is free again when the message was %s: %s", async (outcome, isFree) => {
        const one = { ...cap, most: 1 };
        await store.limits.reserveSend(send("welcome"), one);
        await store.decisions.record(decision({ outcome, reason: outcome === "sent" ? null : "error" }));
        expect(await store.limits.reserveSend(send("other"), one)).toBe(isFree);
      });

      it("is free again when the message failed once more, for the same reason", async () => {
        const failed = decision({ outcome: "failed", reason: "error" });
        for (let time = 0; time < 2; time += 1) {
          await store.limits.reserveSend(send("welcome"), { ...cap, most: 1 });
          await store.decisions.record(failed);
        }
        expect(await store.limits.reserveSend(send("other"), { ...cap, most: 1 })).toBe(true);
      });

      it("is none of the times that Novu is told to ask again", async () => {
        for (const times of [1, 2, 3]) expect(await store.limits.postponeSend(send("a"))).toBe(times);
        expect(await store.limits.postponeSend(send("b"))).toBe(1);
        expect(await store.limits.reserveSend(send("a"), { ...cap, most: 1 })).toBe(true);
        expect(await store.limits.reserveSend(send("b"), { ...cap, most: 1 })).toBe(false);
        expect(await store.limits.postponeSend(send("a"))).toBe(4);
        expect(await store.limits.reserveSend(send("b"), { ...cap, most: 1 })).toBe(false);
      });
    });

    describe("counting", () => {
      it("says when a person did what starts a workflow, once each, whatever came of it", async () => {
        for (const [eventUuid, days] of Object.entries({ c: 3, a: 1, b: 2, d: 9 }))
          await begun({ eventUuid, occurredAt: day(days) });
        await begun({ eventUuid: "a", occurredAt: day(1) });
        await begun({ eventUuid: "g", distinctId: "grace", occurredAt: day(1) });
        await store.runs.markNotStarted("b:w");
        await store.runs.markExiting(exit({ occurredAt: day(3) }));
        const query = { distinctId: "ada", workflow: "w", eventName: "checkout_started", from: day(1), to: day(3) };
        expect(await store.runs.listOccurrences(query)).toEqual([day(1), day(2), day(3)]);
        expect(await store.runs.listOccurrences({ ...query, eventName: "trial_day_12" })).toEqual([]);
        expect(await store.runs.listOccurrences({ ...query, workflow: "other" })).toEqual([]);
      });

      it("counts a message by what was decided last", async () => {
        await store.decisions.record(decision({ outcome: "failed", reason: "error" }));
        await store.decisions.record(decision({ decidedAt: LATER }));
        expect(await store.runs.countByWorkflow(0)).toEqual([
          { workflow: "w", entered: 0, sent: 1, skipped: 0, failed: 0 },
        ]);
      });

      it("counts the jobs of each queue, and says since when the oldest is due", async () => {
        await begun({ eventUuid: "a" });
        now += 1_000;
        await begun({ eventUuid: "b" });
        await begun({ eventUuid: "c" });
        const [job] = await store.jobs.claim("novu", 1, 1000);
        await store.jobs.giveUp(job!.id, "switched off");
        expect(await store.jobs.countByQueue()).toEqual([
          { queue: "novu", waiting: 2, dead: 1, oldestDueAt: now },
          { queue: "subscribers", waiting: 0, dead: 0, oldestDueAt: null },
          { queue: "receipts", waiting: 0, dead: 0, oldestDueAt: null },
          { queue: "persons", waiting: 0, dead: 0, oldestDueAt: null },
          { queue: "posthog", waiting: 0, dead: 0, oldestDueAt: null },
        ]);
      });

      it("counts what became of each workflow since then", async () => {
        for (const eventUuid of ["a", "b", "c"]) await begun({ eventUuid });
        await store.runs.markStarted("a:w");
        now += 1_000;
        for (const id of ["a:w", "b:w"]) await store.runs.markStarted(id);
        await store.decisions.record(decision({ step: "one", decidedAt: LATER }));
        await store.decisions.record(decision({ step: "two", decidedAt: LATER, outcome: "skipped", reason: "exited" }));
        await store.decisions.record(decision({ workflow: "another", step: "three", decidedAt: LATER }));
        await store.decisions.record(decision({ step: "too early", decidedAt: day(-1) }));
        expect(await store.runs.countByWorkflow(now)).toEqual([
          { workflow: "another", entered: 0, sent: 1, skipped: 0, failed: 0 },
          { workflow: "w", entered: 1, sent: 1, skipped: 1, failed: 0 },
        ]);
      });
    });

    describe("who has left", () => {
      const left = { outcome: "skipped", reason: "exited", detail: "checkout_completed" } as const;

      it("is sent nothing that is noted only then, and it is said so", async () => {
        const { transactionId } = await begun({ eventUuid: "u" });
        await store.events.insert(event({ uuid: "e", occurredAt: LATER }), { starts: [], exits: [exit()] });
        const { decision: holds, isNew } = await store.decisions.record(decision({ transactionId }));
        expect([holds, isNew]).toMatchObject([left, true]);
        expect(await store.decisions.list()).toMatchObject([left]);
      });

      it("stays so, whatever else is noted after", async () => {
        await store.decisions.record(decision(left));
        for (const after of [decision(), decision({ outcome: "failed", reason: "error" })])
          expect(await store.decisions.record(after)).toMatchObject({ decision: left, isNew: false });
      });

      it("has been sent what was noted before", async () => {
        const { transactionId } = await begun({ eventUuid: "u" });
        await store.decisions.record(decision({ transactionId }));
        await store.events.insert(event({ uuid: "e", occurredAt: LATER }), { starts: [], exits: [exit()] });
        expect(await store.decisions.record(decision({ transactionId }))).toMatchObject({
          decision: { outcome: "sent" },
          isNew: false,
        });
      });
    });

    describe("a person's records", () => {
      it("are all there is on them, by kind", async () => {
        await remember("ada");
        await remember("grace");
        const records = await store.people.listRecords("ada");
        const counts = Object.fromEntries(Object.entries(records).map(([kind, rows]) => [kind, rows.length]));
        expect(counts).toEqual(COUNTS);
        expect(records.events.map(({ uuid }) => uuid).sort()).toEqual(["ada-exit", "ada-start"]);
        expect(records.jobs.map(({ key }) => key).sort()).toEqual([
          "exit:ada-exit:w",
          "receipt:ada-start:w:welcome",
          "refresh subscriber:ada-start:w",
          "refresh subscriber:ada-start:w:correction",
          "report:ada-start:w:welcome:clicked",
          "start:ada-start:w",
          "throttle:ada-start:w",
        ]);
        expect(JSON.stringify(records)).not.toContain("grace");
      });

      it("are gone when they are forgotten, and nothing is done any more", async () => {
        await remember("ada");
        await remember("grace");
        const others = await store.people.listRecords("grace");
        expect(await store.people.delete("ada")).toEqual(COUNTS);
        expect(Object.values(await store.people.listRecords("ada")).flat()).toEqual([]);
        expect(await store.people.listRecords("grace")).toEqual(others);
        now += A_MINUTE_MS;
        const left: ClaimedJob[] = [];
        for (const queue of ["novu", "receipts", "posthog"] as const)
          left.push(...(await store.jobs.claim(queue, 10, 1000)));
        expect(left).toHaveLength(5);
        expect(JSON.stringify(left)).not.toMatch(/\bada\b/);
        expect(new Set(Object.values(await store.people.delete("ada")))).toEqual(new Set([0]));
      });

      it("are found by a name that is anything", async () => {
        const name = `o'hara:"%_\\ \u00e9\u{1f600}`;
        await remember(name);
        expect(await store.people.delete(name)).toEqual(COUNTS);
      });
    });

    describe("what is old", () => {
      it("goes in steps of a size, and what is younger stays", async () => {
        await remember("ada");
        await doAll();
        await remember("grace", 10);
        const others = await store.people.listRecords("grace");
        const steps: Array<number | null> = [];
        do steps.push(await store.prune(Date.parse(day(5)), 2));
        while (steps.at(-1) !== 0);
        // Two events, a run, a match key, an exit, a decision, a send, a click, a custom value and one ignored.
        expect(steps).toEqual([2, 2, 2, 2, 2, 0]);
        const { entries, ...rest } = await store.people.listRecords("ada");
        expect([entries.length, Object.values(rest).flat()]).toEqual([1, []]);
        expect(await store.people.listRecords("grace")).toEqual(others);
      });

      it("is old by when it arrived: what is told of a person's last year is kept as long as the rest", async () => {
        const [aYearAgo, arrivedAt] = [day(-365), now];
        const facts = { distinctId: "ada", occurredAt: aYearAgo };
        await store.events.insert(event(facts), {
          starts: [start({ run: run(facts) })],
          exits: [exit({ ...facts, eventUuid: "u" })],
          traits: [traits(facts)],
        });
        await store.people.saveSentProfile({ profile: profile(facts), known: null });
        await doAll();
        const { aliases: _, ...all } = await store.people.listRecords("ada");
        expect(await pruneAt(3)).toBe(0);
        expect(await pruneAt(89)).toBe(0);
        expect(await store.people.listRecords("ada")).toMatchObject(all);
        // The event, the run, the exit, the trait and the profile.
        expect(await pruneAt(91)).toBe(5);
        expect(Object.values(await store.people.listRecords("ada")).flat()).toEqual([]);

        async function pruneAt(days: number) {
          return store.prune(arrivedAt + (days - 90) * DAY_MS, 100);
        }
      });

      it("is no trait and no profile that was told again since, also of an event that happened long ago", async () => {
        const tell = async (month: number) => {
          const facts = { occurredAt: day(-365 + month * 30) };
          await store.events.insert(event({ uuid: `u${month}` }), { starts: [], exits: [], traits: [traits(facts)] });
          const known = await store.people.findSentProfile("ada");
          await store.people.saveSentProfile({ profile: profile(facts), known });
        };
        await tell(0);
        now += 60 * DAY_MS;
        await tell(1);
        await store.prune(now - 30 * DAY_MS, 100);
        expect(await store.people.listRecords("ada")).toMatchObject({ traits: [{}], profiles: [{}] });
        await store.prune(now + 1, 100);
        expect(await store.people.listRecords("ada")).toMatchObject({ traits: [], profiles: [] });
      });

      it("is old in time also where the clock was a year ahead before", async () => {
        now += 365 * DAY_MS;
        await begun({ eventUuid: "then" });
        now -= 365 * DAY_MS;
        await begun({ eventUuid: "a" });
        await doAll();
        await store.prune(Date.parse(day(5)), 100);
        expect([await store.runs.findState("then:w"), await store.runs.findState("a:w")]).toEqual(["pending", null]);
      });

      it("keeps a run until its jobs is done, dead or alive", async () => {
        await begun({ eventUuid: "a" });
        await begun({ eventUuid: "b" });
        const [job] = await store.jobs.claim("novu", 1, 1000);
        await store.jobs.giveUp(job!.id, "switched off");
        await store.prune(Date.parse(day(5)), 100);
        expect([await store.runs.findState("a:w"), await store.runs.findState("b:w")]).toEqual(["pending", "pending"]);
        await store.jobs.redrive("all");
        await doAll();
        await store.prune(Date.parse(day(5)), 100);
        expect([await store.runs.findState("a:w"), await store.runs.findState("b:w")]).toEqual([null, null]);
      });

      it("keeps such a run through the small steps of a sweep, and deletes it in a later one", async () => {
        const sweep = async () => {
          while ((await store.prune(Date.parse(day(5)), 1)) === 1);
          return Promise.all(["a:w", "b:w", "c:w"].map((run) => store.runs.findState(run)));
        };
        await begun({ eventUuid: "a" });
        const [job] = await store.jobs.claim("novu", 1, 1000);
        await store.jobs.giveUp(job!.id, "switched off");
        await begun({ eventUuid: "b" });
        await begun({ eventUuid: "c" });
        await doAll();
        expect(await sweep()).toEqual(["pending", null, null]);
        await store.jobs.redrive("all");
        await doAll();
        expect(await sweep()).toEqual([null, null, null]);
      });

      it("keeps what has a cancel or a report to be done", async () => {
        await remember("ada");
        const before = Date.parse(day(5));
        await store.prune(before, 100);
        const { exits, decisions, jobs } = await store.people.listRecords("ada");
        expect([exits.length, decisions.length, jobs.length]).toEqual([1, 1, 7]);
        await doAll();
        expect(await store.prune(before, 100)).toBe(4);
      });

      it("keeps out for good whoever may enter once", async () => {
        await store.runs.enter(await begun({ eventUuid: "a" }), "once");
        await doAll();
        await store.prune(Date.parse(day(5)), 100);
        expect(await store.runs.enter(await begun({ eventUuid: "b", occurredAt: day(6) }), "once")).toBe(false);
      });
    });

    /** A run that is there to begin. */
    async function begun(changes: Partial<Run>): Promise<NewRun> {
      const facts = run(changes);
      const { eventUuid: uuid, distinctId, occurredAt } = facts;
      await store.events.insert(event({ uuid, distinctId, occurredAt }), {
        starts: [start({ run: facts, matchKeys: { cart: "key" } })],
        exits: [],
      });
      return { ...facts, workflow: "w" };
    }

    /** PostHog is told all that it is owed, and Novu asked of the run. */
    async function report(): Promise<void> {
      now += 2 * HOUR_MS;
      for (const queue of ["posthog", "receipts"] as const)
        await store.jobs.complete((await store.jobs.claim(queue, 100, 1000)).map(({ id }) => id));
    }

    async function wait(ms: number): Promise<void> {
      now += ms;
    }

    /** Whether the run of what happened on that day enters. */
    async function enterOn(days: number, limit: EntryLimit): Promise<boolean> {
      return store.runs.enter(await begun({ eventUuid: `day-${days}`, occurredAt: day(days) }), limit);
    }

    /** One record of each kind on a person, two of events, and all the work they cause. */
    async function remember(distinctId: string, days = 0): Promise<void> {
      const occurredAt = day(days);
      now = Date.parse(occurredAt);
      const place = await begun({ eventUuid: `${distinctId}-start`, distinctId, occurredAt });
      await store.runs.enter(place, "once");
      await store.decisions.record(decision({ transactionId: place.transactionId, distinctId, decidedAt: occurredAt }));
      const uuid = `${distinctId}-exit`;
      const left = exit({ eventUuid: uuid, distinctId, occurredAt });
      await store.events.insert(event({ uuid, distinctId, occurredAt }), { starts: [], exits: [left] });
      const about = { eventUuid: `${distinctId}-odd`, eventName: "odd", distinctId };
      await store.events.insertIgnored({
        source: "posthog",
        receivedAt: occurredAt,
        reason: "a reason",
        ...about,
        body: "",
      });
      await store.limits.reserveSend({ ...place, step: "welcome" }, { most: 3, withinMs: DAY_MS });
      await store.decisions.insertReport(clicked({ transactionId: place.transactionId, distinctId }));
      await store.decisions.saveCustomValue({ ...place, step: "offer" }, { word: "x" });
      await store.jobs.schedule({ kind: "throttle", body: place }, now);
      const refresh = { ...place, source: "posthog" } as const;
      for (const isWrong of [false, true])
        await store.jobs.schedule({ kind: "refresh subscriber", body: { ...refresh, isWrong } }, now);
    }

    async function doAll(): Promise<void> {
      now += A_MINUTE_MS;
      for (const queue of QUEUES)
        await store.jobs.complete((await store.jobs.claim(queue, 100, 1000)).map(({ id }) => id));
    }
  });
}

/** By then everything is to be reported. */
const A_MINUTE_MS = 60_000;

/** How many records `remember` makes. */
const COUNTS = {
  events: 2,
  runs: 1,
  matchKeys: 1,
  entries: 1,
  exits: 1,
  decisions: 1,
  sends: 1,
  reports: 1,
  customValues: 1,
  variants: 0,
  jobs: 7,
  ignored: 1,
  profiles: 0,
  traits: 0,
  cohortMembers: 0,
  optOuts: 0,
  bounces: 0,
  devices: 0,
  aliases: 0,
};
