import { describe, expect, it } from "vitest";
import type { StepFacts } from "../../../src/studio/facts.ts";
import { nextInWords, nextMessage } from "../../../src/studio/next-message.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const ENTERED_AT = Date.parse("2026-03-02T09:00:00.000Z");

describe("the next message of a run", () => {
  it.each<[string, StepFacts[], decided: Record<string, string>, words: string | null]>([
    ["at once", [email("a")], {}, "The email a is due on Monday 2026-03-02 at 09:00 UTC."],
    [
      "after a wait of two parts",
      [wait("w", DAY_MS), wait("w-2", DAY_MS), email("a")],
      {},
      "The email a is due on Wednesday 2026-03-04 at 09:00 UTC.",
    ],
    [
      "after the last message that was decided",
      [email("a"), wait("w", DAY_MS), email("b"), wait("x", DAY_MS), email("c")],
      { a: "2026-03-02T12:30:00.000Z" },
      "The email b is due on Tuesday 2026-03-03 at 12:30 UTC.",
    ],
    [
      "in the sending hours",
      [wait("w", DAY_MS), wait("a-hours", null), email("a")],
      {},
      "The email a is due on Tuesday 2026-03-03 at 09:00 UTC. Outside the sending hours it waits until they begin.",
    ],
    [
      "after a wait for an event",
      [{ ...email("w"), channel: null, type: "custom", atMostMs: 3 * DAY_MS }, wait("x", DAY_MS), email("a")],
      {},
      "The email a is due at the latest on Friday 2026-03-06 at 09:00 UTC.",
    ],
    [
      "after a wait whose length the code finds",
      [wait("w", null), email("a")],
      {},
      "The email a is next. The code finds its time during the run.",
    ],
    ["none is left", [email("a"), wait("w", DAY_MS)], { a: "2026-03-02T12:30:00.000Z" }, null],
  ])("%s", (_name, steps, decided, words) => {
    const decisions = Object.entries(decided).map(([step, decidedAt]) => ({ step, decidedAt }));
    const next = nextMessage({ enteredAt: ENTERED_AT }, decisions, steps);
    expect(next && nextInWords(next, [])).toBe(words);
  });

  it("has the events that end the run before", () => {
    const next = nextMessage({ enteredAt: ENTERED_AT }, [], [wait("w", null), email("a")]);
    expect(next && nextInWords(next, ["bought", "left"])).toBe(
      "The email a is next, unless bought or left comes before. The code finds its time during the run.",
    );
  });
});

function email(step: string): StepFacts {
  return { step, type: "email", channel: "email", wait: null, waitMs: null, atMostMs: null };
}

function wait(step: string, waitMs: number | null): StepFacts {
  return { step, type: "delay", channel: null, wait: step, waitMs, atMostMs: null };
}
