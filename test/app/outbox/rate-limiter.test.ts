import { describe, expect, it } from "vitest";
import { createRateLimiter } from "../../../src/outbox/rate-limiter.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { testFolder } from "../../support/folder.ts";

describe("createRateLimiter", () => {
  it("lets no second have more than its share, over all that stand in the line", { tags: ["long"] }, async () => {
    using folder = testFolder();
    const store = await openSqliteStore({ dataDir: folder.path, now: Date.now });
    const perSecond = 200;
    const reserveSlots = async (count: number, intervalMs: number) =>
      (await store.limits.reserveSlots("novu", count, intervalMs)).waitMs;
    const processes = [createRateLimiter({ reserveSlots, perSecond }), createRateLimiter({ reserveSlots, perSecond })];

    const calls: number[] = [];
    await Promise.all(
      Array.from({ length: 300 }, async (_, index) => {
        await processes[index % 2]?.();
        calls.push(performance.now());
      }),
    );
    await store.close();
    const busiest = Math.max(...calls.map((from) => calls.filter((at) => at >= from && at < from + 1000).length));
    expect(busiest).toBeLessThanOrEqual(perSecond);
    expect(busiest).toBeGreaterThan(perSecond / 2);
  });

  it("does not let all go at once that a stall has held up, here and elsewhere", { tags: ["long"] }, async () => {
    const perSecond = 100;
    let next = 0;
    const reserveSlots = async (count: number, intervalMs: number) => {
      const now = performance.now();
      const first = Math.max(next, now);
      next = first + count * intervalMs;
      return first - now;
    };
    const processes = [createRateLimiter({ reserveSlots, perSecond }), createRateLimiter({ reserveSlots, perSecond })];
    const calls: number[] = [];
    const all = Array.from({ length: 60 }, async (_, index) => {
      await processes[index % 2]?.();
      calls.push(performance.now());
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const until = performance.now() + 400;
    while (performance.now() < until);
    await Promise.all(all);
    const busiest = Math.max(...calls.map((from) => calls.filter((at) => at >= from && at < from + 100).length));
    expect(busiest).toBeLessThanOrEqual((perSecond * (100 + 50)) / 1000 + 1);
  });

  it("lets a single call through at once", async () => {
    let asked = 0;
    const pace = createRateLimiter({
      reserveSlots: async () => {
        asked += 1;
        return 0;
      },
      perSecond: 1,
    });
    await pace();
    expect(asked).toBe(1);
  });

  it("fails the calls of one moment only, when no place can be had", async () => {
    let isDown = true;
    const reserveSlots = async () => {
      if (isDown) throw new Error("store down");
      return 0;
    };
    const pace = createRateLimiter({ reserveSlots, perSecond: 60 });
    await expect(Promise.all([pace(), pace()])).rejects.toThrow("store down");
    isDown = false;
    await pace();
  });
});
