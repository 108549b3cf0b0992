import { expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../src/lib/durations.ts";
import { countPeriods } from "../../../src/store/count-periods.ts";

const NOW = Date.parse("2026-11-20T14:03:00.000Z");

it.each([
  ["an hour", HOUR_MS, 1],
  ["a day", DAY_MS, 23],
  ["a month", 30 * DAY_MS, 70],
  ["all time", NOW, 70],
])("periods of %s follow each other without a gap, from its begin on", (_, ms, most) => {
  const periods = countPeriods(NOW - ms, NOW);
  expect(periods.map(({ from }) => from)).toEqual([NOW - ms, ...periods.slice(0, -1).map(({ until }) => until)]);
  expect(periods.at(-1)).toMatchObject({ until: null, isSettled: false });
  expect(periods.length).toBeLessThanOrEqual(most);
});

it("only a whole hour or day that is over for two hours is settled", () => {
  const settled = countPeriods(NOW - 3 * DAY_MS - MINUTE_MS, NOW).filter(({ isSettled }) => isSettled);
  expect(settled.map(({ from, until }) => (until ?? 0) - from)).toEqual([
    DAY_MS,
    ...Array.from({ length: 36 }, () => HOUR_MS),
  ]);
  expect(new Date(settled.at(-1)?.until ?? 0).toISOString()).toBe("2026-11-20T12:00:00.000Z");
});
