import { describe, expect, it } from "vitest";
import { errorOf } from "../../../src/contracts/novu-errors.ts";
import { backoffMs, MOST_ATTEMPTS } from "../../../src/outbox/backoff.ts";

describe("errorOf", () => {
  const answer = { httpStatus: 201 as number | null, message: "m" };

  it.each([
    ["processed", { ...answer, triggerStatus: "processed" }, null],
    ["cancelled", { ...answer, httpStatus: 200 }, null],
    ["switched off", { ...answer, triggerStatus: "trigger_not_active" }, "PermanentError"],
    ["no steps", { ...answer, triggerStatus: "no_workflow_steps_defined" }, "PermanentError"],
    ["no active steps", { ...answer, triggerStatus: "no_workflow_active_steps_defined" }, "PermanentError"],
    ["no recipient", { ...answer, triggerStatus: "invalid_recipients" }, "PermanentError"],
    ["its own trouble", { ...answer, triggerStatus: "error" }, "RefusedError"],
    ["silence", { ...answer, httpStatus: null }, "UnavailableError"],
    ["400", { ...answer, httpStatus: 400 }, "PermanentError"],
    ["401", { ...answer, httpStatus: 401 }, "RefusedError"],
    ["403", { ...answer, httpStatus: 403 }, "RefusedError"],
    ["404", { ...answer, httpStatus: 404 }, "PermanentError"],
    ["408", { ...answer, httpStatus: 408 }, "UnavailableError"],
    ["409", { ...answer, httpStatus: 409 }, "RetryLaterError"],
    ["413", { ...answer, httpStatus: 413 }, "PermanentError"],
    ["422", { ...answer, httpStatus: 422 }, "PermanentError"],
    ["422 before the sync", { ...answer, httpStatus: 422, message: "workflow_not_found" }, "RefusedError"],
    ["429", { ...answer, httpStatus: 429, retryAfterMs: 7_000 }, "RetryLaterError"],
    ["500", { ...answer, httpStatus: 500 }, "RefusedError"],
    ["502", { ...answer, httpStatus: 502 }, "UnavailableError"],
    ["500 with a time", { ...answer, httpStatus: 500, retryAfterMs: 3_000 }, "RefusedError"],
    ["503 with a time", { ...answer, httpStatus: 503, retryAfterMs: 3_000 }, "UnavailableError"],
    ["505", { ...answer, httpStatus: 505 }, "UnavailableError"],
    ["530", { ...answer, httpStatus: 530 }, "UnavailableError"],
    ["504", { ...answer, httpStatus: 504 }, "UnavailableError"],
  ])("%s", (_name, given, verdict) => {
    expect(errorOf(given, "onboarding")?.name ?? null).toBe(verdict);
  });

  it("keeps the wait it was asked for, and has one of its own", () => {
    expect(errorOf({ httpStatus: 429, message: "", retryAfterMs: 7_000 }, "w")).toMatchObject({
      retryAfterMs: 7_000,
      answered: true,
    });
    expect(errorOf({ httpStatus: 429, message: "" }, "w")).toMatchObject({ retryAfterMs: 1_000 });
    // Novu's own word for less than a second.
    expect(errorOf({ httpStatus: 429, message: "", retryAfterMs: 0 }, "w")).toMatchObject({ retryAfterMs: 1_000 });
    for (const httpStatus of [500, 503])
      expect(errorOf({ httpStatus, message: "", retryAfterMs: 7_000 }, "w")).toMatchObject({ retryAfterMs: 7_000 });
  });

  it("keeps the idempotency key while an earlier try is in progress", () => {
    expect(errorOf({ httpStatus: 409, message: "" }, "w")).toMatchObject({ answered: false });
  });

  it.each([
    ["auth0|64f1c2", /this distinct id has "\|", where Novu takes letters a to z.* redrive$/],
    ["a b|c|d", /this distinct id has " " "\|",/],
    ["ada", /^Novu did not start "onboarding": invalid_recipients$/],
    ["ada+news@example.com", /^Novu did not start "onboarding": invalid_recipients$/],
  ])("names the characters of an id that Novu refuses, and not the id: %s", (subscriberId, words) => {
    const invalid = { httpStatus: 201, triggerStatus: "invalid_recipients", message: "invalid_recipients" };
    const verdict = errorOf(invalid, "onboarding", subscriberId);
    expect(verdict?.name).toBe("PermanentError");
    expect(verdict?.message).toMatch(words);
    expect(verdict?.message).not.toContain("64f1c2");
  });

  it("says what to do", () => {
    expect(errorOf({ httpStatus: 422, message: "workflow_not_found" }, "onboarding")?.message).toBe(
      'Novu knows no workflow "onboarding"; has this bridge been synced?',
    );
  });
});

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
