import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { startProcess } from "../support/command-process.ts";
import { eventually } from "../support/sandbox.ts";
import { type Clone, cloneCheckout } from "./clone.ts";

/** A busy machine needs this long. */
const WITHIN_MS = 5 * 60_000;
const HOUR_MS = 60 * 60_000;
const START = Date.parse("2026-03-02T09:00:00.000Z");
const FILE = (id: string) => `src/workflows/${id}.tsx`;
const IDS = ["shorter", "endless", "longer"];

/** A workflow of a fork: a note at once, an email after two days, and an exit. */
const workflow = (id: string) => `import { z } from "zod";
import { event } from "../engine/event.ts";
import { lifecycle } from "../engine/lifecycle.ts";

export const ${id} = lifecycle({
  id: "${id}",
  name: "Trial",
  description: "Two messages for each trial.",
  category: "transactional",
  on: [event("${id}_started")],
  exitOn: [event("${id}_bought")],
  payload: z.object({}),
  from: () => ({}),
  async workflow({ step }) {
    await step.inApp("hello", () => ({ subject: "Hello", body: "Your trial has begun." }));
    await step.wait("two-days", { days: 2 });
    await step.email("tips", () => ({ subject: "Three tips", body: <p>Try the reports.</p> }));
  },
});
`;

it("says first how three changes of workflows differ from the last commit", { timeout: WITHIN_MS }, async () => {
  using clone = forkWithTrials();
  clone.edit(FILE("shorter"), (code) => code.replace("{ days: 2 }", "{ days: 1 }"));
  clone.edit(FILE("endless"), (code) => code.replace(/ {2}exitOn: .*\n/, ""));
  const added = `    await step.email("more", () => ({ subject: "More", body: <p>Try the alerts.</p> }));\n`;
  clone.edit(FILE("longer"), (code) => code.replace("  },\n});", `${added}  },\n});`));

  const options = ["--from", clone.path("history.jsonl"), "--against", "HEAD", "--markdown", "--stay", "--port", "0"];
  const command = ["--import", "tsx", "src/rehearsal/rehearse.ts", ...options];
  await using rehearsal = startProcess(command, {}, clone.path(""));
  const { output } = rehearsal;
  await eventually(() => {
    if (rehearsal.hasEnded()) throw new Error(output.stderr);
    return output.stderr.includes("open until Ctrl-C");
  }, WITHIN_MS);
  const lines = output.stdout.split("\n");
  // Of twelve people in each workflow, four buy before the second day ends.
  expect(lines.slice(0, 5)).toMatchInlineSnapshot(`
    [
      "**24 of 36 people would get other messages** in 5 days than on \`HEAD\`: 16 messages more, 8 at another time.",
      "- \`shorter\`/\`tips\`: 8 emails arrive 1 d earlier. 4 more emails are sent (not sent on \`HEAD\`: exited 4).",
      "- \`longer\` has a new email \`more\`: 8 sent, 4 not sent (exited 4).",
      "- \`endless\` no longer ends on \`endless_bought\`: 4 people get the email \`tips\` after it.",
      "- ⚠️ Messages after an event that ends the workflow on \`HEAD\`: 4.",
    ]
  `);

  const studios = [/Ctrl-C: (\S+), and of HEAD: (\S+)/.exec(output.stderr)?.slice(1) ?? []].flat();
  const links = studios.map((studio) => output.stdout.match(new RegExp(`${studio}/people/[\\w-]+`, "g")) ?? []);
  expect(links.map((ofSide) => ofSide.length > 0)).toEqual([true, true]);
  const pages = await Promise.all(links.map(async ([person = ""]) => (await fetch(person)).text()));
  expect(pages.map((page) => page.includes("tips"))).toEqual([true, true]);

  const written = readdirSync(clone.path(".data/rehearsal"), { recursive: true, withFileTypes: true });
  const files = written.filter((entry) => entry.isFile()).map(({ path, name }) => join(path, name));
  const readable = files.filter((file) => (statSync(file).mode & 0o077) !== 0);
  expect([files.length > 4, readable]).toEqual([true, []]);

  const second = await clone.run("tsx", "src/rehearsal/rehearse.ts", "--from", clone.path("history.jsonl"));
  expect([second.code, second.output]).toEqual([1, expect.stringContaining("is in use by process")]);

  rehearsal.kill("SIGINT");
  expect((await rehearsal.ended).code).toBe(0);
});

/** Twelve people start each trial. Four of them buy after a day and a half. */
function forkWithTrials(): Clone {
  const clone = cloneCheckout();
  for (const id of IDS) clone.write(FILE(id), workflow(id));
  const imports = IDS.map((id) => `import { ${id} } from "./${id}.tsx";\n`);
  clone.write(
    "src/workflows/index.ts",
    `import type { LifecycleWorkflow } from "../engine/lifecycle.ts";
${imports.join("")}
export const workflows: LifecycleWorkflow[] = [${IDS.join(", ")}];
`,
  );
  clone.commit("The trials");
  const events = IDS.flatMap((id, offset) =>
    Array.from({ length: 12 }, (_, index) => {
      const person = offset * 12 + index;
      const bought = { person, hour: index + 36, event: `${id}_bought` };
      return [
        { person, hour: index, event: `${id}_started` },
        ...(index % 3 === 0 ? [bought] : []),
        { person, hour: 120, event: "seen" },
      ];
    }),
  ).flat();
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
