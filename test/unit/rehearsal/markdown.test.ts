import { describe, expect, it } from "vitest";
import type { PersonOutcome } from "../../../src/rehearsal/outcome.ts";
import { reportMarkdown } from "../../../src/rehearsal/report/markdown.ts";
import { facts, people, reportOf, run } from "../../support/outcomes.ts";

const DROP_OFF = { "drop-off": ["reminder-note", "recovery"] };
const ONBOARDING = { onboarding: ["welcome", "check-in"] };
type Steps = Record<string, string[]>;

interface Sides {
  against: [Steps, PersonOutcome[]];
  now: [Steps, PersonOutcome[]];
}

async function firstLines({ against, now }: Sides): Promise<string[]> {
  const report = await reportOf({
    against: { facts: facts("main", against[0]), people: against[1] },
    now: { facts: facts("the working tree", now[0]), people: now[1] },
  });
  const lines = reportMarkdown(report).split("\n");
  const end = lines.indexOf("");
  expect(end).toBeLessThanOrEqual(5);
  return lines.slice(0, end);
}

const CALM = [
  "- No warning. People with more than 3 messages in 7 days: 0 → 0. Messages after an exit event: 0 → 0. Messages at night: 0 → 0.",
];

/** A checkout with a note after an hour and an email after `wait`. */
const checkout = (wait: string, content = "c1") =>
  run("drop-off", { endedAt: wait, messages: { "reminder-note": { sent: "1 h" }, recovery: { sent: wait, content } } });
/** A checkout that is completed before the email. */
const completed = run("drop-off", {
  endedAt: "1 d 2 h",
  exit: "checkout_completed",
  messages: { "reminder-note": { sent: "1 h" }, recovery: { not: "exited" } },
});
/** A checkout with one message. */
const cart = (message: object, step = "recovery") => run("drop-off", { endedAt: "3 d", messages: { [step]: message } });
const signUp = (messages: Parameters<typeof run>[1]) => run("onboarding", { event: "user_signed_up", ...messages });

describe("the first five lines", () => {
  it("of a change that shortens a wait", async () => {
    const lines = await firstLines({
      against: [DROP_OFF, [...people("a", 95, checkout("2 d")), ...people("b", 20, completed)]],
      now: [DROP_OFF, [...people("a", 95, checkout("1 d")), ...people("b", 20, checkout("1 d"))]],
    });
    expect(lines).toEqual([
      "**115 of 2,000 people would get other messages** in 30 days than on `main`: 20 messages more, 95 at another time.",
      "- `drop-off`/`recovery`: 95 emails arrive 1 d earlier. 20 more emails are sent (not sent on `main`: exited 20).",
      ...CALM,
    ]);
  });

  it("of a change that drops an exit", async () => {
    const before = signUp({
      endedAt: "3 d",
      exit: "onboarding_completed",
      messages: { welcome: { sent: "0 h" }, "check-in": { not: "exited" } },
    });
    const now = signUp({ endedAt: "10 d", messages: { welcome: { sent: "0 h" }, "check-in": { sent: "10 d" } } });
    const other = signUp({ endedAt: "10 d", messages: { welcome: { sent: "0 h" }, "check-in": { not: "opted out" } } });
    const lines = await firstLines({
      against: [ONBOARDING, [...people("a", 310, before), ...people("b", 7, before)]],
      now: [ONBOARDING, [...people("a", 310, now), ...people("b", 7, other)]],
    });
    expect(lines).toEqual([
      "**310 of 2,000 people would get other messages** in 30 days than on `main`: 310 messages more.",
      "- `onboarding` no longer ends on `onboarding_completed`: 310 people get the email `check-in` after it.",
      "- ⚠️ Messages after an event that ends the workflow on `main`: 310.",
    ]);
  });

  it("of a change that adds an email", async () => {
    const messages = { welcome: { sent: "0 h" }, "check-in": { sent: "10 d" } };
    const now = (tips: object) => signUp({ endedAt: "10 d", messages: { ...messages, tips } });
    const added = { onboarding: ["welcome", "tips", "check-in"] };
    const before = [signUp({ endedAt: "10 d", messages }), cart({ sent: "3 d 1 h" })];
    const lines = await firstLines({
      against: [
        { ...ONBOARDING, ...DROP_OFF },
        [...people("a", 600, before[0]!), ...people("b", 20, ...before), ...people("c", 41, before[0]!)],
      ],
      now: [
        { ...added, ...DROP_OFF },
        [
          ...people("a", 600, now({ sent: "3 d" })),
          ...people("b", 20, now({ sent: "3 d" }), cart({ not: "over the cap" })),
          ...people("c", 30, now({ not: "over the cap" })),
          ...people("c", 41, now({ not: "opted out" })).slice(30),
        ],
      ],
    });
    expect(lines).toEqual([
      "**620 of 2,000 people would get other messages** in 30 days than on `main`: 620 messages more, 20 fewer.",
      "- `onboarding` has a new email `tips`: 620 sent, 41 not sent (over the cap 30, opted out 11).",
      "- `drop-off`/`recovery`: 20 emails are no longer sent (all of them; over the cap 20).",
      ...CALM,
    ]);
  });

  it("of a change that only changes a text", async () => {
    const lines = await firstLines({
      against: [DROP_OFF, people("a", 95, checkout("1 d"))],
      now: [DROP_OFF, people("a", 95, checkout("1 d", "c2"))],
    });
    expect(lines).toEqual([
      "**95 of 2,000 people would get other messages** in 30 days than on `main`: 95 messages with other content.",
      "- `drop-off`/`recovery`: 95 emails have other content.",
      ...CALM,
    ]);
  });

  it("of a change that removes a workflow", async () => {
    const lines = await firstLines({
      against: [{ ...DROP_OFF, ...ONBOARDING }, people("a", 210, checkout("1 d"))],
      now: [ONBOARDING, people("a", 210)],
    });
    expect(lines).toEqual([
      "**210 of 2,000 people would get other messages** in 30 days than on `main`: 420 messages fewer.",
      "- `drop-off` is removed: 210 people no longer get 210 emails and 210 in-app notes (`recovery` 210, `reminder-note` 210).",
      "- Nobody enters `onboarding` in this time, so a change of it does not show.",
      ...CALM,
    ]);
  });

  it("of no difference at all", async () => {
    const side: [Steps, PersonOutcome[]] = [DROP_OFF, people("a", 210, checkout("1 d"))];
    expect(await firstLines({ against: side, now: side })).toEqual([
      "**No difference**: 2,000 people would get the same 420 messages in 30 days as on `main`.",
      ...CALM,
    ]);
  });

  it.each<[string, Sides, string[]]>([
    [
      "one person with one message fewer",
      {
        against: [DROP_OFF, people("a", 1, cart({ sent: "1 d" }))],
        now: [DROP_OFF, people("a", 1, cart({ not: "opted out" }))],
      },
      [
        "**1 of 2,000 people would get other messages** in 30 days than on `main`: 1 message fewer.",
        "- `drop-off`/`recovery`: 1 email is no longer sent (all of them; opted out 1).",
      ],
    ],
    [
      "one message later",
      { against: [DROP_OFF, people("a", 1, checkout("1 d"))], now: [DROP_OFF, people("a", 1, checkout("30 h"))] },
      [
        "**1 of 2,000 people would get other messages** in 30 days than on `main`: 1 message at another time.",
        "- `drop-off`/`recovery`: 1 email arrives 6 h later.",
      ],
    ],
    [
      "messages that are earlier by different times",
      {
        against: [DROP_OFF, [...people("a", 3, checkout("2 d")), ...people("b", 1, checkout("2 d"))]],
        now: [DROP_OFF, [...people("a", 3, checkout("1 d")), ...people("b", 1, checkout("46 h"))]],
      },
      [
        "**4 of 2,000 people would get other messages** in 30 days than on `main`: 4 messages at another time.",
        "- `drop-off`/`recovery`: 4 emails arrive earlier by 2 h to 1 d, by 1 d in the median.",
      ],
    ],
    [
      "messages that are earlier and later",
      {
        against: [DROP_OFF, [...people("a", 3, checkout("2 d")), ...people("b", 1, checkout("2 d"))]],
        now: [DROP_OFF, [...people("a", 3, checkout("1 d")), ...people("b", 1, checkout("50 h"))]],
      },
      [
        "**4 of 2,000 people would get other messages** in 30 days than on `main`: 4 messages at another time.",
        "- `drop-off`/`recovery`: 4 emails arrive at another time: 3 earlier by 1 d, 1 later by 2 h.",
      ],
    ],
    [
      "a wait before several steps",
      {
        against: [
          ONBOARDING,
          people("a", 9, signUp({ messages: { welcome: { sent: "1 d" }, "check-in": { sent: "8 d" } } })),
        ],
        now: [
          ONBOARDING,
          people("a", 9, signUp({ messages: { welcome: { sent: "2 d" }, "check-in": { sent: "9 d" } } })),
        ],
      },
      [
        "**9 of 2,000 people would get other messages** in 30 days than on `main`: 18 messages at another time.",
        "- `onboarding`: 18 emails arrive 1 d later (`check-in` 9, `welcome` 9).",
      ],
    ],
    [
      "a message that is not due any more when the history ends",
      {
        against: [DROP_OFF, people("a", 2, checkout("1 d"))],
        now: [DROP_OFF, people("a", 2, run("drop-off", { messages: { "reminder-note": { sent: "1 h" } } }))],
      },
      [
        "**2 of 2,000 people would get other messages** in 30 days than on `main`: 2 messages fewer.",
        "- `drop-off`/`recovery`: 2 emails are no longer sent (all of them; not due in this time 2).",
      ],
    ],
    [
      "a cap that stops one step, and a part of another",
      {
        against: [
          ONBOARDING,
          people("a", 3, signUp({ messages: { welcome: { sent: "1 h" }, "check-in": { sent: "1 d" } } })),
        ],
        now: [
          ONBOARDING,
          [
            ...people("a", 2, signUp({ messages: { welcome: { sent: "1 h" }, "check-in": { not: "over the cap" } } })),
            ...people(
              "a",
              3,
              signUp({ messages: { welcome: { not: "over the cap" }, "check-in": { not: "over the cap" } } }),
            ).slice(2),
          ],
        ],
      },
      [
        "**3 of 2,000 people would get other messages** in 30 days than on `main`: 4 messages fewer.",
        "- `onboarding`: 4 emails are no longer sent (`check-in` all 3, `welcome` 1; over the cap 4).",
      ],
    ],
    [
      "a new workflow",
      { against: [ONBOARDING, people("a", 3)], now: [{ ...ONBOARDING, ...DROP_OFF }, people("a", 3, checkout("1 d"))] },
      [
        "**3 of 2,000 people would get other messages** in 30 days than on `main`: 6 messages more.",
        "- `drop-off` is a new workflow: 3 people enter; 3 emails and 3 in-app notes are sent.",
        "- Nobody enters `onboarding` in this time, so a change of it does not show.",
      ],
    ],
    [
      "a new workflow that nobody enters",
      {
        against: [DROP_OFF, people("a", 1, checkout("1 d"))],
        now: [{ ...DROP_OFF, ...ONBOARDING }, people("a", 1, checkout("1 d"))],
      },
      [
        "**No message changes**: 2,000 people would get the same 2 messages in 30 days as on `main`.",
        "- `onboarding` is a new workflow: nobody enters it in this time.",
      ],
    ],
    [
      "a new exit",
      {
        against: [DROP_OFF, [...people("a", 4, checkout("2 d")), ...people("b", 1, checkout("1 d"))]],
        now: [DROP_OFF, [...people("a", 4, completed), ...people("b", 1, checkout("1 d"))]],
      },
      [
        "**4 of 2,000 people would get other messages** in 30 days than on `main`: 4 messages fewer.",
        "- `drop-off` now ends on `checkout_completed`: 4 people no longer get the email `recovery`.",
      ],
    ],
    [
      "an exit that ends fewer runs",
      {
        against: [DROP_OFF, people("a", 4, completed)],
        now: [DROP_OFF, [...people("a", 4, completed).slice(1), ...people("a", 1, checkout("2 d"))]],
      },
      [
        "**1 of 2,000 people would get other messages** in 30 days than on `main`: 1 message more.",
        "- `drop-off` ends 1 fewer run on `checkout_completed`: 1 person gets the email `recovery` after it.",
        "- ⚠️ Messages after an event that ends the workflow on `main`: 1.",
      ],
    ],
    [
      "a step with another id, and one run more",
      {
        against: [{ "drop-off": ["nudge"] }, [...people("a", 2, cart({ sent: "1 d" }, "nudge")), ...people("b", 1)]],
        now: [
          { "drop-off": ["nudge-push"] },
          [
            ...people("a", 2, cart({ sent: "1 d" }, "nudge-push")),
            ...people("b", 1, cart({ sent: "1 d" }, "nudge-push")),
          ],
        ],
      },
      [
        "**3 of 2,000 people would get other messages** in 30 days than on `main`: 3 messages more, 2 fewer.",
        "- `drop-off` has a new push `nudge-push`: 3 sent. It no longer has the email `nudge`: 2 sent to 2 people on `main`. 1 more change is below.",
      ],
    ],
    [
      "an email that becomes a push",
      {
        against: [{ "drop-off": ["nudge"] }, people("a", 2, cart({ sent: "1 d" }, "nudge"))],
        now: [{ "drop-off": ["nudge:push"] }, people("a", 2, cart({ sent: "1 d", channel: "push" }, "nudge"))],
      },
      [
        "**2 of 2,000 people would get other messages** in 30 days than on `main`: 2 messages on another channel.",
        "- `drop-off` sends `nudge` as a push instead of an email: 2 messages.",
      ],
    ],
    [
      "fewer runs",
      {
        against: [
          DROP_OFF,
          [...people("a", 3, cart({ sent: "1 d" })), ...people("b", 1, cart({ not: "unreachable" }))],
        ],
        now: [DROP_OFF, [...people("a", 3, run("drop-off", { status: "not started" })), ...people("b", 1)]],
      },
      [
        "**3 of 2,000 people would get other messages** in 30 days than on `main`: 3 messages fewer.",
        "- `drop-off` starts 4 fewer runs on `checkout_started`: 3 people no longer get the email `recovery`.",
      ],
    ],
    [
      "another reason",
      {
        against: [DROP_OFF, people("a", 3, cart({ not: "exited" }))],
        now: [DROP_OFF, people("a", 3, cart({ not: "over the cap" }))],
      },
      [
        "**No message changes**: 2,000 people would get no message in 30 days, as on `main`.",
        "- `drop-off`/`recovery`: 3 emails are sent on neither side, for different reasons (exited → over the cap 3).",
      ],
    ],
    [
      "no run",
      { against: [DROP_OFF, people("a", 3)], now: [DROP_OFF, people("a", 3)] },
      [
        "**No run starts** in 30 days, as on `main`: the events of 2,000 people show nothing.",
        "- Nobody enters `drop-off` in this time, so a change of it does not show.",
      ],
    ],
  ])("of %s", async (_what, sides, expected) => {
    const lines = await firstLines(sides);
    expect(lines.slice(0, -1)).toEqual(expected.filter((line) => !line.includes("⚠️")));
    expect(lines.at(-1)).toEqual(
      expected.find((line) => line.includes("⚠️")) ?? expect.stringContaining("- No warning."),
    );
  });

  it("put the largest change first, and name the workflows that do not fit", async () => {
    const of = (wait: string) =>
      (["a", "b", "c", "d"] as const).map((id, at) =>
        people(id, at + 1, run(id, { messages: { nudge: { sent: wait } } })),
      );
    const steps = { a: ["nudge"], b: ["nudge"], c: ["nudge"], d: ["nudge"] };
    const lines = await firstLines({ against: [steps, of("1 d").flat()], now: [steps, of("2 d").flat()] });
    expect(lines.slice(0, 4)).toEqual([
      "**10 of 2,000 people would get other messages** in 30 days than on `main`: 10 messages at another time.",
      "- `d`/`nudge`: 4 emails arrive 1 d later.",
      "- `c`/`nudge`: 3 emails arrive 1 d later.",
      "- 2 more workflows change: `b` (2 messages) and `a` (1 message).",
    ]);
  });

  it("name a side effect before a text that changes everywhere", async () => {
    const [before, now] = ["c1", "c2"].map((content) => people("a", 90, checkout("1 d", content)));
    const lines = await firstLines({
      against: [DROP_OFF, [...before!, ...people("b", 1, cart({ sent: "1 d" }))]],
      now: [DROP_OFF, [...now!, ...people("b", 1, cart({ not: "over the cap" }))]],
    });
    expect(lines[1]).toBe(
      "- `drop-off`/`recovery`: 1 email is no longer sent (over the cap 1). 90 emails have other content.",
    );
  });

  it("warn of too many messages, failures and messages at night", async () => {
    const many = (...waits: string[]) =>
      waits.map((sent, index) => run(`w${index}`, { at: `${index} h`, messages: { nudge: { sent } } }));
    const lines = await firstLines({
      against: [
        {},
        [
          ...people("a", 3, ...many("1 d", "2 d", "3 d", "4 d")),
          ...people("b", 9, ...many("1 d", "2 d", "3 d", "9 d")),
        ],
      ],
      now: [
        {},
        [
          ...people("a", 3, ...many("1 d", "2 d", "3 d", "4 d 12 h")),
          ...people("b", 9, ...many("1 d", "2 d", "3 d", "5 d")),
          ...people(
            "c",
            2,
            run("w0", {
              status: "failed",
              messages: { nudge: { failed: "error" }, other: { sent: "1 h", isAfterExit: true } },
            }),
          ),
        ],
      ],
    });
    expect(lines.at(-1)).toBe(
      "- ⚠️ People with more than 3 messages in 7 days: 3 → 12. Messages after an exit event: 0 → 2 (must be 0). Messages at night: 0 → 3. Failed messages: 0 → 2 (error 2). Failed runs: 0 → 2.",
    );
  });
});
