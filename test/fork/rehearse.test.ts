import { afterAll, describe, expect, it } from "vitest";
import { type Clone, cloneCheckout } from "./clone.ts";

/** A busy machine needs this long. */
const WITHIN_MS = 5 * 60_000;
const HOUR_MS = 60 * 60_000;
const START = Date.parse("2026-03-02T09:00:00.000Z");
const WORKFLOW = "src/workflows/trial.tsx";

/** A workflow of a fork: a note at once, an email after two days, and an exit. */
const TRIAL = `import { z } from "zod";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";

export const trial = lifecycle({
  id: "trial",
  name: "Trial",
  description: "Two messages for each trial.",
  category: "transactional",
  on: [event("trial_started")],
  exitOn: [event("trial_bought")],
  payload: z.object({}),
  from: () => ({}),
  async workflow({ step }) {
    await step.inApp("hello", () => ({ subject: "Hello", body: "Your trial has begun." }));
    await step.wait("two-days", { days: 2 });
    await step.email("tips", () => ({ subject: "Three tips", body: <p>Try the reports.</p> }));
  },
});
`;

describe("a change of a workflow, rehearsed against the last commit", { timeout: WITHIN_MS }, () => {
  const clone = forkWithTrial();
  afterAll(() => clone[Symbol.dispose]());

  it("shortens a wait", async () => {
    expect(await firstLinesAfter((code) => code.replace("{ days: 2 }", "{ days: 1 }"))).toMatchInlineSnapshot(`
      [
        "**12 of 12 people would get other messages** in 5 days than on \`HEAD\`: 4 messages more, 8 at another time.",
        "- \`trial\`/\`tips\`: 8 emails arrive 1 d earlier. 4 more emails are sent (not sent on \`HEAD\`: exited 4).",
        "- No warning. People with more than 3 messages in 7 days: 0 → 0. Messages after an exit event: 0 → 0. Messages at night: 0 → 0.",
        "",
        "**Every change**",
      ]
    `);
  });

  it("drops an exit", async () => {
    expect(await firstLinesAfter((code) => code.replace(/ {2}exitOn: .*\n/, ""))).toMatchInlineSnapshot(`
      [
        "**4 of 12 people would get other messages** in 5 days than on \`HEAD\`: 4 messages more.",
        "- \`trial\` no longer ends on \`trial_bought\`: 4 people get the email \`tips\` after it.",
        "- ⚠️ Messages after an event that ends the workflow on \`HEAD\`: 4.",
        "",
        "**All workflows**",
      ]
    `);
  });

  it("adds an email", async () => {
    const added = `    await step.email("more", () => ({ subject: "More", body: <p>Try the alerts.</p> }));\n`;
    expect(await firstLinesAfter((code) => code.replace("  },\n});", `${added}  },\n});`))).toMatchInlineSnapshot(`
      [
        "**8 of 12 people would get other messages** in 5 days than on \`HEAD\`: 8 messages more.",
        "- \`trial\` has a new email \`more\`: 8 sent, 4 not sent (exited 4).",
        "- No warning. People with more than 3 messages in 7 days: 0 → 0. Messages after an exit event: 0 → 0. Messages at night: 0 → 0.",
        "",
        "**All workflows**",
      ]
    `);
  });

  /** The first five lines of the Markdown. */
  async function firstLinesAfter(change: (code: string) => string): Promise<string[]> {
    clone.write(WORKFLOW, TRIAL);
    clone.edit(WORKFLOW, change);
    const options = ["--from", clone.path("history.jsonl"), "--against", "HEAD", "--markdown"];
    const { code, output } = await clone.run("tsx", "src/rehearsal/rehearse.ts", ...options);
    const lines = output.split("\n").filter((line) => !line.startsWith("…"));
    expect([code, code === 0 ? "" : output]).toEqual([0, ""]);
    return lines.slice(0, 5);
  }
});

/** Twelve people start a trial. Four of them buy after a day and a half. */
function forkWithTrial(): Clone {
  const clone = cloneCheckout();
  clone.write(WORKFLOW, TRIAL);
  clone.write(
    "src/workflows/index.ts",
    `import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
import { trial } from "./trial.tsx";

export const workflows: LifecycleWorkflow[] = [trial];
`,
  );
  clone.commit("The trial");
  const events = Array.from({ length: 12 }, (_, person) => [
    { person, hour: person, event: "trial_started" },
    { person, hour: 120, event: "trial_seen" },
    ...(person % 3 === 0 ? [{ person, hour: person + 36, event: "trial_bought" }] : []),
  ]).flat();
  const lines = events.map(({ person, hour, event }) => {
    const timestamp = new Date(START + hour * HOUR_MS).toISOString();
    const about = { uuid: `${event}-${person}`, event, distinct_id: `person-${person}`, timestamp, properties: {} };
    return JSON.stringify({
      event: about,
      person: { id: `p${person}`, properties: { email: `person-${person}@example.com` } },
    });
  });
  clone.write("history.jsonl", `${lines.join("\n")}\n`);
  return clone;
}
