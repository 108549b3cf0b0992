import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PersonOutcome } from "../../../src/rehearsal/outcome.ts";
import { inOrder, joined } from "../../../src/rehearsal/report/join.ts";
import { sum } from "../../../src/rehearsal/report/tally.ts";
import { facts, people, reportOf, run } from "../../support/outcomes.ts";

const ALL = { onboarding: ["welcome", "check-in"], "drop-off": ["reminder-note", "recovery"] };

async function comparisonOf(against: PersonOutcome[], now: PersonOutcome[], sample = 5) {
  const sides = {
    against: { facts: facts("main", ALL), people: against },
    now: { facts: facts("x", ALL), people: now },
  };
  const { comparison } = await reportOf(sides, { sample });
  if (comparison === null) throw new Error("Two sides are compared");
  return comparison;
}

const cart = (recovery: object, more: object = {}) =>
  run("drop-off", { endedAt: "2 d", messages: { recovery }, ...more });

describe("a comparison", () => {
  it("counts people and messages of each workflow, and the runs and exits of one side", async () => {
    const welcome = run("onboarding", { messages: { welcome: { sent: "0 h" } } });
    const exited = cart({ not: "exited" }, { endedAt: "1 d", exit: "checkout_completed" });
    const comparison = await comparisonOf(
      [
        ...people("a", 2, welcome, cart({ sent: "2 d" })),
        ...people("b", 3, cart({ sent: "2 d" })),
        ...people("c", 4, exited),
        ...people("d", 1, welcome),
      ],
      [
        ...people("a", 2, cart({ sent: "1 d", content: "c2" })),
        ...people("b", 3, cart({ not: "over the cap" })),
        ...people("c", 4, cart({ sent: "2 d" })),
        ...people("d", 1, welcome),
      ],
    );
    expect(comparison).toMatchObject({
      people: 9,
      messages: { more: 4, fewer: 5, time: 2, channel: 0, content: 2 },
      workflows: [
        {
          id: "onboarding",
          people: { more: 0, fewer: 2, other: 0 },
          messages: { more: 0, fewer: 2, other: 0 },
          runs: { onlyAgainst: 2, onlyNow: 0 },
          exits: { onlyAgainst: [], onlyNow: [] },
        },
        {
          id: "drop-off",
          people: { more: 4, fewer: 3, other: 2 },
          messages: { more: 4, fewer: 3, other: 2 },
          runs: { onlyAgainst: 0, onlyNow: 0 },
          exits: { onlyAgainst: [{ name: "checkout_completed", count: 4 }], onlyNow: [] },
        },
      ],
      reasons: [
        { workflow: "drop-off", reason: "exited", against: 4, now: 0 },
        { workflow: "drop-off", reason: "over the cap", against: 0, now: 3 },
      ],
    });
    expect(comparison.changes.map(({ kind, workflow, people, runs }) => [kind, workflow, people, runs])).toEqual([
      ["exit removed", "drop-off", 4, 4],
      ["does not send", "drop-off", 3, 0],
      ["does not start", "onboarding", 2, 2],
      ["time", "drop-off", 2, 0],
      ["content", "drop-off", 2, 0],
    ]);
  });

  it.each([
    ["less than a minute later", { sent: "1 d" }, { sent: "1 d" }, 30_000, []],
    ["a minute later", { sent: "1 d" }, { sent: "1 d" }, 60_000, ["time"]],
    ["content that is not known", { sent: "1 d" }, { sent: "1 d", content: null }, 0, []],
    ["an exit that the message precedes", { not: "exited" }, { sent: "1 d" }, 0, ["sends"]],
  ])("with %s", async (_what, before, now, later, kinds) => {
    const exit = "not" in before ? { endedAt: "30 h", exit: "checkout_completed" } : {};
    const moved = people("a", 1, cart(now, { endedAt: "1 d" }));
    for (const message of moved[0]?.runs[0]?.messages ?? []) message.at += later;
    const { changes } = await comparisonOf(people("a", 1, cart(before, exit)), moved);
    expect(changes.map(({ kind }) => kind)).toEqual(kinds);
  });

  it("gives the median and the range of the times", async () => {
    const waits = ["2 d 1 min", "2 d 2 h", "3 d", "9 d"];
    const sides = [() => "2 d", (wait: string) => wait].map((timeOf) =>
      waits.flatMap((wait, index) => people(`p${index}`, 1, cart({ sent: timeOf(wait) }))),
    );
    const { changes } = await comparisonOf(sides[0]!, sides[1]!);
    const HOUR = 3_600_000;
    expect(changes[0]?.later).toEqual({ count: 4, least: HOUR / 60, median: 2 * HOUR, most: 7 * 24 * HOUR });
    expect(changes[0]?.earlier).toBeNull();
  });
});

describe("any two sides", () => {
  const message = fc.oneof(
    fc.record({ sent: fc.constantFrom("1 h", "1 d", "2 d"), content: fc.constantFrom("c1", "c2") }),
    fc.record({ not: fc.constantFrom("exited", "over the cap") }),
  );
  const anyRun = fc
    .record({
      workflow: fc.constantFrom("onboarding", "drop-off"),
      messages: fc.dictionary(fc.constantFrom("welcome", "recovery", "reminder-note"), message),
      exit: fc.constantFrom(null, "checkout_completed"),
      endedAt: fc.constantFrom("12 h", "1 d", "2 d"),
      status: fc.constantFrom("finished", "exited", "not started", "in progress"),
    })
    .map(({ workflow, ...rest }) => run(workflow, rest as Parameters<typeof run>[1]));
  const side = fc
    .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.uniqueArray(anyRun, { selector: ({ workflow }) => workflow }))
    .map((by) => Object.entries(by).flatMap(([id, runs]) => people(id, 1, ...runs.map(startedOrSilent))));

  it("differ by the messages that are more and fewer", () =>
    fc.assert(
      fc.asyncProperty(side, side, async (against, now) => {
        const report = await reportOf({
          against: { facts: facts("main", ALL), people: against },
          now: { facts: facts("x", ALL), people: now },
        });
        const { messages, workflows, people: differing, changes } = report.comparison!;
        expect(messages.more - messages.fewer).toBe(sum(report.now.sent) - sum(report.against!.sent));
        const total = (effect: "more" | "fewer") => workflows.reduce((all, one) => all + one.messages[effect], 0);
        expect([total("more"), total("fewer")]).toEqual([messages.more, messages.fewer]);
        expect(differing === 0).toBe(Object.values(messages).every((number) => number === 0));
        const explained = changes.filter(({ kind }) => kind !== "reason").flatMap(({ channels }) => channels);
        expect(sum(explained)).toBe(Object.values(messages).reduce((all, number) => all + number));
      }),
      { numRuns: 50 },
    ));

  it("have the opposite difference the other way round, and none to themselves", () =>
    fc.assert(
      fc.asyncProperty(side, side, async (against, now) => {
        const [one, other] = [await comparisonOf(against, now), await comparisonOf(now, against)];
        expect(other.messages).toEqual({ ...one.messages, more: one.messages.fewer, fewer: one.messages.more });
        expect(other.people).toBe(one.people);
        expect(await comparisonOf(now, now)).toMatchObject({ people: 0, changes: [], sample: [] });
      }),
      { numRuns: 50 },
    ));
});

/** A run that is not started sends nothing. */
function startedOrSilent(one: PersonOutcome["runs"][number]) {
  return one.status === "not started" ? { ...one, messages: [] } : one;
}

describe("the sample", () => {
  const before = [
    ...people("a", 9, cart({ sent: "2 d" })),
    ...people("b", 9, cart({ sent: "2 d" })),
    ...people("c", 1, cart({ sent: "2 d" })),
  ];
  const now = [
    ...people("a", 9, cart({ sent: "1 d" })),
    ...people("b", 9, cart({ not: "over the cap" })),
    ...people("c", 1, cart({ sent: "1 d", content: "c2" })),
  ];

  it("has a person of each kind of change first, and no more than two who are alike", async () => {
    const { sample } = await comparisonOf(before, now);
    expect(sample.map(({ person }) => person)).toEqual(["a-000", "b-000", "c-000", "a-001", "b-001"]);
    expect((await comparisonOf(before, now, 2)).sample.map(({ person }) => person)).toEqual(["a-000", "b-000"]);
    expect((await comparisonOf(before, now, 0)).sample).toEqual([]);
  });

  it("has only the runs with a difference", async () => {
    const other = run("onboarding", { messages: { welcome: { sent: "0 h" } } });
    const { sample } = await comparisonOf(
      people("a", 1, other, cart({ sent: "1 d" })),
      people("a", 1, other, cart({ sent: "2 d" })),
    );
    expect(sample[0]?.runs.map((one) => one.now?.workflow)).toEqual(["drop-off"]);
  });
});

describe("the people of both sides", () => {
  async function* list(...ids: string[]) {
    for (const person of ids) yield { person, timeZone: "UTC", runs: [] };
  }
  const namesIn = async (lists: string[][]) => {
    const names: string[] = [];
    for await (const { person } of inOrder(lists.map((ids) => list(...ids)))) names.push(person);
    return names;
  };

  it("are joined by their ids", async () => {
    const pairs: string[] = [];
    for await (const { against, now } of joined(list("a", "b", "d"), list("b", "c")))
      pairs.push(`${against?.person ?? "-"}${now?.person ?? "-"}`);
    expect(pairs).toEqual(["a-", "bb", "-c", "d-"]);
  });

  it("may come in several lists", async () => {
    expect(await namesIn([["a", "d"], [], ["b", "c", "e"]])).toEqual(["a", "b", "c", "d", "e"]);
    expect(await namesIn([])).toEqual([]);
  });

  it.each([[[["b", "a"]]], [[["a", "a"]]], [[["a"], ["a"]]]])("%j are refused", async (lists) => {
    await expect(namesIn(lists)).rejects.toThrow("not in the order of their ids");
  });

  it("are closed when the reader stops", async () => {
    let isClosed = false;
    async function* endless() {
      try {
        for (let index = 0; ; index++) yield { person: String(index).padStart(9, "0"), timeZone: "UTC", runs: [] };
      } finally {
        isClosed = true;
      }
    }
    for await (const _ of joined(list("a"), inOrder([endless()]))) break;
    expect(isClosed).toBe(true);
  });
});
