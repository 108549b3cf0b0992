import { describe, expect, it } from "vitest";
import { createRateLimiter } from "../../../src/outbox/rate-limiter.ts";
import { openSqliteStore } from "../../../src/store/sqlite.ts";
import { testFolder } from "../../support/folder.ts";

describe("createRateLimiter", () => {
  it("lets no second have more than its share, over all that stand in the line", { tags: ["long"] }, async () => {
    using folder = testFolder();
    const store = await openSqliteStore({ dataDir: folder.path, now: Date.now });
    const perSecond = 200;
    const limit = { name: "novu", perSecond, reserveSlots: store.limits.reserveSlots, onReset() {} };
    const processes = [createRateLimiter(limit), createRateLimiter(limit)];

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
    const reserveSlots = async (_name: string, count: number, intervalMs: number) => {
      const now = performance.now();
      const first = Math.max(next, now);
      next = first + count * intervalMs;
      return { waitMs: first - now, disbelievedMs: 0 };
    };
    const limit = { name: "novu", perSecond, reserveSlots, onReset() {} };
    const processes = [createRateLimiter(limit), createRateLimiter(limit)];
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
        return { waitMs: 0, disbelievedMs: 0 };
      },
      name: "novu",
      onReset() {},
      perSecond: 1,
    });
    await pace();
    expect(asked).toBe(1);
  });

  it("fails the calls of one moment only, when no place can be had", async () => {
    let isDown = true;
    const reserveSlots = async () => {
      if (isDown) throw new Error("store down");
      return { waitMs: 0, disbelievedMs: 0 };
    };
    const pace = createRateLimiter({ name: "novu", perSecond: 60, reserveSlots, onReset() {} });
    await expect(Promise.all([pace(), pace()])).rejects.toThrow("store down");
    isDown = false;
    await pace();
  });
});
