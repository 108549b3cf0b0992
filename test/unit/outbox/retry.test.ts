import { describe, expect, it } from "vitest";
import { backoffMs, MOST_ATTEMPTS } from "../../../src/outbox/retry.ts";

describe("backoffMs", () => {
  it("doubles from one second, up to ten minutes, less up to half of it", () => {
    const longest = Array.from({ length: 12 }, (_, index) => backoffMs(index + 1, () => 0) / 1000);
    expect(longest).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    expect(backoffMs(3, () => 1)).toBe(2_000);
  });

  it("goes on for more than half an hour even at its fastest", () => {
    const shortest = Array.from({ length: MOST_ATTEMPTS - 1 }, (_, index) => backoffMs(index + 1, () => 1)).reduce(
      (sum, ms) => sum + ms,
      0,
    );
    expect(shortest).toBeGreaterThan(30 * 60_000);
  });
});
