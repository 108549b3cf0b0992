import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LifecycleEvent } from "../../src/contracts/event.ts";
import type { Job } from "../../src/contracts/job.ts";
import type { Routing, Start } from "../../src/contracts/routing.ts";
import { PermanentError } from "../../src/lib/errors.ts";
import type { IgnoredEvent } from "../../src/store/events.ts";
import type { ExitCursor } from "../../src/store/runs.ts";
import type { Store } from "../../src/store/store.ts";
import { exiting } from "../support/exiting.ts";
import {
  clicked,
  decision,
  event,
  exit,
  LATER,
  merge,
  OCCURRED_AT,
  profile,
  run,
  start,
  traits,
} from "../support/facts.ts";
import { isTooDeep, nested } from "../support/nested.ts";

/** A way to open one engine; `reopen` opens the same data again, as a restart does. */
export interface Engine {
  open(now: () => number): Promise<Store>;
  reopen(now: () => number): Promise<Store>;
  drop(): Promise<void>;
}

const EARLIER = "2026-03-02T08:00:00.000Z";

/** What every engine promises. */
export function storePromises(name: string, createEngine: () => Engine): void {
  describe(`the store's promises: ${name}`, () => {
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

    describe("subscriptions", () => {
      it("emits the queues of new jobs, and that something changed, until the subscription ends", async () => {
        const emitted: string[] = [];
        const ends = [
          store.on("jobs", (queue) => emitted.push(queue)),
          store.on("changed", () => emitted.push("changed")),
        ];
        const emittedBy = async (write: () => Promise<unknown>) => {
          emitted.length = 0;
          await write();
          return [...new Set(emitted)];
        };
        expect(await emittedBy(() => store.events.insert(event(), routing()))).toEqual(["novu", "changed"]);
        expect(await emittedBy(() => store.events.insert(event({ uuid: "v" }), { starts: [], exits: [] }))).toEqual([
          "changed",
        ]);
        expect(await emittedBy(() => store.runs.markStarted("u:w"))).toEqual(["posthog", "receipts", "changed"]);
        expect(await emittedBy(() => store.jobs.claim("subscribers", 1, 1_000))).toEqual([]);
        const [job] = await store.jobs.claim("novu", 1, 1_000);
        expect(await emittedBy(() => store.jobs.claim("novu", 1, 1_000, [job!.id]))).toEqual(["changed"]);
        expect(await emittedBy(() => store.events.insertIgnored(keepIgnored()))).toEqual(["changed"]);
        for (const end of ends) end();
        expect(await emittedBy(() => store.events.insert(event({ uuid: "x" }), routing()))).toEqual([]);
      });
    });

    describe("accepting", () => {
      it("keeps an event and its job, once", async () => {
        expect(await store.events.insert(event(), routing())).toBe("accepted");
        expect(await store.events.insert(event(), routing())).toBe("duplicate");
        expect(await store.jobs.count()).toEqual({ waiting: 1, dead: 0 });
      });

      it("accepts one of fifty at once", async () => {
        const outcomes = await Promise.all(Array.from({ length: 50 }, () => store.events.insert(event(), routing())));
        expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(1);
        expect(await store.jobs.count()).toEqual({ waiting: 1, dead: 0 });
      });

      it("takes several groups at once, and a broken one among them fails alone", async () => {
        const all = Array.from({ length: 500 }, (_, index) => {
          const broken = index === 300 ? { distinctId: null as unknown as string } : {};
          return store.events.insert(event({ uuid: `u${index}`, ...broken }), {
            starts: [start({ run: run({ transactionId: `u${index}` }) })],
            exits: [exit({ eventUuid: `u${index}` })],
          });
        });
        const outcomes = await Promise.allSettled(all);
        expect(outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []))).toEqual([300]);
        expect(await store.jobs.count()).toEqual({ waiting: 998, dead: 0 });
      });

      it("takes an event that many workflows listen to", async () => {
        const starts = Array.from({ length: 5_000 }, (_, index) => start({ workflow: `w${index}` }));
        expect(await store.events.insert(event(), { starts, exits: [] })).toBe("accepted");
        expect(await store.jobs.count()).toEqual({ waiting: 5_000, dead: 0 });
      });

      it("says that an event cannot be stored when it is the event's own fault", async () => {
        const broken = event({ distinctId: null as unknown as string });
        await expect(store.events.insert(broken, routing())).rejects.toThrow(PermanentError);
      });

      it("refuses an event that is too deep for JSON.stringify; on Node 26 none is too deep", async () => {
        const deep = nested(20_000);
        const answer = await store.events.insert(event({ properties: { deep } }), routing()).catch((error) => error);
        if (isTooDeep(deep)) expect(answer).toBeInstanceOf(PermanentError);
        else expect([answer, await store.jobs.count()]).toEqual(["accepted", { waiting: 1, dead: 0 }]);
      });

      it("does not do again what is done", async () => {
        await store.events.insert(event(), routing());
        const [job] = await store.jobs.claim("novu", 10, 1000);
        await store.jobs.complete([job!.id]);
        expect(await store.events.insert(event(), routing())).toBe("duplicate");
        expect(await store.jobs.claim("novu", 10, 1000)).toEqual([]);
      });

      describe("two events of one uuid, such as two people's", () => {
        const ofBob = (uuid = "u") => ({
          event: event({ uuid, distinctId: "bob" }),
          routing: {
            starts: [start({ run: run({ eventUuid: uuid, distinctId: "bob" }) })],
            exits: [exit({ eventUuid: uuid, distinctId: "bob" })],
            profiles: [profile({ eventUuid: uuid, subscriber: { subscriberId: "bob" } })],
            merges: [merge({ previousId: "bob's visitor", currentId: "bob" })],
            traits: [traits({ distinctId: "bob" })],
          },
        });
        const ofAda = { event: event(), routing: routing() };
        const renamed = { event: event({ name: "user_signed_up" }), routing: routing() };
        const accept = (one: { event: LifecycleEvent; routing: Routing }) =>
          store.events.insert(one.event, one.routing);
        const rowsOf = async (distinctId: string) =>
          Object.values(await store.people.listRecords(distinctId)).flat().length;

        it.each([
          ["another person's", ofAda, ofBob()],
          ["another person's, the other way round", ofBob(), ofAda],
          ["of another name", ofAda, renamed],
          ["of another name, the other way round", renamed, ofAda],
        ])("are told apart, one by one and again: %s", async (_name, first, other) => {
          expect(await accept(first)).toBe("accepted");
          const job = await store.jobs.count();
          for (const one of [other, other]) expect(await accept(one)).toBe("another event");
          expect(await accept(first)).toBe("duplicate");
          expect(await store.jobs.count()).toEqual(job);
        });

        it.each([
          ["Ada's first", ofAda, ofBob()],
          ["Bob's first", ofBob(), ofAda],
        ])("are told apart in one group, where the first counts: %s", async (_name, first, other) => {
          const others = Array.from({ length: 20 }, (_, index) => ofBob(`u${index}`));
          const told = [...others, first, other, first, other, ...others];
          const outcomes = await Promise.all(told.map(accept));
          expect(outcomes).toEqual([
            ...others.map(() => "accepted"),
            ...["accepted", "another event", "duplicate", "another event"],
            ...others.map(() => "duplicate"),
          ]);
        });

        it("leave nothing of the second, which is kept under a uuid of its own", async () => {
          await accept(ofAda);
          await accept(ofBob());
          expect(await rowsOf("bob")).toBe(0);
          expect(await accept(ofBob("v"))).toBe("accepted");
          expect(await accept(ofBob("v"))).toBe("duplicate");
          // An event, a run, an exit, a trait, a merge, and three jobs.
          expect([await rowsOf("bob"), await rowsOf("ada")]).toEqual([8, 3]);
        });
      });

      it("adds the workflow that listens since the event first came", async () => {
        await store.events.insert(event(), routing());
        expect(await store.events.insert(event(), { starts: [start(), start({ workflow: "newer" })], exits: [] })).toBe(
          "accepted",
        );
        expect(await store.jobs.count()).toEqual({ waiting: 2, dead: 0 });
      });

      it("keeps all or nothing", async () => {
        const broken = { ...start(), workflow: null as unknown as string };
        await expect(store.events.insert(event(), { starts: [start(), broken], exits: [] })).rejects.toThrow();
        expect(await store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
        expect(await store.events.insert(event(), routing())).toBe("accepted");
      });

      it("has it on disk", async () => {
        await store.events.insert(event(), routing());
        await store.close();
        store = await engine.reopen(() => now);
        expect((await store.jobs.claim("novu", 10, 1000)).map(jobOf)).toMatchObject([
          { kind: "start", body: { workflow: "w" } },
        ]);
      });
    });

    describe("jobs", () => {
      it("goes to one claim only", async () => {
        await acceptMany(30);
        const claims = await Promise.all(Array.from({ length: 6 }, () => store.jobs.claim("novu", 10, 1000)));
        const ids = claims.flat().map(({ id }) => id);
        expect([ids.length, new Set(ids).size]).toEqual([30, 30]);
      });

      it("is claimed by queue: one that is down does not hold up the other", async () => {
        await store.events.insert(event(), routing());
        await store.decisions.record(decision({ outcome: "skipped", reason: "not needed" }));
        expect((await store.jobs.claim("novu", 10, 1000)).map((job) => jobOf(job).kind)).toEqual(["start"]);
        expect(await store.jobs.nextDueAt("posthog")).toBe(now);
        expect((await store.jobs.claim("posthog", 10, 1000)).map((job) => jobOf(job).kind)).toEqual(["report"]);
      });

      it("goes oldest first", async () => {
        await acceptMany(3);
        expect((await store.jobs.claim("novu", 2, 1000)).map(keyOf)).toEqual(["u0", "u1"]);
      });

      it("that has failed before gets a quarter of the places while there is other job, and all when there is none", async () => {
        await acceptMany(20);
        for (const { id } of await store.jobs.claim("novu", 8, 1000))
          await store.jobs.retry(id, { at: now, error: "no", failed: false, answered: false });
        now += 1000;
        const keys = async (limit: number) => (await store.jobs.claim("novu", limit, 60_000)).map(keyOf);
        expect(await keys(1)).toEqual(["u8"]);
        expect((await keys(8)).sort()).toEqual(["u0", "u1", "u10", "u11", "u12", "u13", "u14", "u9"]);
        expect(await keys(6)).toEqual(["u2", "u15", "u16", "u17", "u18", "u19"]);
        expect(await store.jobs.nextDueAt("novu")).toBe(now - 1000);
        expect(await keys(8)).toEqual(["u3", "u4", "u5", "u6", "u7"]);
        expect(await store.jobs.nextDueAt("novu")).toBe(now + 60_000);
      });

      it("is done when the next is claimed, or without a claim", async () => {
        await acceptMany(4);
        const done = (await store.jobs.claim("novu", 2, 1000)).map(({ id }) => id);
        expect((await store.jobs.claim("novu", 1, 1000, done)).map(keyOf)).toEqual(["u2"]);
        expect(await store.jobs.count()).toEqual({ waiting: 2, dead: 0 });
        now += 1000;
        const rest = await store.jobs.claim("novu", 10, 1000, []);
        expect(rest.map(keyOf)).toEqual(["u2", "u3"]);
        await store.jobs.complete(rest.map(({ id }) => id));
        await store.jobs.complete([]);
        expect([await store.jobs.count(), await store.jobs.nextDueAt("novu")]).toEqual([{ waiting: 0, dead: 0 }, null]);
      });

      it("comes back when its lease ends", async () => {
        await store.events.insert(event(), routing());
        await store.jobs.claim("novu", 1, 30_000);
        expect(await store.jobs.nextDueAt("novu")).toBe(now + 30_000);
        expect(await store.jobs.claim("novu", 1, 30_000)).toEqual([]);
        now += 30_000;
        expect(await store.jobs.claim("novu", 1, 30_000)).toHaveLength(1);
      });

      it("stays claimed as long as its lease is renewed", async () => {
        await store.events.insert(event(), routing());
        const [job] = await store.jobs.claim("novu", 1, 10_000);
        now += 9_000;
        await store.jobs.renew([job!.id], 10_000);
        now += 9_000;
        expect(await store.jobs.claim("novu", 1, 10_000)).toEqual([]);
        now += 1_000;
        expect(await store.jobs.claim("novu", 1, 10_000)).toHaveLength(1);
      });

      it("comes back when it is due again, and counts failures and refusals", async () => {
        await store.events.insert(event(), routing());
        const [job] = await store.jobs.claim("novu", 1, 30_000);
        await store.jobs.retry(job!.id, { at: now + 5_000, error: "no", failed: true, answered: false });
        expect([await store.jobs.claim("novu", 1, 1000), await store.jobs.nextDueAt("novu")]).toEqual([
          [],
          now + 5_000,
        ]);
        now += 5_000;
        expect(await store.jobs.claim("novu", 1, 1000)).toMatchObject([{ attempts: 1, refusals: 0 }]);
        await store.jobs.retry(job!.id, { at: now, error: "not yet", failed: false, answered: true });
        expect(await store.jobs.claim("novu", 1, 1000)).toMatchObject([{ attempts: 1, refusals: 1 }]);
      });

      it("that replaces the same job is not completed by who is doing the one before", async () => {
        const { transactionId, distinctId, occurredAt } = run();
        const body = { transactionId, distinctId, occurredAt, source: "posthog", isWrong: false } as const;
        const schedule = (at: number) =>
          store.jobs.schedule({ kind: "refresh subscriber", body }, at, { replace: true });
        await schedule(now);
        const [before] = await store.jobs.claim("persons", 1, 30_000);
        await Promise.all([schedule(now + 1_000), schedule(now + 1_000)]);
        await store.jobs.retry(before!.id, { at: now, error: "no", failed: true, answered: false });
        await store.jobs.renew([before!.id], 60_000);
        expect(await store.jobs.nextDueAt("persons")).toBe(now + 1_000);
        await store.jobs.complete([before!.id]);
        now += 1_000;
        expect(await store.jobs.claim("persons", 10, 1_000)).toMatchObject([{ attempts: 0 }]);
      });

      it("stays, with the cause, when it is dead", async () => {
        await store.events.insert(event(), routing());
        const [job] = await store.jobs.claim("novu", 1, 1000);
        await store.jobs.giveUp(job!.id, "no such workflow");
        now += 1_000_000;
        expect(await store.jobs.claim("novu", 1, 1000)).toEqual([]);
        expect([await store.jobs.nextDueAt("novu"), await store.jobs.count()]).toEqual([null, { waiting: 0, dead: 1 }]);
        expect(await store.jobs.listDead({ limit: 10 })).toMatchObject([
          { key: "start:u:w", attempts: 1, error: "no such workflow" },
        ]);
      });

      it("keeps the answers that said no when it is done again", async () => {
        await store.events.insert(event(), routing());
        const [job] = await store.jobs.claim("novu", 1, 1000);
        await store.jobs.giveUp(job!.id, "switched off", { answered: true });
        await store.jobs.redrive("all");
        const [again] = await store.jobs.claim("novu", 1, 1000);
        expect(again).toMatchObject({ attempts: 0, refusals: 1 });
        await store.jobs.giveUp(again!.id, "silence");
        await store.jobs.redrive("all");
        expect(await store.jobs.claim("novu", 1, 1000)).toMatchObject([{ attempts: 0, refusals: 1 }]);
      });

      it("is counted by what it died of, the commonest first", async () => {
        await die("down", "switched off", "down", "bad things");
        expect(await store.jobs.countDeadByError()).toEqual([
          { error: "down", count: 2 },
          { error: "bad things", count: 1 },
          { error: "switched off", count: 1 },
        ]);
      });

      it.each([
        ["one piece", async () => ({ id: (await store.jobs.listDead({ limit: 1 }))[0]!.id }), ["u3"]],
        ["all of one cause", async () => ({ error: "down" }), ["u0", "u2"]],
        ["all", async () => "all" as const, ["u0", "u1", "u2", "u3"]],
      ])("that is dead is done again, with all its attempts: %s", async (_name, select, keys) => {
        await die("down", "switched off", "down", "bad things");
        expect(await store.jobs.redrive(await select())).toBe(keys.length);
        expect(await store.jobs.count()).toEqual({ waiting: keys.length, dead: 4 - keys.length });
        expect(await store.jobs.nextDueAt("novu")).toBe(now);
        const jobs = await store.jobs.claim("novu", 10, 1000);
        expect(jobs.map((job) => [keyOf(job), job.attempts])).toEqual(keys.map((key) => [key, 0]));
        expect(await store.jobs.redrive({ id: jobs[0]!.id })).toBe(0);
      });
    });

    describe("exiting", () => {
      it("reaches the runs that began before it", async () => {
        await store.events.insert(event(), routing());
        expect(await exiting(store, exit({ occurredAt: EARLIER }))).toEqual([]);
        expect(await exiting(store, exit({ workflow: "other" }))).toEqual([]);
        expect(await exiting(store, exit({ distinctId: "grace" }))).toEqual([]);
        expect(await exiting(store, exit())).toEqual(["u:w"]);
      });

      it("reaches a run that began at the very moment", async () => {
        await store.events.insert(event(), routing());
        expect(await exiting(store, exit({ occurredAt: OCCURRED_AT }))).toEqual(["u:w"]);
      });

      it("is of no run that was refused, and a run in progress cannot be refused", async () => {
        await store.events.insert(event(), routing());
        await store.runs.markNotStarted("u:w");
        expect(await store.runs.findState("u:w")).toBe("not started");
        expect(await exiting(store, exit())).toEqual([]);
        expect(await store.runs.markStarted("u:w")).toBe("exited");

        await store.events.insert(event({ uuid: "v" }), {
          starts: [start({ run: run({ eventUuid: "v" }) })],
          exits: [],
        });
        expect([await store.runs.markStarted("v:w"), await store.runs.markStarted("v:w")]).toEqual([
          "in progress",
          "in progress",
        ]);
        await store.runs.markNotStarted("v:w");
        expect(await store.runs.findState("v:w")).toBe("in progress");
      });

      it("keeps the recipient of a trigger until Novu has refused it, and knows it as the person's", async () => {
        const as = (email: string) => ({
          ...{ subscriber: { subscriberId: "ada", email }, occurredAt: OCCURRED_AT },
          hasEmail: email.startsWith("first"),
        });
        const kept = (refusals: number) => store.runs.findRecipient({ transactionId: "u:w", refusals });
        await store.events.insert(event(), routing());
        expect(await kept(0)).toBeNull();
        await store.runs.saveRecipient({ transactionId: "u:w", refusals: 0, recipient: as("first@example.com") });
        expect([await kept(0), await kept(1)]).toEqual([as("first@example.com"), null]);
        await store.runs.saveRecipient({ transactionId: "u:w", refusals: 1, recipient: as("second@example.com") });
        expect([await kept(0), await kept(1)]).toEqual([null, as("second@example.com")]);
        expect(JSON.stringify(await store.people.listRecords("ada"))).toContain("second@example.com");
        await store.people.delete("ada");
        expect(await kept(1)).toBeNull();
      });

      it("names a run again until Novu has been told", async () => {
        await store.events.insert(event(), routing());
        expect(await exiting(store, exit())).toEqual(["u:w"]);
        expect(await exiting(store, exit())).toEqual(["u:w"]);
        await store.runs.markExited("u:w");
        expect(await exiting(store, exit())).toEqual([]);
      });

      it("is seen by a start that ends later", async () => {
        await store.events.insert(event(), routing());
        expect(await store.runs.markStarted("u:w")).toBe("in progress");
        await store.runs.markExiting(exit());
        expect(await store.runs.markStarted("u:w")).toBe("exited");
      });

      it("is remembered when it came first", async () => {
        await store.events.insert(event({ uuid: "e" }), { starts: [], exits: [exit()] });
        const query = { workflow: "w", distinctId: "ada", transactionId: "u:w", since: OCCURRED_AT };
        expect(await store.runs.findExitSince(query)).toBe("checkout_completed");
        expect(await store.runs.findExitSince({ ...query, since: LATER })).toBe("checkout_completed");
        expect(await store.runs.findExitSince({ ...query, since: "2026-03-03T00:00:00.000Z" })).toBeNull();
        expect(await store.runs.findExitSince({ ...query, workflow: "other" })).toBeNull();
      });
    });

    describe("who has gone", () => {
      const at = (hour: number) => new Date(Date.parse(OCCURRED_AT) + hour * 3_600_000).toISOString();
      const exits = async (...all: Array<[distinctId: string, hour: number, workflow?: string]>) => {
        for (const [distinctId, hour, workflow = "w"] of all) {
          const eventUuid = `${distinctId}-${hour}-${workflow}`;
          const one = exit({ distinctId, workflow, eventUuid, occurredAt: at(hour) });
          await store.events.insert(event({ uuid: eventUuid, distinctId }), { starts: [], exits: [one] });
        }
      };

      it("is known by the last exit from the workflow", async () => {
        await exits(["ada", 3], ["ada", 5], ["ada", 4], ["ada", 9, "other"], ["grace", 1], ["joan", 2, "other"]);
        expect(
          await store.runs.findLastExits({ workflow: "w", distinctIds: ["ada", "grace", "joan", "nobody"] }),
        ).toEqual(
          new Map([
            ["ada", at(5)],
            ["grace", at(1)],
          ]),
        );
        expect(await store.runs.findLastExits({ workflow: "w", distinctIds: [] })).toEqual(new Map());
      });

      it("is told page by page, without those who came back", async () => {
        await exits(["before", 0], ["back", 1], ["back", 2], ["back", 20], ["next", 10], ["other", 2, "other"]);
        await exits(["late", 1], ["late", 9]);
        const gone = Array.from({ length: 7 }, (_, index) => `gone-${index}`);
        // Some at one moment, and one twice.
        for (const [index, one] of gone.entries()) await exits([one, 1 + Math.floor(index / 3)]);
        await store.events.insert(event({ uuid: "twin" }), {
          starts: [],
          exits: [exit({ distinctId: "gone-6", eventUuid: "twin", occurredAt: at(3) })],
        });

        for (const limit of [1, 2, 3, 100]) {
          const read: Array<{ distinctId: string; lastSeenAt: string }> = [];
          let after: ExitCursor | null = null;
          do {
            const page: Awaited<ReturnType<Store["runs"]["listAbsent"]>> = await store.runs.listAbsent({
              workflow: "w",
              from: at(1),
              until: at(10),
              after,
              limit,
            });
            read.push(...page.people);
            after = page.next;
          } while (after !== null);
          expect(read.map(({ distinctId }) => distinctId)).toEqual([...gone, "gone-6", "late"]);
          expect(read.at(-1)?.lastSeenAt).toBe(at(9));
        }
      });
    });

    describe("a studio session", () => {
      it("that has ended stays so over a restart, until it expires anyway", async () => {
        await store.limits.endSession("mine", now + 1_000);
        await store.limits.endSession("mine", now + 1_000);
        await store.close();
        store = await engine.reopen(() => now);
        expect([await store.limits.hasEnded("mine"), await store.limits.hasEnded("other")]).toEqual([true, false]);
        now += 1_000;
        await store.limits.endSession("other", now + 1_000);
        expect([await store.limits.hasEnded("mine"), await store.limits.hasEnded("other")]).toEqual([false, true]);
      });
    });

    describe("a turn", () => {
      it("is taken by one of many, until it is over or given back", async () => {
        const many = await Promise.all(Array.from({ length: 10 }, () => store.limits.takeLease("t", 1_000)));
        expect(many.filter((answer) => answer === null)).toHaveLength(1);
        expect(new Set(many)).toEqual(new Set([null, now + 1_000]));
        expect(await store.limits.takeLease("another", 1_000)).toBeNull();
        now += 999;
        expect(await store.limits.takeLease("t", 1_000)).not.toBeNull();
        now += 1;
        expect(await store.limits.takeLease("t", 1_000)).toBeNull();
        await store.limits.setNextRun("t", now + 5_000);
        expect(await store.limits.takeLease("t", 1_000)).toBe(now + 5_000);
        await store.limits.setNextRun("t", now);
        expect(await store.limits.takeLease("t", 1_000)).toBeNull();
      });

      it("that a wrong clock set far ahead is taken all the same", async () => {
        expect(await store.limits.takeLease("sweep", 60_000)).toBe(null);
        await store.limits.setNextRun("sweep", now + 365 * 24 * 60 * 60 * 1000);
        expect(await store.limits.takeLease("sweep", 60_000)).toBe(null);
        expect(await store.limits.takeLease("sweep", 60_000)).toBe(now + 60_000);
      });

      it("is kept over a restart", async () => {
        await store.limits.takeLease("t", 1_000);
        await store.limits.setNextRun("t", now + 5_000);
        await store.close();
        store = await engine.reopen(() => now);
        expect(await store.limits.takeLease("t", 1_000)).toBe(now + 5_000);
      });
    });

    describe("what became of a message", () => {
      it("is told once, by the first word of it, also when that was told long ago", async () => {
        const later = clicked({ at: "2026-03-03T09:00:00.000Z" });
        const both = await Promise.all([
          store.decisions.insertReport(clicked()),
          store.decisions.insertReport(clicked()),
        ]);
        expect(both.sort()).toEqual([false, true]);
        const owed = await store.jobs.claim("posthog", 10, 1000);
        expect(owed.map(jobOf)).toEqual([{ kind: "report", body: clicked() }]);
        await store.jobs.complete(owed.map(({ id }) => id));
        expect(await store.decisions.insertReport(later)).toBe(false);
        expect(await store.jobs.claim("posthog", 10, 1000)).toEqual([]);
      });

      it.each([{ step: "other" }, { status: "seen" as const }, { transactionId: "v:w" }])(
        "is another thing with %o",
        async (changes) => {
          await store.decisions.insertReport(clicked());
          expect(await store.decisions.insertReport(clicked(changes))).toBe(true);
        },
      );
    });

    describe("decisions", () => {
      it("said again are the same, time and report included", async () => {
        const skipped = decision({ outcome: "skipped", reason: "not needed" });
        await store.decisions.record(skipped);
        const [report] = await store.jobs.claim("posthog", 1, 1000);
        await store.jobs.complete([report!.id]);
        await store.decisions.record({ ...skipped, decidedAt: LATER });
        expect([await store.decisions.list(), await store.jobs.claim("posthog", 1, 1000)]).toMatchObject([
          [{ decidedAt: OCCURRED_AT }],
          [],
        ]);
      });

      it("that failed are not reported, and give way to whatever comes", async () => {
        await store.decisions.record(decision({ outcome: "failed", reason: "error" }));
        expect([await store.jobs.claim("posthog", 1, 1000), await store.decisions.listDecidedSteps("u:w")]).toEqual([
          [],
          [],
        ]);
        await store.decisions.record(decision({ outcome: "skipped", reason: "exited" }), { ifOpen: true });
        expect(await store.decisions.list()).toMatchObject([{ outcome: "skipped" }]);
      });

      it("are one per run and step; a later one replaces it", async () => {
        await store.decisions.record(decision());
        await store.decisions.record(decision({ outcome: "skipped", reason: "exited" }));
        expect(await store.decisions.list()).toMatchObject([{ outcome: "skipped", reason: "exited" }]);
      });

      it("to send are asked about half a minute later, when Novu asks for them no more", async () => {
        await store.decisions.record(decision());
        expect([await store.jobs.claim("receipts", 1, 1000), await store.jobs.nextDueAt("receipts")]).toEqual([
          [],
          now + 30_000,
        ]);
        now += 30_000;
        expect((await store.jobs.claim("receipts", 1, 1000)).map(jobOf)).toEqual([
          { kind: "receipt", body: decision() },
        ]);
        expect(await store.jobs.nextDueAt("posthog")).toBe(null);
      });

      it("that turn out otherwise until then are not told", async () => {
        await store.decisions.record(decision());
        await store.decisions.record(decision({ outcome: "skipped", reason: "exited" }));
        now += 30_000;
        expect((await store.jobs.claim("posthog", 2, 1000)).map(jobOf)).toMatchObject([
          { body: { status: "skipped" } },
        ]);
        expect(await store.jobs.claim("receipts", 2, 1000)).toEqual([]);
      });

      it("are taken back only where they still stand", async () => {
        const sent = decision();
        const lost = decision({ outcome: "failed", reason: "error" });
        await store.decisions.record(sent);
        expect(await store.decisions.record(lost, { insteadOf: sent })).toEqual({ decision: lost, isNew: true });
        const again = decision({ decidedAt: LATER });
        await store.decisions.record(again);
        expect((await store.decisions.record(lost, { insteadOf: sent })).decision).toEqual(again);
        now += 30_000;
        expect((await store.jobs.claim("receipts", 2, 1000)).map(jobOf)).toEqual([{ kind: "receipt", body: again }]);
      });

      it("are left alone by what only fills gaps", async () => {
        await store.decisions.record(decision());
        await store.decisions.record(decision({ outcome: "skipped", reason: "exited" }), { ifOpen: true });
        expect(await store.decisions.list()).toMatchObject([{ outcome: "sent" }]);
        expect(await store.decisions.listDecidedSteps("u:w")).toEqual(["welcome"]);
      });

      it("owe one question each", async () => {
        await Promise.all([
          store.decisions.record(decision()),
          store.decisions.record(decision()),
          store.decisions.record(decision()),
        ]);
        now += 30_000;
        expect((await store.jobs.claim("receipts", 10, 1000)).map(jobOf)).toMatchObject([
          { kind: "receipt", body: { step: "welcome", outcome: "sent" } },
        ]);
      });

      it("are listed by person, the newest when there are many", async () => {
        for (const step of ["one", "two", "three"]) await store.decisions.record(decision({ step }));
        await store.decisions.record(decision({ transactionId: "v:w", distinctId: "grace" }));
        expect((await store.decisions.list({ distinctId: "ada", limit: 2 })).map(({ step }) => step)).toEqual([
          "two",
          "three",
        ]);
      });
    });

    it("knows the events that were answered, whatever came of them", async () => {
      await store.events.insert(event({ uuid: "caused" }), routing());
      await store.events.insert(event({ uuid: "caused nothing" }), { starts: [], exits: [] });
      for (const eventUuid of ["ignored", "caused", null]) await store.events.insertIgnored(keepIgnored({ eventUuid }));
      const asked = ["caused", "caused nothing", "ignored", "never came"];
      expect((await store.events.findKnown(asked)).sort()).toEqual(["caused", "caused nothing", "ignored"]);
      expect(await store.events.findKnown([])).toEqual([]);

      const many = Array.from({ length: 70_000 }, (_, index) => `n${index}`);
      expect(await store.events.findKnown([...many, "caused"])).toEqual(["caused"]);
    });

    it("keeps the newest of what caused nothing", async () => {
      for (let index = 0; index < 1_005; index += 1) {
        await store.events.insertIgnored(
          keepIgnored({ source: "segment", reason: `reason ${index}`, body: "x".repeat(30_000) }),
        );
      }
      const kept = await store.events.listIgnored({ limit: 2_000 });
      expect([kept.length, kept[0]?.reason, kept[0]?.body.length]).toEqual([1_000, "reason 1004", 20_000]);
      expect(kept[0]?.source).toBe("segment");
    });

    /** As many jobs, each dead of its cause after a failure. */
    async function die(...causes: string[]): Promise<void> {
      await acceptMany(causes.length);
      for (const [index, { id }] of (await store.jobs.claim("novu", causes.length, 1000)).entries()) {
        await store.jobs.retry(id, { at: now, error: "not yet", failed: true, answered: false });
        await store.jobs.giveUp(id, causes[index]!);
      }
    }

    async function acceptMany(count: number): Promise<void> {
      for (let index = 0; index < count; index += 1) {
        const uuid = `u${index}`;
        await store.events.insert(event({ uuid }), {
          starts: [start({ run: run({ transactionId: uuid }) })],
          exits: [],
        });
      }
    }
  });
}

function routing(): Routing {
  return { starts: [start()], exits: [] };
}

function keepIgnored(changes: Partial<IgnoredEvent> = {}): IgnoredEvent {
  const nobody = { eventUuid: null, eventName: null, distinctId: null };
  return { source: "posthog", receivedAt: OCCURRED_AT, reason: "a reason", ...nobody, body: "", ...changes };
}

function jobOf({ body }: { body: string }): Job {
  return JSON.parse(body) as Job;
}

function keyOf(job: { body: string }): string {
  return (jobOf(job).body as Start).run.transactionId;
}
