import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ClaimedJob } from "../../src/contracts/job.ts";
import { parseJob } from "../../src/contracts/job.ts";
import type { EntryLimit, Routing, Start } from "../../src/contracts/routing.ts";
import { RefusedError, UnavailableError } from "../../src/lib/errors.ts";
import { createLog } from "../../src/lib/log.ts";
import { createRunJob } from "../../src/outbox/run-job.ts";
import { subscriberOf } from "../../src/routing/person.ts";
import { openSqliteStore } from "../../src/store/sqlite.ts";
import type { Store } from "../../src/store/store.ts";
import { event, exit, run, start } from "../support/facts.ts";
import { testFolder } from "../support/folder.ts";

/** Of each kind; both together take about 4 s on an idle core. */
const LIVES = 80;
const LEASE_MS = 15_000;
const log = createLog({ level: "silent" });
/** Nothing is lost with this folder, and a disk would take most of the time. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** What one person may do, hour by hour. */
const FACTS = [
  { name: "left before", hour: 0 },
  { name: "start", hour: 1 },
  { name: "exited", hour: 2 },
  { name: "start again", hour: 3 },
  { name: "left again", hour: 4 },
  { name: "start late", hour: 5 },
];
type Fact = (typeof FACTS)[number];

/**
 * The end of an attempt at its n-th step: its process dies, stands still until another has taken its work, or
 * waits until all others have come to their end.
 */
const ENDS = ["dies", "stalls", "waits"] as const;
type Fate = { step: number; end: (typeof ENDS)[number] } | null;
const fates = fc.array(fc.option(fc.record({ step: fc.integer({ min: 1, max: 12 }), end: fc.constantFrom(...ENDS) })), {
  maxLength: 8,
});
/** What becomes of a call to Novu; yes unless said otherwise. */
const ANSWERS = ["yes", "done, but no word of it", "lost on the way", "no"] as const;
const answers = fc.array(fc.constantFrom(...ANSWERS), { maxLength: 8 });

describe("starts and exits of one person, side by side", () => {
  const folder = testFolder(MEMORY);
  let store: Store;
  let now = 0;
  let persons = 0;
  /** Calls to the store that are in progress. */
  let busy = 0;

  beforeAll(async () => {
    store = counted(await openSqliteStore({ dataDir: folder.path, now: () => now }));
  });
  afterAll(async () => {
    await store.close();
    folder[Symbol.dispose]();
  });

  it("leave no run of who has left, and the others be, whatever dies or gets lost between", {
    tags: ["long"],
  }, async () => {
    await forAll(fc.subarray(FACTS, { minLength: 2 }), async (facts, live) => {
      const hasLeft = ({ hour }: Fact) => facts.some((fact) => isExit(fact) && fact.hour >= hour);
      const starts = facts.filter((fact) => !isExit(fact));
      const { alive, reasons } = await live(facts, "always");
      expect(alive).toEqual(starts.filter((fact) => !hasLeft(fact)).map(({ name }) => name));
      expect(reasons).toEqual(starts.filter(hasLeft).map(({ name }) => [name, "exited"]));
    });
  });

  it("let one in where one may enter, whatever dies or gets lost between", { tags: ["long"] }, async () => {
    const limits = fc.constantFrom<EntryLimit[]>("once", "one at a time", { oncePerMs: 24 * 60 * 60 * 1000 });
    await forAll(limits, async (limit, live) => {
      const starts = FACTS.filter((fact) => !isExit(fact));
      const { alive, reasons } = await live(starts, limit);
      expect(alive).toHaveLength(1);
      const others = starts.filter(({ name }) => name !== alive[0]);
      expect(reasons).toEqual(others.map(({ name }) => [name, "entered before"]));
    });
  });

  type Live = (facts: Fact[], entry: EntryLimit) => ReturnType<typeof live>;

  /** Lives one person's life for each of the cases, with all that can happen to it. */
  async function forAll<Case>(cases: fc.Arbitrary<Case>, check: (one: Case, live: Live) => Promise<void>) {
    let lived = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler({ act: untilQuiet }),
        fc.subarray(FACTS),
        fates,
        answers,
        cases,
        async (scheduler, twice, fates, answers, one) => {
          const distinctId = `person-${++persons}`;
          try {
            await check(one, (facts, entry) => live({ scheduler, distinctId, facts, twice, entry, fates, answers }));
          } finally {
            await store.people.delete(distinctId);
          }
          lived += 1;
        },
      ),
      { numRuns: LIVES },
    );
    expect(lived).toBe(LIVES);
  }

  /** Which runs are alive at Novu in the end, and why the others are not, earliest first. */
  async function live({
    scheduler,
    distinctId,
    facts,
    twice,
    entry,
    fates,
    answers,
  }: {
    scheduler: fc.Scheduler;
    distinctId: string;
    facts: Fact[];
    twice: Fact[];
    entry: EntryLimit;
    fates: Fate[];
    answers: Array<(typeof ANSWERS)[number]>;
  }) {
    const novu = fakeNovu();
    const held = new Set<number>();
    const inProgress = new Set<Promise<void>>();
    const waiting: Array<() => void> = [];
    for (const fact of [...facts, ...twice.filter((fact) => facts.includes(fact))]) go(() => tell(fact));
    await scheduler.waitFor(over());

    for (const texts of novu.bodies.values()) expect(texts.size).toBe(1);
    expect((await store.jobs.countByQueue())[0]).toMatchObject({ queue: "novu", waiting: 0, dead: 0 });
    const decisions = await store.decisions.list({ distinctId });
    const runOf = ({ name }: Fact) => `${distinctId} ${name}:w`;
    return {
      alive: FACTS.filter((fact) => novu.alive.has(runOf(fact))).map(({ name }) => name),
      reasons: FACTS.flatMap((fact) =>
        decisions.filter(({ transactionId }) => transactionId === runOf(fact)).map(({ reason }) => [fact.name, reason]),
      ),
    };

    function go(what: () => Promise<void>): void {
      const going: Promise<void> = what().finally(() => {
        inProgress.delete(going);
        goOnWhereOthersEnded();
      });
      inProgress.add(going);
    }

    function goOnWhereOthersEnded(): void {
      if (inProgress.size === waiting.length) waiting.shift()?.();
    }

    async function over(): Promise<void> {
      while (inProgress.size > 0) await Promise.race(inProgress);
    }

    async function tell(fact: Fact): Promise<void> {
      await scheduler.schedule(Promise.resolve(), `tell ${fact.name}`);
      const { uuid, occurredAt, routing } = told(fact, distinctId, entry);
      const outcome = await store.events.insert(event({ uuid, distinctId, occurredAt }), routing);
      if (outcome === "accepted") go(deliver);
    }

    /** One worker's attempt at the oldest work that nobody holds. */
    async function deliver(): Promise<void> {
      await scheduler.schedule(Promise.resolve(), "claim");
      const [job] = await store.jobs.claim("novu", 1, LEASE_MS);
      if (job === undefined) return;
      held.add(job.id);
      const fate = fates.shift() ?? null;
      const isOver = await new Promise<boolean>((resolve, reject) => {
        let steps = 0;
        const step = async (name: string) => {
          await scheduler.schedule(Promise.resolve(), name);
          steps += 1;
          if (steps !== fate?.step) return;
          if (fate.end === "stalls") go(() => takeOver(job.id));
          else if (fate.end === "waits")
            await new Promise<void>((goOn) => {
              waiting.push(goOn);
              goOnWhereOthersEnded();
            });
          else {
            resolve(false);
            await new Promise(() => {});
          }
        };
        attempt(job, step).then(() => resolve(true), reject);
      });
      if (!isOver) await takeOver(job.id);
      else held.delete(job.id);
    }

    /** The lease of whoever holds this work runs out; all others are renewed. */
    async function takeOver(id: number): Promise<void> {
      held.delete(id);
      now += LEASE_MS;
      await store.jobs.renew([...held], LEASE_MS);
      go(deliver);
    }

    async function attempt(job: ClaimedJob, step: (name: string) => Promise<void>): Promise<void> {
      const call = async (name: string, take: () => void): Promise<true> => {
        await step(name);
        const answer = answers.shift() ?? "yes";
        if (answer === "yes" || answer === "done, but no word of it") take();
        await step(`${name}: ${answer}`);
        if (answer === "yes") return true;
        throw answer === "no" ? new RefusedError(answer) : new UnavailableError(answer, { answered: false });
      };
      const stepwise =
        <Parameters extends unknown[], Result>(name: string, ask: (...parameters: Parameters) => Promise<Result>) =>
        async (...parameters: Parameters) => {
          await step(name);
          return ask(...parameters);
        };
      const runJob = createRunJob({
        novu: {
          trigger: async (start) => void (await call("trigger", () => novu.trigger(start))),
          cancel: async (transactionId) => void (await call("cancel", () => novu.cancel(transactionId))),
          change: () => call("tell", () => {}),
          create: async () => void (await call("create", () => {})),
        },
        runs: {
          findExitSince: stepwise("findExitSince", store.runs.findExitSince),
          markExiting: stepwise("markExiting", store.runs.markExiting),
          findState: stepwise("findState", store.runs.findState),
          markExited: stepwise("markExited", store.runs.markExited),
          markStarted: stepwise("markStarted", store.runs.markStarted),
          listOccurrences: stepwise("listOccurrences", store.runs.listOccurrences),
          enter: stepwise("enter", store.runs.enter),
          hasOtherOfEvent: stepwise("hasOtherOfEvent", store.runs.hasOtherOfEvent),
          markNotStarted: stepwise("markNotStarted", store.runs.markNotStarted),
          saveRecipient: stepwise("saveRecipient", store.runs.saveRecipient),
          findRecipient: stepwise("findRecipient", store.runs.findRecipient),
        },
        people: store.people,
        listDecidedSteps: stepwise("listDecidedSteps", store.decisions.listDecidedSteps),
        persons: {
          readNow: async () => ({ outcome: "not found" }),
          storedProfile: async () => null,
          profileAtSource: async () => null,
          subscriberOf,
        },
        merges: {
          areOnePerson: async () => "one",
          merge: store.people.merge,
          onNotMerged: async () => {},
          reingest: async () => {},
        },
        handlers: {
          "awaited event": async () => {},
          "next part": async () => {},
          receipt: async () => {},
          overdue: async () => {},
          withdraw: async () => {},
          devices: async () => {},
          preferences: async () => {},
          "opt-outs": async () => {},
          report: async () => {},
        },
        decide: stepwise("decide", (decision, options) =>
          store.decisions.record(decision, { ...options, endsRun: true }),
        ),
        withdrawNotes: async () => {},
        onTriggered: () => {},
        sendingSteps: () => [{ step: "recovery", channel: "email", isThrottled: false }],
        stepsOfRun: async () => [{ step: "recovery", channel: "email", isThrottled: false }],
        pace: async () => {},
        paceSubscribers: async () => {},
        now: () => now,
        log,
      });
      try {
        await runJob({ ...job, job: parseJob(job.body) });
        await step("complete");
        await store.jobs.complete([job.id]);
      } catch (error) {
        if (!(error instanceof RefusedError || error instanceof UnavailableError)) throw error;
        const answered = error instanceof RefusedError;
        await store.jobs.retry(job.id, { at: now, error: error.message, failed: false, answered });
        go(deliver);
      }
    }
  }

  /** Lets what a step set off come to its next step before another is chosen. */
  async function untilQuiet(take: () => Promise<void>): Promise<void> {
    await take();
    do await new Promise(setImmediate);
    while (busy > 0);
  }

  function counted<Part extends object>(part: Part): Part {
    return new Proxy(part, {
      get(target, name) {
        const value = target[name as keyof Part];
        if (typeof value !== "function") return counted(value as object);
        return async (...parameters: unknown[]) => {
          busy += 1;
          try {
            return await value(...parameters);
          } finally {
            busy -= 1;
          }
        };
      },
    });
  }
});

/** A Novu that starts each transaction once, and cancels what it has started. */
function fakeNovu() {
  const alive = new Set<string>();
  const bodies = new Map<string, Set<string>>();
  return {
    alive,
    bodies,
    trigger(start: Start): void {
      const { transactionId } = start.run;
      const sent = bodies.get(transactionId) ?? new Set();
      if (sent.size === 0) alive.add(transactionId);
      bodies.set(transactionId, sent.add(JSON.stringify(start)));
    },
    cancel: (transactionId: string) => void alive.delete(transactionId),
  };
}

function isExit({ name }: Fact): boolean {
  return name.startsWith("exited");
}

function told(
  fact: Fact,
  distinctId: string,
  entry: EntryLimit,
): { uuid: string; occurredAt: string; routing: Routing } {
  const uuid = `${distinctId} ${fact.name}`;
  const occurredAt = new Date(Date.UTC(2026, 2, 2, fact.hour)).toISOString();
  const facts = { eventUuid: uuid, distinctId, occurredAt };
  const routing = isExit(fact)
    ? { starts: [], exits: [exit(facts)] }
    : { starts: [start({ run: run(facts), entry })], exits: [] };
  return { uuid, occurredAt, routing };
}
