import { describe, expect, it } from "vitest";
import { check } from "../chaos/check.ts";
import { playRound } from "../chaos/round.ts";
import { makeEvents } from "../chaos/sender.ts";
import { RUN_TEST_APP } from "../support/app-process.ts";
import { hasPostgres } from "../support/postgres.ts";

describe("kill -9 in the middle of a load", () => {
  const engines = hasPostgres ? (["sqlite", "postgres"] as const) : (["sqlite"] as const);
  it.concurrent.each(engines)("loses and doubles nothing on %s", { timeout: 240_000 }, async (engine) => {
    const round = await playRound({ engine, seed: 1, events: 300, kills: 3, runApp: RUN_TEST_APP });
    expect(round).toMatchObject({ violations: [], sent: 300 });
    expect(round.triggered).toBeGreaterThanOrEqual(round.accepted);
    expect(round.killedAt).toHaveLength(3);
  });
});

describe("the check", () => {
  const events = makeEvents(3).map((event) => ({ ...event, answers: [202] }));
  const [one, other, third] = events.map(({ transactionId }) => ({ transactionId, hash: "a" }));
  const good = { events, asked: [one!, other!, third!], runs: [one!, other!, third!], left: { waiting: 0, dead: [] } };

  it("finds nothing where nothing is wrong", () => {
    expect(check({ ...good, asked: [...good.asked, one!] })).toEqual([]);
  });

  it("lets an event that never got a 202 be kept or not", () => {
    const refused = events.map((event, index) => (index === 0 ? { ...event, answers: [null, 503] } : event));
    expect(check({ ...good, events: refused })).toEqual([]);
    expect(check({ ...good, events: refused, runs: [other!, third!] })).toEqual([]);
  });

  it.each([
    ["lost", { runs: [one!, other!] }],
    ["doubled", { runs: [one!, other!, third!, third!] }],
    ["different bodies", { asked: [one!, { ...one!, hash: "b" }] }],
    ["never sent", { asked: [{ transactionId: "unheard of", hash: "a" }] }],
    ["dead", { left: { waiting: 0, dead: [{ key: "start:x", error: "no" }] } }],
    ["left over", { left: { waiting: 1, dead: [] } }],
    ["neither 202 nor 503", { events: events.map((event) => ({ ...event, answers: [500, 202] })) }],
  ])("finds what is %s", (what, bad) => {
    expect(check({ ...good, ...bad }).map((violation) => violation.what)).toContainEqual(expect.stringContaining(what));
  });
});
