import { describe, expect, it } from "vitest";
import { HistoryLine } from "../../../src/rehearsal/history.ts";
import { PersonOutcome, SideFacts } from "../../../src/rehearsal/outcome.ts";

const AT = "2026-03-02T09:00:00.000Z";

describe("the files of a rehearsal", () => {
  it.each([
    { at: AT, source: "posthog", body: { event: {} } },
    { at: AT, source: "segment", body: {} },
    { at: AT, source: "sweep", body: {} },
    { at: AT, source: "reply", body: { kind: "seen", distinct_id: "ada", transaction_id: "u:w", step: "note" } },
    { at: AT, source: "reply", body: { kind: "opt-out", distinct_id: "ada", topic: "workflow:w", is_out: false } },
  ])("have the lines of a history as they are written: $source", (line) => {
    expect(HistoryLine.parse(line)).toEqual(line);
  });

  it.each([
    { at: "2026-03-02", source: "posthog", body: {} },
    { at: AT, source: "elsewhere", body: {} },
    { at: AT, source: "reply", body: { kind: "clicked" } },
    { at: AT, source: "posthog", body: "{}" },
  ])("have no other lines: %o", (line) => {
    expect(HistoryLine.safeParse(line).success).toBe(false);
  });

  it("have a result for each person, in which a message may lack its content", () => {
    const message = { step: "welcome", channel: "email", at: 0, outcome: "sent", reason: null, detail: null };
    const run = { transactionId: "u:w", workflow: "w", event: "u", at: 0, status: "finished", endedAt: 1, exit: null };
    const person = { person: "ada", timeZone: "Europe/Berlin", runs: [{ ...run, messages: [message] }] };
    expect(PersonOutcome.parse(person).runs[0]?.messages).toEqual([{ ...message, isAfterExit: false, content: null }]);
    const facts = {
      ref: "main",
      from: 0,
      until: 1,
      events: 2,
      ignored: {},
      people: 1,
      seconds: 0.5,
      memory: 1,
      limits: [],
    };
    expect(SideFacts.parse({ ...facts, workflows: [] })).toEqual({ ...facts, workflows: [] });
  });
});
