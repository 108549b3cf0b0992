import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Job } from "../../../src/contracts/job.ts";
import { reportOf } from "../../../src/contracts/report.ts";
import { PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../../../src/lib/errors.ts";
import { createLog } from "../../../src/lib/log.ts";
import { MOST_ATTEMPTS } from "../../../src/outbox/retry.ts";
import { type JobAttempt, startWorker, type Worker } from "../../../src/outbox/worker.ts";
import { createVirtualClock, type VirtualClock } from "../../../src/sandbox/virtual-clock.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import type { Store } from "../../../src/store/store.ts";
import { decision } from "../../support/facts.ts";
import { testFolder } from "../../support/folder.ts";
import { eventually } from "../../support/sandbox.ts";

let folder: ReturnType<typeof testFolder>;
let clock: VirtualClock;
let store: Store;
let worker: Worker;
let performed: JobAttempt[];

beforeEach(async () => {
  folder = testFolder();
  clock = createVirtualClock({ startAt: 0, flowing: false });
  store = await openSqliteStore({ dataDir: folder.path, now: clock.now });
  performed = [];
});
afterEach(async () => {
  await worker.stop();
  await store.close();
  clock.stop();
  folder[Symbol.dispose]();
});

describe("the worker", () => {
  it("does up to so many at once, and all of them", async () => {
    await owe(10);
    const open: Array<() => void> = [];
    start(async () => new Promise<void>((resolve) => open.push(resolve)), { concurrency: 4 });
    const most: number[] = [];
    while ((await store.jobs.count()).waiting > 0) {
      most.push(open.length);
      open.shift()?.();
      await new Promise(setImmediate);
    }
    expect([performed.length, Math.max(...most)]).toEqual([10, 4]);
  });

  it("is woken by what comes later", async () => {
    start(async () => {});
    await worker.idle();
    await owe(1);
    worker.wake();
    await worker.idle();
    expect(performed).toHaveLength(1);
  });

  it("claims nothing until the time of a job, and also finds an earlier job that comes later", async () => {
    let claims = 0;
    const claim: Store["jobs"]["claim"] = (...query) => {
      claims += 1;
      return store.jobs.claim(...query);
    };
    start(async () => {}, { jobs: { ...store.jobs, claim } });
    await worker.idle();
    const stop = store.on("jobs", (_queue, dueAt) => worker.wake(dueAt));
    await store.jobs.schedule(reportJob("later"), 60_000);
    await store.jobs.schedule(reportJob("earlier"), 30_000);
    await worker.idle();
    expect(claims).toBe(1);

    const times: number[] = [];
    await clock.travelTo(120_000, async () => {
      await worker.idle();
      while (times.length < performed.length) times.push(clock.now());
    });
    stop();
    expect([times, (await store.jobs.count()).waiting]).toEqual([[30_000, 60_000], 0]);
  });

  it("runs a job at its time while another one hangs", async () => {
    await owe(1);
    await store.jobs.schedule(reportJob("later"), 20_000);
    let release = () => {};
    start(async () => {
      if (performed.length === 1) await new Promise<void>((resolve) => (release = resolve));
    });
    await eventually(() => performed.length === 1);
    // Longer than a lease, which the worker renews in real time.
    await clock.travelTo(20_000, async () => {
      await store.jobs.renew([performed[0]!.id], 5_000);
      // The worker has claimed, and found the next job.
      await eventually(() => clock.nextAlarmAt() !== null);
    });
    await eventually(() => performed.length === 2);
    release();
    await worker.idle();
    expect(await store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
  });

  it("ends what it has begun before it stops, and begins nothing more", async () => {
    await owe(3);
    let isDone = false;
    start(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        isDone = true;
      },
      { concurrency: 1 },
    );
    while (performed.length === 0) await new Promise(setImmediate);
    await worker.stop();
    expect([isDone, performed.length, (await store.jobs.count()).waiting]).toEqual([true, 1, 2]);
  });

  it("waits as often as it is asked to, without giving up", async () => {
    await owe(1);
    let asked = 0;
    start(async () => {
      asked += 1;
      if (asked <= 2 * MOST_ATTEMPTS) throw new RetryLaterError("not yet", { retryAfterMs: 1_000, answered: true });
    });
    await clock.travelBy(60_000, worker.idle);
    expect([asked, await store.jobs.count()]).toEqual([2 * MOST_ATTEMPTS + 1, { waiting: 0, dead: 0 }]);
    expect(performed.at(-1)).toMatchObject({ attempts: 0, refusals: 2 * MOST_ATTEMPTS });
  });

  it("gives up after so many failures, and says why", async () => {
    await owe(1);
    start(async () => {
      throw new Error("connection refused", { cause: new Error("ECONNREFUSED") });
    });
    await clock.travelBy(24 * 60 * 60 * 1000, worker.idle);
    expect(performed).toHaveLength(MOST_ATTEMPTS);
    expect(await store.jobs.listDead({ limit: 1 })).toMatchObject([
      { attempts: MOST_ATTEMPTS, error: "connection refused: ECONNREFUSED" },
    ]);
  });

  it.each([
    ["nothing more after what is final", new PermanentError("no"), { waiting: 0, dead: 1 }, null],
    [
      "another try after a no, which counts as a refusal",
      new RefusedError("no"),
      { waiting: 1, dead: 0 },
      { attempts: 1, refusals: 1 },
    ],
    [
      "another try after silence, which does not",
      new Error("silence"),
      { waiting: 1, dead: 0 },
      { attempts: 1, refusals: 0 },
    ],
  ])("%s", async (_name, error, counts, next) => {
    await owe(1);
    start(async () => {
      throw error;
    });
    await worker.idle();
    expect(await store.jobs.count()).toEqual(counts);
    await clock.travelBy(1_000, worker.idle);
    expect(performed[1] ?? null).toEqual(next === null ? null : expect.objectContaining(next));
  });

  it("notes a failure once the store is back, without waiting for the lease", async () => {
    await owe(1);
    const retry = store.jobs.retry;
    let inVain = 0;
    store.jobs.retry = (...facts) => {
      inVain += 1;
      return inVain === 1 ? Promise.reject(new Error("disk full")) : retry(...facts);
    };
    start(async () => {
      if (performed.length === 1) throw new RefusedError("no");
    });
    await worker.idle();
    expect(inVain).toBe(2);
    await clock.travelBy(1_000, worker.idle);
    expect([performed.length, await store.jobs.count()]).toEqual([2, { waiting: 0, dead: 0 }]);
  });

  it("stops although the store is down", async () => {
    await owe(1);
    let isDone = false;
    start(async () => {
      store.jobs.claim = () => Promise.reject(new Error("disk full"));
      isDone = true;
    });
    while (!isDone) await new Promise(setImmediate);
    await worker.idle();
    const complete = store.jobs.complete;
    store.jobs.complete = () => Promise.reject(new Error("disk full"));
    await expect(worker.stop()).resolves.toBeUndefined();
    store.jobs.complete = complete;
  });

  it("leaves what is down in peace, wears nothing out meanwhile, and goes on within 5 s of its return", {
    tags: ["long"],
  }, async () => {
    await owe(50);
    let isDown = true;
    const tries: number[] = [];
    start(async () => {
      if (!isDown) return;
      tries.push(clock.now());
      throw new UnavailableError("no answer", { answered: false });
    });
    await clock.travelBy(60 * 60 * 1000, worker.idle);
    const perMinute = tries.filter((at) => at >= 30 * 60_000 && at < 31 * 60_000).length;
    expect([perMinute, await store.jobs.count()]).toEqual([30, { waiting: 50, dead: 0 }]);

    isDown = false;
    await clock.travelBy(5_000, worker.idle);
    expect(await store.jobs.count()).toEqual({ waiting: 0, dead: 0 });
    expect(performed.every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it.each([
    ["is answered as if the service were down", () => new UnavailableError("502", { answered: false })],
    ["is told to come back later", () => new UnavailableError("503", { answered: true, retryAfterMs: 1_000 })],
    ["cannot even be sent", () => new TypeError("Invalid character in header content")],
  ])("gives up on a job that %s while others succeed, and holds up none of them for it", async (_how, failure) => {
    await owe(1, 1_000);
    const finished: number[] = [];
    start(async (job) => {
      if (numberOf(job) < 34) throw failure();
      finished.push(numberOf(job));
    });
    await worker.idle();
    await owe(40);
    worker.wake();
    await worker.idle();
    expect(finished.sort()).toEqual([1_000, 34, 35, 36, 37, 38, 39]);
    for (let minute = 0; minute < 4 * 60; minute += 1) {
      await owe(1, 100 + minute);
      worker.wake();
      await clock.travelBy(60_000, worker.idle);
    }
    expect(finished).toHaveLength(7 + 4 * 60);
    expect(await store.jobs.count()).toEqual({ waiting: 0, dead: 34 });
  });

  it.each([
    ["a limit", new RetryLaterError("429", { retryAfterMs: 99_999_999_000, answered: true })],
    ["a service that is down", new UnavailableError("503", { retryAfterMs: 99_999_999_000, answered: true })],
    ["a refusal", new RefusedError("500", { retryAfterMs: 99_999_999_000 })],
  ])("waits no longer than ten minutes, even when %s asks for more", async (_who, error) => {
    await owe(1);
    start(async () => {
      if (performed.length === 1) throw error;
    });
    await clock.travelBy(9 * 60_000, worker.idle);
    expect(performed).toHaveLength(1);
    await clock.travelBy(61_000, worker.idle);
    expect(performed).toHaveLength(2);
  });

  it("keeps no address and no phone number of an error", async () => {
    await owe(1);
    start(async () => {
      throw new PermanentError("Novu refuses the call (400): +49 151 23456789 and ada@example.com are not valid");
    });
    await worker.idle();
    expect((await store.jobs.listDead({ limit: 1 }))[0]?.error).toBe(
      "Novu refuses the call (400): [redacted] and [redacted] are not valid",
    );
  });

  it("gives up a job that it cannot read, and does the rest", async () => {
    await owe(3);
    const claim: Store["jobs"]["claim"] = async (...request) =>
      (await store.jobs.claim(...request)).map((job, index) =>
        index === 0 ? { ...job, body: '{"kind":"unheard of"}' } : job,
      );
    start(async () => {}, { jobs: { ...store.jobs, claim } });
    await worker.idle();
    expect([performed.length, await store.jobs.count()]).toEqual([2, { waiting: 0, dead: 1 }]);
  });

  it("goes on once the store does", async () => {
    await owe(1);
    let isDown = true;
    const claim: Store["jobs"]["claim"] = (...request) =>
      isDown ? Promise.reject(new Error("down")) : store.jobs.claim(...request);
    start(async () => {}, { jobs: { ...store.jobs, claim } });
    await worker.idle();
    isDown = false;
    await clock.travelBy(1_000, worker.idle);
    expect(performed).toHaveLength(1);
  });
});

function numberOf({ job }: JobAttempt): number {
  return Number((job.body as { step: string }).step.slice(1));
}

function start(runJob: (job: JobAttempt) => Promise<void>, { concurrency = 4, jobs = store.jobs } = {}): void {
  const note = async (job: JobAttempt) => {
    performed.push(job);
    await runJob(job);
  };
  worker = startWorker({
    queue: "posthog",
    store: jobs,
    runJob: note,
    concurrency,
    clock,
    log: createLog({ level: "silent" }),
  });
}

function reportJob(step: string): Job {
  return { kind: "report", body: reportOf(decision({ step, outcome: "skipped", reason: "not needed" })) };
}

/** Jobs about the steps s0, s1 and so on, or from another number on. */
async function owe(count: number, from = 0): Promise<void> {
  for (let index = from; index < from + count; index += 1)
    await store.decisions.record(decision({ step: `s${index}`, outcome: "skipped", reason: "not needed" }));
}
