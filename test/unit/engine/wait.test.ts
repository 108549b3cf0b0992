import { describe, expect, it } from "vitest";
import { splitWait } from "../../../src/engine/duration.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("splitWait", () => {
  it.each([
    [{ hours: 24 }, DAY_MS, ["w 1 days"]],
    [{ days: 2 }, DAY_MS, ["w 1 days", "w-2 1 days"]],
    [{ days: 2, hours: 12 }, DAY_MS, ["w 1 days", "w-2 1 days", "w-3 12 hours"]],
    [{ days: 10 }, 7 * DAY_MS, ["w 7 days", "w-2 3 days"]],
    [{ days: 10 }, 30 * DAY_MS, ["w 10 days"]],
    [{ minutes: 90 }, DAY_MS, ["w 90 minutes"]],
    [{ hours: 0.01 }, DAY_MS, ["w 1 minutes"]],
  ])("%j at most %i ms at once", (duration, longestMs, delays) => {
    expect(splitWait("w", duration, longestMs).map(({ id, amount, unit }) => `${id} ${amount} ${unit}`)).toEqual(
      delays,
    );
  });

  it.each([{}, { days: 0 }, { days: -1 }, { days: Number.NaN }])("refuses %j", (duration) => {
    expect(() => splitWait("w", duration, DAY_MS)).toThrow('wait "w" has to be longer than 0 minutes');
  });
});
