import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { newCallFacts } from "../../../src/contracts/call.ts";
import { ownCode } from "../../../src/engine/own-code.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([
  ["a value", () => 1],
  ["a promise", async () => 1],
])("returns %s", async (_name, run) => {
  const facts = newCallFacts();
  expect(await ownCode(facts, "skip", run)).toBe(1);
  expect(facts.failure).toBeNull();
});

it.each([
  [
    "throws",
    () => {
      throw new Error("ada@example.com");
    },
  ],
  ["rejects", () => Promise.reject(new Error("ada@example.com"))],
])("names a function that %s, without its error", async (_name, run) => {
  const facts = newCallFacts();
  await expect(ownCode(facts, "compose", run)).rejects.toThrow();
  expect(facts.failure).toBe("compose failed");
});

it("names a function that takes too long, and the first one that failed", async () => {
  const facts = newCallFacts();
  const late = ownCode(facts, "find", () => new Promise(() => {}));
  const refused = expect(late).rejects.toThrow("find took longer than 2 s");
  await vi.advanceTimersByTimeAsync(2_000);
  await refused;
  await expect(ownCode(facts, "compose", () => late)).rejects.toThrow();
  expect(facts.failure).toBe("find took longer than 2 s");
  expect(vi.getTimerCount()).toBe(0);
});
