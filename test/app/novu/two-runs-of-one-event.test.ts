import { describe, expect, it } from "vitest";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { callBridge } from "../../support/bridge-call.ts";
import { campaign, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const receipt = campaign({
  id: "receipt",
  category: "transactional",
  async workflow({ step }) {
    await step.wait("an-hour", { hours: 1 });
    await step.email("mail", mail);
  },
});

describe("one event that Novu runs twice", () => {
  it("is sent by the first job alone, which may be asked again", async () => {
    await using sandbox = await testSandbox({ workflows: [receipt] });
    const ask = await oneRun(sandbox);
    expect((await ask("first")).body.options).toEqual({ skip: false });
    expect((await ask("second")).body).toMatchObject({ options: { skip: true }, outputs: {} });
    expect((await ask("first")).body.options).toEqual({ skip: false });
    expect((await sandbox.app.store.decisions.list()).map(({ outcome, jobId }) => [outcome, jobId])).toEqual([
      ["sent", "first"],
    ]);
  });

  it("is sent by one of two jobs at the same time", async () => {
    await using sandbox = await testSandbox({ workflows: [receipt] });
    const ask = await oneRun(sandbox);
    const answers = await Promise.all(["a", "b", "c"].map(ask));
    expect(answers.filter(({ body }) => body.options?.skip === false)).toHaveLength(1);
  });
});

/** A run of Ada's that waits, and a way for any job to ask for its message. */
async function oneRun(sandbox: Sandbox): Promise<(jobId: string) => ReturnType<typeof callBridge>> {
  sandbox.posthog.capture({
    event: "called",
    distinctId: "ada",
    properties: { $set: { email: "ada@example.com" } },
  });
  await sandbox.settled();
  const [run] = sandbox.novu.state.runs;
  return (jobId) =>
    callBridge(sandbox, {
      workflow: "receipt",
      step: "mail",
      jobId,
      body: {
        payload: run?.payload,
        subscriber: sandbox.novu.state.subscribers.ada,
        state: [{ stepId: "an-hour", outputs: { duration: 1 }, state: { status: "completed" } }],
      },
    });
}
