import { describe, expect, it } from "vitest";
import { errorOf, errorOfTrigger } from "../../../src/novu/novu-calls.ts";

describe("errorOf", () => {
  const answer = { httpStatus: 201 as number | null, message: "m" };

  it.each([
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
  ])("%s", (_name, given, name) => {
    expect(errorOf(given, "onboarding").name).toBe(name);
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

  it("says what to do", () => {
    expect(errorOf({ httpStatus: 422, message: "workflow_not_found" }, "onboarding").message).toBe(
      'Novu knows no workflow "onboarding"; has this bridge been synced?',
    );
  });
});

describe("errorOfTrigger", () => {
  it.each([
    ["processed", undefined],
    ["trigger_not_active", "PermanentError"],
    ["no_workflow_steps_defined", "PermanentError"],
    ["no_workflow_active_steps_defined", "PermanentError"],
    ["invalid_recipients", "PermanentError"],
    ["error", "RefusedError"],
  ])("%s", (status, name) => {
    expect(errorFor(status)?.name).toBe(name);
  });

  it.each([
    ["auth0|64f1c2", /this distinct id has "\|", and in a subscriber id Novu allows only letters a to z.* redrive$/],
    ["a b|c|d", /this distinct id has " " "\|",/],
    ["ada", /^Novu did not start "onboarding": invalid_recipients$/],
    ["ada+news@example.com", /^Novu did not start "onboarding": invalid_recipients$/],
  ])("names the characters of an id that Novu refuses, and not the id: %s", (subscriberId, words) => {
    const error = errorFor("invalid_recipients", subscriberId);
    expect(error?.name).toBe("PermanentError");
    expect(error?.message).toMatch(words);
    expect(error?.message).not.toContain("64f1c2");
  });

  function errorFor(status: string, subscriberId = "ada") {
    return errorOfTrigger({ status, message: status }, { workflow: "onboarding", subscriberId });
  }
});
