import { expect, it } from "vitest";
import { z } from "zod";
import type { LifecycleWorkflow } from "../../../src/engine/lifecycle.ts";
import { callBridge } from "../../support/bridge-call.ts";
import { campaign, decisions, type happen, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const Comment = z.object({ text: z.string(), by: z.string().optional() });

/** Comments of twenty hours in one email, and a note. */
function comments({
  digest = "gather",
  payload = Comment,
  by,
}: {
  digest?: string | null;
  payload?: z.ZodObject;
  by?: string;
} = {}): LifecycleWorkflow {
  return campaign({
    category: "transactional",
    payload,
    from: ({ properties }) => ({ text: properties.text, by }),
    async workflow({ step }) {
      const gathered = digest === null ? [] : await step.digest(digest, { hours: 20 });
      const comments = gathered.map(({ payload: one }) => one as z.output<typeof Comment>);
      const said = comments.map(({ text, by }) => `${text} by ${by?.toUpperCase()}`);
      await step.email("summary", () => ({ ...mail(), subject: `${gathered.length}: ${said.join(", ")}` }));
      await step.inApp("note", () => ({ subject: "s", body: "b" }));
    },
  });
}

const told = (reason: string, detail: string) => [
  ["summary", "skipped", reason, detail],
  ["note", "skipped", reason, detail],
];

it.each([
  ["is renamed", comments({ digest: "collect" }), "2: One by undefined, Two by undefined"],
  ["is removed", comments({ digest: null }), "0:"],
  [
    "has payloads that lack a field with a default",
    comments({ payload: z.object({ text: z.string(), by: z.string().default("somebody") }) }),
    "2: One by SOMEBODY, Two by SOMEBODY",
  ],
])("a digest that %s while it gathers speaks for the runs in it", async (_what, changed, subject) => {
  await using sandbox = await testSandbox({ workflows: [comments()] });
  say(sandbox, "One");
  await sandbox.travel({ hours: 1 });
  say(sandbox, "Two");
  await sandbox.travel({ hours: 1 });
  await sandbox.restartApp({ workflows: [changed] });
  await sandbox.travel({ days: 1 });
  expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual([subject, "s"]);
  expect(await decisions(sandbox, { ofRun: "One:campaign" })).toEqual([
    ["summary", "sent", null, null],
    ["note", "sent", null, null],
  ]);
  expect(await decisions(sandbox, { ofRun: "Two:campaign" })).toEqual(told("digested", "One:campaign"));
  expect(await sandbox.app.store.runs.findOpen("Two:campaign")).toBeNull();
});

it("a digest leaves out the runs whose payload does not fit any more, and sends those that do", async () => {
  await using sandbox = await testSandbox({ workflows: [comments()] });
  say(sandbox, "One");
  say(sandbox, "Two");
  await sandbox.travel({ hours: 1 });
  const payload = z.object({ text: z.string(), by: z.string() });
  await sandbox.restartApp({ workflows: [comments({ payload, by: "Bob" })] });
  await sandbox.travel({ hours: 1 });
  say(sandbox, "Three");
  await sandbox.travel({ days: 1 });
  expect(sandbox.novu.state.messages.map(({ content }) => content.subject)).toEqual(["1: Three by BOB", "s"]);
  expect(await decisions(sandbox, { ofRun: "Two:campaign" })).toEqual(told("payload does not fit", "by"));
  expect(await decisions(sandbox, { ofRun: "Three:campaign" })).toEqual(told("digested", "One:campaign"));
});

it("runs in a digest get a decision for a message that was added later, as the run that they are in", async () => {
  await using sandbox = await testSandbox({ workflows: [comments({ digest: "gather" })] });
  say(sandbox, "One");
  say(sandbox, "Two");
  await sandbox.travel({ hours: 1 });
  const changed = campaign({
    category: "transactional",
    payload: Comment,
    async workflow({ step }) {
      await step.digest("gather", { hours: 20 });
      await step.inApp("tip", () => ({ subject: "s", body: "b" }));
      await step.email("summary", mail);
      await step.inApp("note", () => ({ subject: "s", body: "b" }));
    },
  });
  await sandbox.restartApp({ workflows: [changed] });
  await sandbox.travel({ days: 1 });
  for (const run of ["One:campaign", "Two:campaign"])
    expect(await decisions(sandbox, { ofRun: run })).toContainEqual(["tip", "skipped", "added later", null]);
});

it("a run that Novu has twice is in a digest once", async () => {
  await using sandbox = await testSandbox({ workflows: [comments()] });
  say(sandbox, "One");
  await sandbox.settled();
  const { payload } = sandbox.novu.state.runs[0] ?? {};
  const events = ["a", "b"].map((id) => ({ id, time: "2026-03-02T09:00:00.000Z", payload }));
  const state = [{ stepId: "gather", outputs: { events, eventCount: 2 }, state: { status: "completed" } }];
  const body = { payload, state, subscriber: sandbox.novu.state.subscribers.ada };
  const answer = await callBridge(sandbox, { workflow: "campaign", step: "summary", body });
  expect(answer.body.outputs?.subject).toBe("1: One by undefined");
});

/** Ada is sent a comment, whose text is the event's uuid. */
function say(sandbox: Parameters<typeof happen>[0], text: string): void {
  sandbox.posthog.capture({
    event: "called",
    uuid: text,
    distinctId: "ada",
    properties: { text, $set: { email: "ada@example.com" } },
  });
}
