import { expect, it } from "vitest";
import { remembered } from "../../../src/lib/remembered.ts";

it("calls the function once for each text, also for a result of undefined, and again for a long text", () => {
  const asked: string[] = [];
  const found = remembered((text) => {
    asked.push(text);
    return text === "none" ? undefined : text.length;
  });
  const long = "x".repeat(65);
  expect(["a", "none", long, "a", "none", long].map(found)).toEqual([1, undefined, 65, 1, undefined, 65]);
  expect(asked).toEqual(["a", "none", long, long]);
});

it("keeps a limited number of results", () => {
  let calls = 0;
  const found = remembered(() => {
    calls += 1;
    return calls;
  });
  for (let index = 0; index <= 1_000; index += 1) found(`text ${index}`);
  expect(calls).toBe(1_001);
  expect(found("text 1000")).toBe(1_001);
  expect(found("text 0")).toBe(1_002);
});
