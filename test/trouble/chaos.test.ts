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

  it.concurrent.each(engines)(
    "loses and doubles nothing on %s with poison among it, which holds up nothing else",
    { timeout: 240_000 },
    async (engine) => {
      const round = await playRound({ engine, seed: 2, events: 300, kills: 2, poison: true, runApp: RUN_TEST_APP });
      expect(round).toMatchObject({ violations: [], sent: 300 });
    },
  );
});

describe("the check", () => {
  const events = makeEvents(3).map((event) => ({ ...event, answers: [202], acceptedAtMs: 10 }));
  const [one, other, third] = events.map(({ transactionId }) => ({ transactionId, hash: "a", atMs: 0 }));
  const good = {
    events,
    asked: [one!, other!, third!],
    runs: [one!, other!, third!],
    left: { waiting: [] as string[], dead: [] },
    startedAtMs: [0],
    mostWaitMs: 100,
  };

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
    ["never sent", { asked: [{ transactionId: "unheard of", hash: "a", atMs: 0 }] }],
    ["dead", { left: { waiting: [], dead: [{ key: "start:x", error: "no" }] } }],
    ["left over", { left: { waiting: ["start:x"], dead: [] } }],
    ["lost: Novu refuses it", { events: events.map((event) => ({ ...event, leadsTo: "trouble" as const })), runs: [] }],
    ["not to nothing", { events: events.map((event) => ({ ...event, leadsTo: "nothing" as const })) }],
    ["waited for 150 ms", { asked: [{ ...one!, atMs: 200 }], startedAtMs: [0, 50, 300] }],
    ["neither 202 nor 503", { events: events.map((event) => ({ ...event, answers: [500, 202] })) }],
  ])("finds what is %s", (what, bad) => {
    expect(check({ ...good, ...bad }).map((violation) => violation.what)).toContainEqual(expect.stringContaining(what));
  });
});
