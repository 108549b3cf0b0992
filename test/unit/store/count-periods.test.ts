import { expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/lib/durations.ts";
import { type CountPeriod, countPeriods, keepingSettled } from "../../../src/store/count-periods.ts";

const NOW = Date.parse("2026-11-20T14:03:00.000Z");

it.each([
  ["an hour", HOUR_MS, 1],
  ["a day", DAY_MS, 8],
  ["a month", 30 * DAY_MS, 42],
  ["all time", NOW, 42],
])("periods of %s follow each other without a gap, from its begin on", (_, ms, most) => {
  const periods = countPeriods(NOW - ms, NOW);
  expect(periods.map(({ from }) => from)).toEqual([NOW - ms, ...periods.slice(0, -1).map(({ until }) => until)]);
  expect(periods.at(-1)).toMatchObject({ until: null, isSettled: false });
  expect(periods.length).toBeLessThanOrEqual(most);
});

it("only a whole day, or four hours, that are over for two hours is settled", () => {
  const settled = countPeriods(NOW - 3 * DAY_MS - MINUTE_MS, NOW).filter(({ isSettled }) => isSettled);
  expect(settled.map(({ from, until }) => (until ?? 0) - from)).toEqual([
    DAY_MS,
    ...Array.from({ length: 9 }, () => 4 * HOUR_MS),
  ]);
  expect(new Date(settled.at(-1)?.until ?? 0).toISOString()).toBe("2026-11-20T12:00:00.000Z");
});

it("the counts of a settled period are kept for their time, and those of another are not", async () => {
  let [now, reads] = [NOW, 0];
  const count = keepingSettled(async () => [++reads], { keptMs: () => MINUTE_MS, now: () => now });
  const [open, settled] = [false, true].map((isSettled): CountPeriod => ({ from: 0, until: HOUR_MS, isSettled }));
  expect([await count(open!), await count(open!)]).toEqual([[1], [2]]);
  expect([await count(settled!), await count(settled!)]).toEqual([[3], [3]]);
  now += MINUTE_MS;
  expect(await count(settled!)).toEqual([4]);
});
