import { stripVTControlCharacters, styleText } from "node:util";
import { describe, expect, it } from "vitest";
import { reportJson } from "../../../src/rehearsal/report/json.ts";
import { reportMarkdown, SAMPLE_BEGINS, SAMPLE_ENDS } from "../../../src/rehearsal/report/markdown.ts";
import { reportText } from "../../../src/rehearsal/report/text.ts";
import { facts, people, reportOf, run, START } from "../../support/outcomes.ts";

const STEPS = { "drop-off": ["reminder-note", "recovery"], onboarding: ["welcome"] };
const limits = ["Opens are not known.", "Clicks are not known."];

const cart = (recovery: object, more: object = {}) =>
  run("drop-off", { endedAt: "2 d", messages: { "reminder-note": { sent: "1 h" }, recovery }, ...more });
const welcome = run("onboarding", { event: null, messages: { welcome: { sent: "0 h" } }, endedAt: "0 h" });

function sides(ids = 2) {
  const exit = { exit: "checkout_completed", endedAt: "1 d" };
  return {
    against: {
      facts: facts("main", STEPS, { limits: limits.slice(0, 1), memory: 0, ignored: { "too late": 1 } }),
      people: [...people("a", ids, welcome, cart({ sent: "2 d" })), ...people("b", 1, cart({ not: "exited" }, exit))],
    },
    now: {
      facts: facts("the working tree", STEPS, { limits, seconds: 1.04, ignored: { "too late": 1 } }),
      people: [
        ...people("a", ids, welcome, cart({ sent: "1 d", content: "c2" })),
        ...people("b", 1, cart({ sent: "2 d" })),
      ],
    },
  };
}

describe("the Markdown", () => {
  it("has the tables, the timelines, the limits and the history after the first lines", async () => {
    const markdown = reportMarkdown(await reportOf(sides()));
    expect(markdown.slice(markdown.indexOf("\n\n") + 2)).toBe(`**Every change**

- \`drop-off\`/\`recovery\`: 2 emails arrive 1 d earlier.
- \`drop-off\` no longer ends on \`checkout_completed\`: 1 person gets the email \`recovery\` after it.
- \`drop-off\`/\`recovery\`: 2 emails have other content.

**All workflows**

|  | \`main\` | the working tree |  |
|---|--:|--:|--:|
| people with a message | 3 | 3 |  |
| people with more than 3 messages in 7 days | 0 | 0 |  |
| messages after an exit event | 0 | 0 |  |
| messages at night | 0 | 0 |  |
| messages over the cap | 0 | 0 |  |
| emails sent | 4 | 5 | +1 |
| in-app notes sent | 3 | 3 |  |
| ignored events: too late | 1 | 1 |  |

**\`drop-off\`**

|  | \`main\` | the working tree |  |
|---|--:|--:|--:|
| people who enter | 3 | 3 |  |
| runs | 3 | 3 |  |
| \`reminder-note\` (in-app note) sent | 3 | 3 |  |
| \`recovery\` (email) sent | 2 | 3 | +1 |
| \`recovery\` (email) not sent: exited | 1 | 0 | −1 |
| runs that end on \`checkout_completed\` | 1 | 0 | −1 |

Without a difference: \`onboarding\`.

<!-- sample -->
<details><summary>Timelines of some of these people, by their own clock</summary>

\`a-000\` (Europe/Berlin): another time, other content

|  | \`main\` | the working tree |
|---|---|---|
| \`drop-off\` starts on \`checkout_started\` | 2 Mar 11:00 | 2 Mar 11:00 |
| \`reminder-note\` (in-app note) | sent 2 Mar 12:00 | sent 2 Mar 12:00 |
| \`recovery\` (email) | sent 4 Mar 11:00 | **sent 3 Mar 11:00, other content** |
| end | finished 4 Mar 11:00 | finished 4 Mar 11:00 |

\`b-000\` (Europe/Berlin): a run goes on after the exit event

|  | \`main\` | the working tree |
|---|---|---|
| \`drop-off\` starts on \`checkout_started\` | 2 Mar 11:00 | 2 Mar 11:00 |
| \`reminder-note\` (in-app note) | sent 2 Mar 12:00 | sent 2 Mar 12:00 |
| \`recovery\` (email) | not sent: exited | **sent 4 Mar 11:00** |
| end | on \`checkout_completed\` 3 Mar 11:00 | **finished 4 Mar 11:00** |

\`a-001\` (Europe/Berlin): another time, other content

|  | \`main\` | the working tree |
|---|---|---|
| \`drop-off\` starts on \`checkout_started\` | 2 Mar 11:00 | 2 Mar 11:00 |
| \`reminder-note\` (in-app note) | sent 2 Mar 12:00 | sent 2 Mar 12:00 |
| \`recovery\` (email) | sent 4 Mar 11:00 | **sent 3 Mar 11:00, other content** |
| end | finished 4 Mar 11:00 | finished 4 Mar 11:00 |

</details>
<!-- end of sample -->

**Limits**

- Opens are not known.
- Clicks are not known.

**How this was made**

- The history has 10,000 events of 2,000 people, from 2026-03-02 10:00 UTC to 2026-04-01 10:00 UTC (30 days).
- The rehearsal of \`main\` took 12 seconds.
- The rehearsal of the working tree took 1 second and 300 MB of memory.
- Night is from 22:00 to 07:00 by the person's clock. In-app notes do not count for the night, nor for messages in 7 days.
- Times that differ by less than a minute count as the same.`);
  });

  it("has the same facts for one side", async () => {
    const markdown = reportMarkdown(await reportOf({ now: sides().now }));
    expect(markdown.split("\n").slice(0, 4)).toEqual([
      "**3 of 2,000 people would get messages** in 30 days in the working tree: 5 emails and 3 in-app notes.",
      "- `drop-off`: 3 people enter; 3 emails and 3 in-app notes are sent.",
      "- `onboarding`: 2 people enter; 2 emails are sent.",
      "- No warning. People with more than 3 messages in 7 days: 0. Messages after an exit event: 0. Messages at night: 0.",
    ]);
    expect(markdown).toContain("| `recovery` (email) sent | 3 |");
    expect(markdown).not.toContain(SAMPLE_BEGINS);
  });

  it("says that a history of nobody shows nothing", async () => {
    const none = { facts: facts("main", STEPS, { people: 0, events: 0, until: START + 3_600_000 }), people: [] };
    const [first] = reportMarkdown(await reportOf({ against: none, now: none })).split("\n");
    expect(first).toBe("**The history has no people**: nothing is compared with `main`.");
    const [alone, , warning] = reportMarkdown(await reportOf({ now: none })).split("\n");
    expect(alone).toBe("**The history has no people**: nothing is rehearsed.");
    expect(warning).toContain("No warning.");
  });

  it("escapes everything that comes from data", async () => {
    const evil = "@all `x` |<img src=x>\n# *b*";
    const hostile = (sent: string) =>
      [
        ...people(evil, 1, run(evil, { event: evil, endedAt: sent, exit: evil, messages: { [evil]: { sent } } })),
        ...people("z", 1, run(evil, { messages: { [evil]: sent === "1 d" ? { not: evil } : { not: "exited" } } })),
      ].map((one) => ({ ...one, timeZone: evil }));
    const steps = { [evil]: [evil.replaceAll(":", "")], [`${evil}2`]: [] };
    const side = (ref: string, sent: string) => ({
      facts: facts(ref, steps, { limits: [evil], ignored: { [evil]: 2 } }),
      people: hostile(sent),
    });
    const markdown = reportMarkdown(await reportOf({ against: side(evil, "2 d"), now: side("x", "1 d") }), {
      linkTo: (_side, person) => `http://localhost/${person}`,
    });
    const outsideOfCode = markdown.replaceAll(/(?<!\\)`[^`\n]+`/g, "CODE").replaceAll(/<http[^>]*>/g, "LINK");
    expect(outsideOfCode).not.toContain("@all");
    expect(outsideOfCode).not.toMatch(/(?<!\\)`/);
    expect(outsideOfCode).not.toMatch(/(?<!\\)<img|\n#|(?<!\\)\*b/);
    const rows = outsideOfCode.split("\n").filter((line) => line.startsWith("| "));
    for (const cells of rows) expect([2, 3, 4]).toContain(cells.replaceAll("\\|", "").split("|").length - 2);
  });

  it("has messages of one moment in the order of the steps", async () => {
    const exited = (recovery: object) =>
      run("drop-off", { exit: "done", endedAt: "1 h", messages: { recovery, "reminder-note": { not: "exited" } } });
    const side = (recovery: object) => ({ facts: facts("main", STEPS), people: people("a", 1, exited(recovery)) });
    const markdown = reportMarkdown(await reportOf({ against: side({ not: "exited" }), now: side({ sent: "0 h" }) }));
    expect([...markdown.matchAll(/^\| `([\w-]+)` \([^|]*\|[^|]*sent/gm)].map(([, step]) => step)).toEqual([
      "reminder-note",
      "recovery",
    ]);
  });

  it("shortens long names", async () => {
    const name = "n".repeat(500);
    const side = (people: Parameters<typeof reportOf>[0]["now"]["people"]) => ({ facts: facts("main", STEPS), people });
    const runs = people("a", 1, run("drop-off", { event: name, messages: { recovery: { sent: "1 d" } } }));
    const lines = reportMarkdown(await reportOf({ against: side([]), now: side(runs) })).split("\n");
    expect(lines[1]).toBe(
      `- \`drop-off\` starts 1 more run on \`${"n".repeat(79)}…\`: 1 person gets the email \`recovery\`.`,
    );
  });

  it("loses people of the sample first, then tables, and stays below the limit", async () => {
    const report = await reportOf(sides(3));
    const whole = reportMarkdown(report);
    const names = (markdown: string) => [...markdown.matchAll(/^`([ab]-\d+)`/gm)].map(([, name]) => name);
    expect(names(whole)).toEqual(["a-000", "b-000", "a-001"]);
    const fewer = reportMarkdown(report, { mostCharacters: whole.length - 1 });
    expect(names(fewer)).toEqual(["a-000", "b-000"]);
    expect(fewer).toContain("Some timelines are left out");
    for (let mostCharacters = whole.length; mostCharacters > 300; mostCharacters -= 97) {
      const cut = reportMarkdown(report, { mostCharacters });
      expect(cut.length).toBeLessThanOrEqual(mostCharacters);
      expect(cut.split("\n")[0]).toBe(whole.split("\n")[0]);
      expect(cut.includes(SAMPLE_BEGINS)).toBe(cut.includes(SAMPLE_ENDS));
    }
  });
});

describe("the text for a terminal", () => {
  it("has columns, colours for differences, and links into the studio", async () => {
    const paint: Parameters<typeof reportText>[1] = (style, text) => styleText(style, text, { validateStream: false });
    const coloured = reportText(await reportOf(sides()), paint, (side, person) =>
      side === "now" ? `http://localhost:4000/studio/people/${person}` : null,
    );
    const text = stripVTControlCharacters(coloured);
    expect(text).toContain(`
drop-off
                                       main  the working tree
  people who enter                        3                 3
  runs                                    3                 3
  reminder-note (in-app note) sent        3                 3
  recovery (email) sent                   2                 3  +1
  recovery (email) not sent: exited       1                 0  −1
  runs that end on checkout_completed     1                 0  −1
`);
    expect(text).toContain(`
b-000 (Europe/Berlin): a run goes on after the exit event
                                       main                               the working tree
  drop-off starts on checkout_started  2 Mar 11:00                        2 Mar 11:00
  reminder-note (in-app note)          sent 2 Mar 12:00                   sent 2 Mar 12:00
  recovery (email)                     not sent: exited                   sent 4 Mar 11:00
  end                                  on checkout_completed 3 Mar 11:00  finished 4 Mar 11:00
  http://localhost:4000/studio/people/b-000
`);
    expect(coloured).toContain(paint("yellow", "  recovery (email) sent                   2                 3  +1"));
    expect(text).not.toMatch(/[`*]/);
  });
});

describe("the JSON", () => {
  it("has every number, and times in ISO 8601", async () => {
    const json = JSON.parse(reportJson(await reportOf(sides())));
    expect(json).toMatchObject({
      lead: {
        headline:
          "3 of 2,000 people would get other messages in 30 days than on main: 1 message more, 2 at another time, 2 with other content.",
        warning: { isOne: true, words: "Messages after an event that ends the workflow on main: 1." },
      },
      mostPerWeek: 3,
      now: { facts: { from: "2026-03-02T10:00:00.000Z" }, reached: 3, workflows: [{ id: "drop-off", people: 3 }, {}] },
      against: { facts: { ref: "main" } },
      comparison: {
        people: 3,
        messages: { more: 1, fewer: 0, time: 2, content: 2 },
        sample: [
          { person: "a-000", runs: [{ now: { at: "2026-03-02T10:00:00.000Z", endedAt: "2026-03-04T10:00:00.000Z" } }] },
          {},
          {},
        ],
      },
    });
    expect(JSON.parse(reportJson(await reportOf({ now: sides().now })))).toMatchObject({
      against: null,
      comparison: null,
    });
  });
});
