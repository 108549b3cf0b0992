import { expect, it } from "vitest";
import { z } from "zod";
import { noteControls } from "../../../src/workflows/controls.ts";
import { campaign, happen } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const noted = campaign({
  async workflow({ step }) {
    await step.inApp("note", ({ controls }) => ({ subject: controls.subject, body: controls.body }), {
      controlSchema: noteControls("Hello", "Have a look").extend({ subject: z.string().min(1).default("Hello") }),
    });
  },
});

it.each([
  ["an emptied subject", { subject: "" }, ["Hello", "Have a look"], ["subject"]],
  [
    "double quotes in a filter",
    { subject: '{{ payload.x | default: "friend" }}' },
    ["Hello", "Have a look"],
    ["subject"],
  ],
  ["a tag that does not end", { body: "{%", subject: "Hi" }, ["Hi", "Have a look"], ["body"]],
  ["two of these", { body: "{%", subject: "" }, ["Hello", "Have a look"], ["body", "subject"]],
  ["a number for a text", { subject: 7, body: "Look" }, ["Hello", "Look"], ["subject"]],
])(
  "a colleague's %s gives way to the code's default, and the decision says so",
  async (_what, values, said, unusable) => {
    await using sandbox = await testSandbox({ workflows: [noted] });
    sandbox.novu.setControls("campaign", "note", values);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ content }) => [content.subject, content.body])).toEqual([said]);
    expect((await sandbox.app.store.listDecisions())[0]?.unusableControls).toEqual(unusable);
  },
);

it("a control that can be used is left as it is", async () => {
  await using sandbox = await testSandbox({ workflows: [noted] });
  sandbox.novu.setControls("campaign", "note", { subject: "Hi {{ subscriber.firstName }}" });
  happen(sandbox, "called", { name: "Ada Lovelace" });
  await sandbox.settled();
  expect(sandbox.novu.state.messages[0]?.content.subject).toBe("Hi Ada");
  expect((await sandbox.app.store.listDecisions())[0]).not.toHaveProperty("unusableControls");
});
