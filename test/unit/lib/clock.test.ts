import { expect, it } from "vitest";
import { isoOfArrival } from "../../../src/lib/clock.ts";

it("an arrival has microseconds, also beside others of its millisecond", () => {
  const at = Date.parse("2026-03-02T09:00:00.001Z") * 1000;
  expect([at, at + 7, at + 999, at + 1_000, at].map(isoOfArrival)).toEqual([
    "2026-03-02T09:00:00.001000Z",
    "2026-03-02T09:00:00.001007Z",
    "2026-03-02T09:00:00.001999Z",
    "2026-03-02T09:00:00.002000Z",
    "2026-03-02T09:00:00.001000Z",
  ]);
});
