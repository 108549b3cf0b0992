import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../src/contracts/decision.ts";
import { type Job, parseJob, type Queue } from "../../src/contracts/job.ts";
import { reportOf } from "../../src/contracts/report.ts";
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
        await store.decisions.record(decision());
        const settled = decision(changes);
        expect(await settle(settled)).toBe(true);
        expect(await store.decisions.list()).toEqual([settled]);
        expect(await due("posthog")).toEqual([{ kind: "report", body: reportOf(settled) }]);
        // Nothing is left to ask.
        now += HOUR_MS;
        expect(await due("receipts")).toEqual([]);
        expect(await settle(settled)).toBe(false);
      });

      it("gives the place under the cap back when the message did not go out", async () => {
        const send = { transactionId: "u:w", step: "welcome", distinctId: "ada" };
        const another = { ...send, transactionId: "v:w" };
        await store.limits.reserveSend(send, CAP);
        await store.decisions.record(decision());
        await settle(decision({ receipt: "confirmed" }));
        expect(await store.limits.reserveSend(another, CAP)).toBe(false);
        await settle(decision(FAILED), decision({ receipt: "confirmed" }));
        expect(await store.limits.reserveSend(another, CAP)).toBe(true);
      });

      it("is noted once when two come at the same time, with one report", async () => {
        await store.decisions.record(decision());
        const settled = decision({ receipt: "confirmed" });
        expect((await Promise.all([settle(settled), settle(settled), settle(settled)])).sort()).toEqual([
          false,
          false,
          true,
        ]);
        expect(await due("posthog")).toHaveLength(1);
      });

      it("is nothing to a decision that is another one by then", async () => {
        await store.decisions.record(decision());
        await store.decisions.record(decision({ outcome: "failed", reason: "error" }), { insteadOf: decision() });
        expect(await settle(decision({ receipt: "confirmed" }))).toBe(false);
        expect(await store.decisions.list()).toMatchObject([{ outcome: "failed", reason: "error" }]);
        expect(await due("posthog")).toEqual([]);
      });

      it("does not bring back who was forgotten meanwhile", async () => {
        await store.decisions.record(decision());
        await store.people.delete("ada");
        expect(await settle(decision({ receipt: "confirmed" }))).toBe(false);
        expect(Object.values(await store.people.listRecords("ada")).flat()).toEqual([]);
      });

      it("stands against a later call of Novu's, and an exit", async () => {
        const { eventUuid: uuid } = run();
        await store.events.insert(event({ uuid }), { starts: [start()], exits: [] });
        await store.decisions.record(decision());
        await store.events.insert(event({ uuid: "e", occurredAt: LATER }), { starts: [], exits: [exit()] });
        expect(await settle(decision({ receipt: "confirmed" }))).toBe(true);
        for (const after of [decision(), decision({ outcome: "failed", reason: "error" })])
          expect(await store.decisions.record(after)).toMatchObject({
            decision: { receipt: "confirmed" },
            isNew: false,
          });
      });

      it("of a failure is final: nothing that fills gaps overwrites it", async () => {
        await store.decisions.record(decision());
        await settle(decision(FAILED));
        await store.decisions.record(decision({ outcome: "skipped", reason: "exited" }), { ifOpen: true });
        expect(await store.decisions.list()).toMatchObject([FAILED]);
        expect(await store.decisions.listDecidedSteps("u:w")).toEqual(["welcome"]);
      });

      it("and Novu's webhook tell of a failure once, whichever is first", async () => {
        const failed = clicked({ status: "failed" });
        await store.decisions.record(decision());
        await settle(decision(FAILED));
        expect(await store.decisions.insertReport(failed)).toBe(false);
        expect(await due("posthog")).toHaveLength(1);

        await store.decisions.record(decision({ step: "second" }));
        await store.decisions.insertReport({ ...failed, step: "second" });
        expect(await due("posthog")).toHaveLength(1);
        await settle(decision({ step: "second", ...FAILED }), decision({ step: "second" }));
        expect([await store.decisions.list(), await due("posthog")]).toMatchObject([[FAILED, FAILED], []]);
      });

      it("takes a report back that PostHog was not told yet", async () => {
        await store.decisions.record(decision());
        await settle(decision({ receipt: "confirmed" }));
        await settle(decision(FAILED), decision({ receipt: "confirmed" }));
        expect(await due("posthog")).toEqual([{ kind: "report", body: reportOf(decision(FAILED)) }]);
      });

      it("lets another step of the run tell of what a message that did not go out would have exposed", async () => {
        const shown = { variants: { flag: "b" }, exposures: ["flag"] };
        await store.decisions.record(decision(shown));
        await settle(decision({ ...shown, ...FAILED, exposures: [] }), decision(shown));
        const { decision: next } = await store.decisions.record(decision({ ...shown, step: "second" }));
        expect(next.exposures).toEqual(["flag"]);
      });
    });

    describe("a run", () => {
      const RUN = "u:w";
      beforeEach(async () => {
        await store.events.insert(event({ uuid: "u" }), { starts: [start()], exits: [] });
      });

      it("is looked at an hour after Novu took it on", async () => {
        now += 5_000;
        await store.runs.markStarted(RUN);
        expect(await store.jobs.nextDueAt("receipts")).toBe(now + HOUR_MS);
        now += HOUR_MS;
        expect(await due("receipts")).toEqual([{ kind: "overdue", body: { transactionId: RUN, distinctId: "ada" } }]);
      });

      it("is looked at when a step has said, that came before Novu's answer to the trigger", async () => {
        const job = { kind: "overdue", body: { transactionId: RUN, distinctId: "ada" } } as const;
        await store.jobs.schedule(job, now + 5 * HOUR_MS, { replace: true });
        await store.runs.markStarted(RUN);
        expect(await store.jobs.nextDueAt("receipts")).toBe(now + 5 * HOUR_MS);
      });

      it("is open from when Novu took it on until it ends, and ends once", async () => {
        expect([await store.runs.findOpen(RUN), await store.runs.close(RUN, "failed")]).toEqual([null, false]);
        await store.runs.markStarted(RUN);
        expect(await store.runs.findOpen(RUN)).toEqual({ workflow: "w", distinctId: "ada", enteredAt: now, part: 0 });
        expect([await store.runs.close(RUN, "failed"), await store.runs.close(RUN, "finished")]).toEqual([true, false]);
        expect([await store.runs.findOpen(RUN), await store.runs.findState(RUN)]).toEqual([null, "failed"]);
        expect(await store.runs.list({ limit: 1, status: "failed" })).toMatchObject([
          { status: "failed", endedAt: now },
        ]);
        expect(await store.runs.countOutcomes(0)).toMatchObject([{ entered: 1, waiting: 0, lost: 1 }]);
        expect([await store.runs.countLost(now), await store.runs.countLost(now + 1)]).toEqual([1, 0]);
      });

      it("has others beside it of its person and workflow: open ones and lost ones, the earliest first, taken on before some time", async () => {
        const begin = async (uuid: string, facts: Parameters<typeof run>[0] = {}) => {
          const other = run({ eventUuid: uuid, ...facts });
          await store.events.insert(event({ uuid, distinctId: other.distinctId }), {
            starts: [start({ run: other })],
            exits: [],
          });
          now += 1;
          await store.runs.markStarted(other.transactionId);
          return other.transactionId;
        };
        const [second, third] = [await begin("second"), await begin("third")];
        await begin("of-grace", { distinctId: "grace" });
        const mine = { transactionId: await begin("mine"), workflow: "w", distinctId: "ada", enteredAt: now, part: 0 };
        const late = await begin("late");
        const beside = async (before = now) =>
          (await store.runs.listBeside({ ...mine, before })).map(({ transactionId }) => transactionId);
        expect(await beside(now + 1)).toEqual([second, third, late]);
        expect(await beside()).toEqual([second, third]);
        await store.runs.close(second, "finished");
        await store.runs.close(third, "failed");
        const lost = { transactionId: third, enteredAt: Date.parse(OCCURRED_AT) + 2, part: 0, isLost: true };
        expect(await store.runs.listBeside({ ...mine, before: now })).toEqual([lost]);
        // That was before this one began.
        expect(await store.runs.listBeside({ ...mine, enteredAt: now + 1, before: now })).toEqual([]);
      });

      it("that has finished or was left is not open, and none that was lost", async () => {
        await store.runs.markStarted(RUN);
        await store.decisions.record(decision(), { endsRun: true });
        expect([await store.runs.findOpen(RUN), await store.runs.close(RUN, "failed")]).toEqual([null, false]);
        expect([await store.runs.findState(RUN), await store.runs.countLost(0)]).toEqual(["in progress", 0]);
      });

      it.each(["one at a time", "once", { oncePerMs: 7 * 24 * HOUR_MS }] as const)(
        "that was lost shuts nobody out: %s",
        async (limit) => {
          await store.jobs.complete((await store.jobs.claim("novu", 1, 1000)).map(({ id }) => id));
          await store.runs.enter({ ...run(), workflow: "w" }, limit);
          await store.runs.markStarted(RUN);
          const next = run({ eventUuid: "next" });
          await store.events.insert(event({ uuid: "next" }), { starts: [start({ run: next })], exits: [] });
          expect(await store.runs.enter({ ...next, workflow: "w" }, limit)).toBe(false);
          await store.runs.close(RUN, "failed");
          expect(await store.runs.enter({ ...next, workflow: "w" }, limit)).toBe(true);
        },
      );

      it("lost at Novu is told to PostHog, and a call that comes after all is served", async () => {
        const lost = decision({ outcome: "failed", reason: "lost at Novu", detail: "Bridge execution failed" });
        await store.runs.markStarted(RUN);
        await due("posthog");
        await store.decisions.record(lost, { ifOpen: true });
        expect([await due("posthog"), await store.decisions.listDecidedSteps(RUN)]).toEqual([
          [{ kind: "report", body: reportOf(lost) }],
          ["welcome"],
        ]);
        expect(await store.decisions.record(decision())).toMatchObject({ decision: { outcome: "sent" }, isNew: true });
      });
    });

    describe("a step that several jobs of Novu ask for", () => {
      it("is the first job's that sends, also of three at the same time", async () => {
        const jobs = ["a", "b", "c"].map((jobId) => decision({ jobId }));
        const answers = await Promise.all(jobs.map((one) => store.decisions.record(one)));
        const [owner] = await store.decisions.list();
        expect(answers.map((one) => one.decision.jobId)).toEqual(jobs.map(() => owner?.jobId));
        expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
        for (const one of jobs) expect((await store.decisions.record(one)).isNew).toBe(false);
      });

      it("is another job's where the first one could not make it", async () => {
        await store.decisions.record(decision({ jobId: "a", outcome: "failed", reason: "error" }));
        expect((await store.decisions.record(decision({ jobId: "b" }))).decision).toMatchObject({
          jobId: "b",
          outcome: "sent",
        });
        const late = decision({ jobId: "a", outcome: "failed", reason: "error" });
        expect((await store.decisions.record(late)).decision).toMatchObject({ jobId: "b", outcome: "sent" });
      });
    });

    it("a run whose trigger did not come from here is adopted once, and its id is not another person's", async () => {
      const run = { transactionId: "n", workflow: "w", distinctId: "bob", occurredAt: OCCURRED_AT };
      const all = await Promise.all([run, run, run].map((one) => store.runs.insertForeign(one)));
      expect(all.sort()).toEqual(["known", "known", "new"]);
      expect(await store.runs.insertForeign({ ...run, distinctId: "eve" })).toBe("of another person");
    });

    async function settle(settled: Decision, asked = decision()): Promise<boolean> {
      return (await store.decisions.record(settled, { insteadOf: asked })).isNew;
    }

    /** All that is due in a queue, which is done then. */
    async function due(queue: Queue): Promise<Job[]> {
      const jobs = await store.jobs.claim(queue, 100, 1000);
      await store.jobs.complete(jobs.map(({ id }) => id));
      return jobs.map(({ body }) => parseJob(body));
    }
  });
}
