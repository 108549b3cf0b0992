import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Decision } from "../../src/contracts/decision.ts";
import type { Store } from "../../src/store/store.ts";
import { decision, event, exit, OCCURRED_AT, run, start } from "../support/facts.ts";
import type { Engine } from "./promises.ts";

const RUNS = ["a", "b", "c"];
const EXITED = "b";
const CAP = { most: 2, withinMs: 60_000 };

const MADE: Partial<Decision>[] = [
  { outcome: "sent" },
  { outcome: "sent", jobId: "another job" },
  { outcome: "skipped", reason: "not needed" },
  { outcome: "skipped", reason: "exited" },
  { outcome: "failed", reason: "error" },
  { outcome: "failed", reason: "lost at Novu", receipt: "corrected" },
];
interface Recording {
  run: string;
  step: string;
  made: Partial<Decision>;
  options: { ifOpen?: boolean; endsRun?: boolean; insteadOf?: Decision };
}

const recordings = fc.array(
  fc.record<Recording>({
    run: fc.constantFrom(...RUNS),
    step: fc.constantFrom("welcome", "reminder"),
    made: fc.constantFrom(...MADE),
    options: fc.constantFrom<Recording["options"]>({}, { ifOpen: true }, { endsRun: true }, { insteadOf: decision() }),
  }),
  { minLength: 2, maxLength: 20 },
);

/** The promises of every engine about writes of the same moment, which share a transaction. */
export function storeTogether(name: string, createEngine: () => Engine): void {
  describe(`writes of the same moment: ${name}`, () => {
    let engine: Engine;
    let store: Store;
    let people = 0;
    const now = Date.parse(OCCURRED_AT);

    beforeEach(async () => {
      engine = createEngine();
      store = await engine.open(() => now);
    });
    afterEach(async () => {
      await store.close();
      await engine.drop();
    });

    it("decisions have the same results as one after the other", async () => {
      await fc.assert(
        fc.asyncProperty(recordings, async (all) => {
          expect(await recordAll(all, true)).toEqual(await recordAll(all, false));
        }),
        { numRuns: 20 },
      );
    });

    it("decisions and their jobs keep the order in which they were recorded", async () => {
      const steps = ["welcome", "note", "reminder", "alpha"];
      const skipped = { outcome: "skipped", reason: "not needed" } as const;
      await Promise.all(steps.map((step) => store.decisions.record(decision({ step, ...skipped }))));
      expect((await store.decisions.list()).map(({ step }) => step)).toEqual(steps);
      const reports = (await store.jobs.claim("posthog", 10, 1_000)).map(({ body }) => JSON.parse(body).body.step);
      expect(reports).toEqual(steps);
    });

    it("reservations of the same people stay under the cap, and a repeated one counts once", async () => {
      const wanted = ["ada", "bob", "cyd"].flatMap((distinctId) =>
        ["one", "two", "three", "two"].map((step) => ({ transactionId: `${distinctId}:w`, step, distinctId })),
      );
      const taken = await Promise.all(wanted.map((send) => store.limits.reserveSend(send, CAP)));
      expect(taken).toEqual(wanted.map(({ step }) => step !== "three"));
      const counts = await Promise.all(["ada", "bob", "cyd"].map((id) => store.limits.countSends(id, CAP)));
      expect(counts).toEqual([2, 2, 2]);
    });

    it("reservations of one person with two ids count together", async () => {
      await store.people.merge({ previousId: "anonymous-ada", currentId: "ada", occurredAt: OCCURRED_AT });
      const taken = await Promise.all(
        ["ada", "anonymous-ada", "ada"].map((distinctId, index) =>
          store.limits.reserveSend({ transactionId: `${index}:w`, step: "welcome", distinctId }, CAP),
        ),
      );
      expect(taken).toEqual([true, true, false]);
    });

    /** The results, and what is stored then, of runs of their own. */
    async function recordAll(all: Recording[], together: boolean) {
      people += 1;
      const own = (name: string) => `${name}-${people}`;
      for (const name of RUNS) {
        const [distinctId, eventUuid] = [own(name), own(`uuid-${name}`)];
        const facts = run({ distinctId, eventUuid, transactionId: own(name) });
        const exits = name === EXITED ? [exit({ distinctId, eventUuid })] : [];
        await store.events.insert(event({ uuid: eventUuid, distinctId }), { starts: [start({ run: facts })], exits });
        await store.runs.markStarted(own(name));
      }
      const record = ({ run: name, step, made, options }: Recording) => {
        const ids = { transactionId: own(name), distinctId: own(name), step };
        const { insteadOf, ...others } = options;
        const before = insteadOf && { insteadOf: { ...insteadOf, ...ids } };
        return store.decisions.record(decision({ ...made, ...ids }), { ...others, ...before });
      };
      const results: unknown[] = together ? await Promise.all(all.map(record)) : [];
      if (!together) for (const one of all) results.push(await record(one));
      const records = await Promise.all(RUNS.map((name) => store.people.listRecords(own(name))));
      const stored = records.map(({ decisions, jobs, runs, reports }) => ({
        decisions: textsOf(decisions, ["step", "body"]),
        jobs: textsOf(jobs, ["key", "body", "due_at"]),
        runs: textsOf(runs, ["state", "ended_at"]),
        reports: textsOf(reports, ["step", "status"]),
      }));
      return JSON.parse(JSON.stringify({ results, stored }).replaceAll(`-${people}`, ""));
    }
  });
}

function textsOf(rows: Array<Record<string, unknown>>, columns: string[]): string[] {
  return rows.map((row) => columns.map((column) => row[column]).join(" ")).sort();
}
