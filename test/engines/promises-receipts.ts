import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../src/contracts/decision.ts";
import { Job, type Queue } from "../../src/contracts/job.ts";
import type { Store } from "../../src/store/store.ts";
import { clicked, decision, event, exit, LATER, OCCURRED_AT, run, start } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const HOUR_MS = 60 * 60 * 1000;
const CAP = { most: 1, withinMs: 7 * 24 * HOUR_MS };
const FAILED = { outcome: "failed", reason: "provider failed", detail: "451", receipt: "corrected" } as const;

/** The promises of every engine about receipts and lost runs. */
export function storeReceipts(name: string, createEngine: () => Engine): void {
  describe(`the store's receipts: ${name}`, () => {
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

    describe("a receipt", () => {
      it.each<[string, Partial<Decision>]>([
        ["confirms a decision", { receipt: "confirmed" }],
        ["leaves it open", { receipt: "no answer" }],
        ["corrects it to one that failed", FAILED],
        ["corrects it to one that was left out", { ...FAILED, outcome: "skipped", reason: "opted out at Novu" }],
      ])("%s, and the report is owed with it, at once", async (_name, changes) => {
        await store.decide(decision());
        const settled = decision(changes);
        expect(await settle(settled)).toBe(true);
        expect(await store.listDecisions()).toEqual([settled]);
        expect(await due("posthog")).toEqual([{ kind: "report", body: settled }]);
        // Nothing is left to ask.
        now += HOUR_MS;
        expect(await due("receipts")).toEqual([]);
        expect(await settle(settled)).toBe(false);
      });

      it("gives the place under the cap back when the message did not go out", async () => {
        const send = { transactionId: "u:w", step: "welcome", distinctId: "ada" };
        const another = { ...send, transactionId: "v:w" };
        await store.reserveSend(send, CAP);
        await store.decide(decision());
        await settle(decision({ receipt: "confirmed" }));
        expect(await store.reserveSend(another, CAP)).toBe(false);
        await settle(decision(FAILED), decision({ receipt: "confirmed" }));
        expect(await store.reserveSend(another, CAP)).toBe(true);
      });

      it("is noted once when two come at the same time, with one report", async () => {
        await store.decide(decision());
        const settled = decision({ receipt: "confirmed" });
        expect((await Promise.all([settle(settled), settle(settled), settle(settled)])).sort()).toEqual([
          false,
          false,
          true,
        ]);
        expect(await due("posthog")).toHaveLength(1);
      });

      it("is nothing to a decision that is another one by then", async () => {
        await store.decide(decision());
        await store.decide(decision({ outcome: "failed", reason: "error" }), { insteadOf: decision() });
        expect(await settle(decision({ receipt: "confirmed" }))).toBe(false);
        expect(await store.listDecisions()).toMatchObject([{ outcome: "failed", reason: "error" }]);
        expect(await due("posthog")).toEqual([]);
      });

      it("does not bring back who was forgotten meanwhile", async () => {
        await store.decide(decision());
        await store.forgetPerson("ada");
        expect(await settle(decision({ receipt: "confirmed" }))).toBe(false);
        expect(Object.values(await store.personRecords("ada")).flat()).toEqual([]);
      });

      it("stands against a later call of Novu's, and an exit", async () => {
        const { eventUuid: uuid } = run();
        await store.accept(event({ uuid }), { starts: [start()], exits: [] });
        await store.decide(decision());
        await store.accept(event({ uuid: "e", occurredAt: LATER }), { starts: [], exits: [exit()] });
        expect(await settle(decision({ receipt: "confirmed" }))).toBe(true);
        for (const after of [decision(), decision({ outcome: "failed", reason: "error" })])
          expect(await store.decide(after)).toMatchObject({ decision: { receipt: "confirmed" }, isNew: false });
      });

      it("of a failure is final: nothing that fills gaps overwrites it", async () => {
        await store.decide(decision());
        await settle(decision(FAILED));
        await store.decide(decision({ outcome: "skipped", reason: "exited" }), { ifOpen: true });
        expect(await store.listDecisions()).toMatchObject([FAILED]);
        expect(await store.decidedSteps("u:w")).toEqual(["welcome"]);
      });

      it("and Novu's webhook tell of a failure once, whichever is first", async () => {
        const failed = clicked({ status: "failed" });
        await store.decide(decision());
        await settle(decision(FAILED));
        expect(await store.capture(failed)).toBe(false);
        expect(await due("posthog")).toHaveLength(1);

        await store.decide(decision({ step: "second" }));
        await store.capture({ ...failed, step: "second" });
        expect(await due("posthog")).toHaveLength(1);
        await settle(decision({ step: "second", ...FAILED }), decision({ step: "second" }));
        expect([await store.listDecisions(), await due("posthog")]).toMatchObject([[FAILED, FAILED], []]);
      });

      it("takes a report back that PostHog was not told yet", async () => {
        await store.decide(decision());
        await settle(decision({ receipt: "confirmed" }));
        await settle(decision(FAILED), decision({ receipt: "confirmed" }));
        expect(await due("posthog")).toEqual([{ kind: "report", body: decision(FAILED) }]);
      });

      it("lets another step of the run tell of what a message that did not go out would have exposed", async () => {
        const shown = { variants: { flag: "b" }, exposures: ["flag"] };
        await store.decide(decision(shown));
        await settle(decision({ ...shown, ...FAILED, exposures: [] }), decision(shown));
        const { decision: next } = await store.decide(decision({ ...shown, step: "second" }));
        expect(next.exposures).toEqual(["flag"]);
      });
    });

    describe("a run", () => {
      const RUN = "u:w";
      beforeEach(async () => {
        await store.accept(event({ uuid: "u" }), { starts: [start()], exits: [] });
      });

      it("is looked at an hour after Novu took it on", async () => {
        now += 5_000;
        await store.markStarted(RUN);
        expect(await store.nextDueAt("receipts")).toBe(now + HOUR_MS);
        now += HOUR_MS;
        expect(await due("receipts")).toEqual([{ kind: "overdue", body: { transactionId: RUN } }]);
      });

      it("is looked at when a step has said, that came before Novu's answer to the trigger", async () => {
        const job = { kind: "overdue", body: { transactionId: RUN } } as const;
        await store.schedule(`overdue:${RUN}`, job, now + 5 * HOUR_MS, { replace: true });
        await store.markStarted(RUN);
        expect(await store.nextDueAt("receipts")).toBe(now + 5 * HOUR_MS);
      });

      it("is open from when Novu took it on until it ends, and ends once", async () => {
        expect([await store.openRun(RUN), await store.closeRun(RUN, "failed")]).toEqual([null, false]);
        await store.markStarted(RUN);
        expect(await store.openRun(RUN)).toEqual({ workflow: "w", distinctId: "ada", enteredAt: now });
        expect([await store.closeRun(RUN, "failed"), await store.closeRun(RUN, "finished")]).toEqual([true, false]);
        expect([await store.openRun(RUN), await store.runState(RUN)]).toEqual([null, "failed"]);
        expect(await store.listRuns({ limit: 1, status: "failed" })).toMatchObject([
          { status: "failed", endedAt: now },
        ]);
        expect(await store.countOutcomes(0)).toMatchObject([{ entered: 1, waiting: 0, lost: 1 }]);
        expect([await store.countLost(now), await store.countLost(now + 1)]).toEqual([1, 0]);
      });

      it("has others beside it of its person and workflow: open ones and lost ones, the earliest first, taken on before some time", async () => {
        const begin = async (uuid: string, facts: Parameters<typeof run>[0] = {}) => {
          const other = run({ eventUuid: uuid, ...facts });
          await store.accept(event({ uuid, distinctId: other.distinctId }), {
            starts: [start({ run: other })],
            exits: [],
          });
          now += 1;
          await store.markStarted(other.transactionId);
          return other.transactionId;
        };
        const [second, third] = [await begin("second"), await begin("third")];
        await begin("of-grace", { distinctId: "grace" });
        const mine = { transactionId: await begin("mine"), workflow: "w", distinctId: "ada", enteredAt: now };
        const late = await begin("late");
        const beside = async (before = now) =>
          (await store.runsBeside({ ...mine, before })).map(({ transactionId }) => transactionId);
        expect(await beside(now + 1)).toEqual([second, third, late]);
        expect(await beside()).toEqual([second, third]);
        await store.closeRun(second, "finished");
        await store.closeRun(third, "failed");
        const lost = { transactionId: third, enteredAt: Date.parse(OCCURRED_AT) + 2, isLost: true };
        expect(await store.runsBeside({ ...mine, before: now })).toEqual([lost]);
        // That was before this one began.
        expect(await store.runsBeside({ ...mine, enteredAt: now + 1, before: now })).toEqual([]);
      });

      it("that has finished or was left is not open, and none that was lost", async () => {
        await store.markStarted(RUN);
        await store.decide(decision(), { endsRun: true });
        expect([await store.openRun(RUN), await store.closeRun(RUN, "failed")]).toEqual([null, false]);
        expect([await store.runState(RUN), await store.countLost(0)]).toEqual(["started", 0]);
      });

      it.each(["one at a time", "once", { oncePerMs: 7 * 24 * HOUR_MS }] as const)(
        "that was lost shuts nobody out: %s",
        async (limit) => {
          await store.complete((await store.claim("novu", 1, 1000)).map(({ id }) => id));
          await store.enter({ ...run(), workflow: "w" }, limit);
          await store.markStarted(RUN);
          const next = run({ eventUuid: "next" });
          await store.accept(event({ uuid: "next" }), { starts: [start({ run: next })], exits: [] });
          expect(await store.enter({ ...next, workflow: "w" }, limit)).toBe(false);
          await store.closeRun(RUN, "failed");
          expect(await store.enter({ ...next, workflow: "w" }, limit)).toBe(true);
        },
      );

      it("lost at Novu is told to PostHog, and a call that comes after all is served", async () => {
        const lost = decision({ outcome: "failed", reason: "lost at Novu", detail: "Bridge execution failed" });
        await store.markStarted(RUN);
        await due("posthog");
        await store.decide(lost, { ifOpen: true });
        expect([await due("posthog"), await store.decidedSteps(RUN)]).toEqual([
          [{ kind: "report", body: lost }],
          ["welcome"],
        ]);
        expect(await store.decide(decision())).toMatchObject({ decision: { outcome: "sent" }, isNew: true });
      });
    });

    describe("a step that several jobs of Novu ask for", () => {
      it("is the first job's that sends, also of three at the same time", async () => {
        const jobs = ["a", "b", "c"].map((jobId) => decision({ jobId }));
        const answers = await Promise.all(jobs.map((one) => store.decide(one)));
        const [owner] = await store.listDecisions();
        expect(answers.map((one) => one.decision.jobId)).toEqual(jobs.map(() => owner?.jobId));
        expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
        for (const one of jobs) expect((await store.decide(one)).isNew).toBe(false);
      });

      it("is another job's where the first one could not make it", async () => {
        await store.decide(decision({ jobId: "a", outcome: "failed", reason: "error" }));
        expect((await store.decide(decision({ jobId: "b" }))).decision).toMatchObject({ jobId: "b", outcome: "sent" });
        const late = decision({ jobId: "a", outcome: "failed", reason: "error" });
        expect((await store.decide(late)).decision).toMatchObject({ jobId: "b", outcome: "sent" });
      });
    });

    it("a run whose trigger did not come from here is adopted once, and its id is not another person's", async () => {
      const run = { transactionId: "n", workflow: "w", distinctId: "bob", occurredAt: OCCURRED_AT };
      const all = await Promise.all([run, run, run].map((one) => store.adoptRun(one)));
      expect(all.sort()).toEqual(["known", "known", "new"]);
      expect(await store.adoptRun({ ...run, distinctId: "eve" })).toBe("of another person");
    });

    async function settle(settled: Decision, asked = decision()): Promise<boolean> {
      return (await store.decide(settled, { insteadOf: asked })).isNew;
    }

    /** All that is due in a queue, which is done then. */
    async function due(queue: Queue): Promise<Job[]> {
      const jobs = await store.claim(queue, 100, 1000);
      await store.complete(jobs.map(({ id }) => id));
      return jobs.map(({ body }) => Job.parse(JSON.parse(body)));
    }
  });
}
