import { expect, it } from "vitest";
import { createReadLimiter } from "../../../src/outbox/rate-limiter.ts";

it("lets all of one moment through, then nothing for a while, and goes on after a clock that was set back", () => {
  let now = 0;
  const waitMs = createReadLimiter({ everyMs: 5_000, now: () => now });
  const at = (ms: number) => {
    now = ms;
    return waitMs();
  };
  expect([0, 0, 19, 20, 4_999, 5_000, 5_010, 5_020, 1_000, 1_500].map(at)).toEqual([
    0, 0, 0, 4_980, 1, 0, 0, 4_980, 0, 4_500,
  ]);
});
