import { describe, expect, it } from "vitest";
import { isSilent, rhythmOf } from "../../../src/comparison/rhythm.ts";

const HOUR_MS = 60 * 60 * 1000;
const MONDAY = Date.parse("2026-03-02T00:00:00.000Z");
const at = (hour: number) => MONDAY + hour * HOUR_MS;
const range = (count: number, every: number) => Array.from({ length: count }, (_, index) => index * every);
/** Four weeks of working hours. */
const OFFICE = range(28, 24).flatMap((day) => (day % 168 >= 120 ? [] : range(9, 1).map((hour) => day + 9 + hour)));
const FRIDAY = OFFICE.at(-1) ?? 0;

describe("an event", () => {
  it.each<[says: string, hours: number[], silentHours: number, isSilent: boolean]>([
    ["that never came", [], 1_000, false],
    ["that came once has no rhythm", [0], 1_000, false],
    ["that came four times has none either", range(4, 1), 1_000, false],
    ["that came five times has one", range(5, 1), 25, true],
    ["of each hour may be away for a day", range(200, 1), 24, false],
    ["of each hour is silent after a day", range(200, 1), 25, true],
    ["of each day may be away for three days", range(20, 24), 72, false],
    ["of each day is silent after three days", range(20, 24), 73, true],
    ["of each working hour may be away at the weekend", OFFICE, 64, false],
    ["of each working hour may be away on a bank holiday", OFFICE, 88, false],
    ["of each working hour is silent after twice its longest pause", OFFICE, 2 * 64 + 1, true],
    ["of each week is silent after three weeks", range(5, 168), 3 * 168 + 1, true],
    ["of each week may be away for two weeks", range(5, 168), 2 * 168 + 1, false],
  ])("%s", (_says, hours, silentHours, expected) => {
    const rhythm = rhythmOf(hours.map(at));
    const end = at((hours.at(-1) ?? 0) + 1 + silentHours);
    expect(rhythm === null ? false : isSilent(rhythm, end)).toBe(expected);
  });

  it("has its last hour, the number of its pauses and the longest", () => {
    expect(rhythmOf(OFFICE.map(at))).toEqual({
      lastHour: at(FRIDAY),
      pauses: OFFICE.length - 1,
      longestPauseMs: 64 * HOUR_MS,
    });
    expect(rhythmOf([])).toBeNull();
  });
});
