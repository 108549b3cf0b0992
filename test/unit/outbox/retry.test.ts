import { describe, expect, it } from "vitest";
import { PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../../../src/lib/errors.ts";
import { afterFailure, backoffMs, MOST_ATTEMPTS } from "../../../src/outbox/retry.ts";

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

describe("afterFailure", () => {
  const limit = new RetryLaterError("429", { retryAfterMs: 5_000, answered: true });
  const outage = new UnavailableError("no answer", { answered: false });
  const down = new UnavailableError("503", { answered: true, retryAfterMs: 99_999_999 });

  it.each<[string, Error, { failedAttempts?: number; isServiceUp?: boolean }, object]>([
    ["an error of our own", new Error("x"), {}, { next: "retry", answered: false }],
    ["an answered error", new RefusedError("500"), {}, { next: "retry", answered: true }],
    [
      "the last attempt",
      new RefusedError("500"),
      { failedAttempts: MOST_ATTEMPTS },
      { next: "give up", answered: true },
    ],
    ["what no retry helps", new PermanentError("400"), {}, { next: "give up", answered: true }],
    ["a limit", limit, { failedAttempts: MOST_ATTEMPTS }, { next: "postpone", waitMs: 5_000, answered: true }],
    ["an outage", outage, { failedAttempts: MOST_ATTEMPTS }, { next: "postpone", answered: false }],
    ["an outage of one job alone", outage, { isServiceUp: true }, { next: "retry", answered: false }],
    ["a wait of a day", down, {}, { next: "postpone", waitMs: 600_000, answered: true }],
  ])("%s", (_name, error, { failedAttempts = 1, isServiceUp = false }, expected) => {
    expect(afterFailure(error, { failedAttempts, isServiceUp })).toMatchObject(expected);
  });
});
