import { expect, it } from "vitest";
import { readTime } from "../../../src/lib/read-time.ts";

const NOW = Date.parse("2026-03-02T09:00:00.000Z");

it.each([
  ["90m", "2026-03-02T07:30:00.000Z"],
  ["2h", "2026-03-02T07:00:00.000Z"],
  ["3d", "2026-02-27T09:00:00.000Z"],
  ["0m", "2026-03-02T09:00:00.000Z"],
  ["2026-03-01", "2026-03-01T00:00:00.000Z"],
  ["2026-03-01T08:00Z", "2026-03-01T08:00:00.000Z"],
  ["2026-03-01T08:00:00+01:00", "2026-03-01T07:00:00.000Z"],
  ["2026-03-01T08:00:00.123456Z", "2026-03-01T08:00:00.123Z"],
])("%s is a time", (text, time) => {
  expect(new Date(readTime(text, NOW)!).toISOString()).toBe(time);
});

it.each(["", "2", "h", "2w", "-2h", "2 h", "2026-03-01T08:00:00", "2026-02-30", "yesterday"])("%j is none", (text) => {
  expect(readTime(text, NOW)).toBeNull();
});
