import { expect, it } from "vitest";
import { z } from "zod";
import { noteControls } from "../../../src/engine/controls.ts";
import { campaign, decisions, happen, mail } from "../../support/campaign.ts";
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
  ["a good one beside two", { subject: "Hi", body: "{%", button: "{{" }, ["Hi", "Have a look"], ["body", "button"]],
])(
  "a colleague's %s gives way to the code's default, and the decision says so",
  async (_what, values, said, unusable) => {
    await using sandbox = await testSandbox({ workflows: [noted] });
    sandbox.novu.setControls("campaign", "note", values);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ content }) => [content.subject, content.body])).toEqual([said]);
    expect((await sandbox.app.store.decisions.list())[0]?.unusableControls).toEqual(unusable);
  },
);

const plain = campaign({
  async workflow({ step }) {
    await step.inApp("note", ({ controls }) => ({ subject: controls.subject, body: controls.body }), {
      controlSchema: noteControls("Hello", "Have a look"),
    });
  },
});

it.each([
  ["an emptied subject", { subject: "" }, ["Hello", "Have a look"], ["subject"]],
  ["a subject of blanks", { subject: "  " }, ["Hello", "Have a look"], ["subject"]],
  [
    "a subject of which nothing is left for this person",
    { subject: "{{ payload.none }}", body: "Mine" },
    ["Hello", "Mine"],
    ["subject"],
  ],
  [
    "an emptied subject beside a broken text",
    { subject: "", body: "{%" },
    ["Hello", "Have a look"],
    ["subject", "body"],
  ],
])(
  "a note whose schema takes anything has the code's default in place of %s",
  async (_what, values, said, unusable) => {
    await using sandbox = await testSandbox({ workflows: [plain] });
    sandbox.novu.setControls("campaign", "note", values);
    happen(sandbox, "called");
    await sandbox.settled();
    expect(sandbox.novu.state.messages.map(({ content }) => [content.subject, content.body])).toEqual([said]);
    const decided = await sandbox.app.store.decisions.list();
    expect(decided.map(({ outcome, unusableControls }) => [outcome, unusableControls])).toEqual([["sent", unusable]]);
  },
);

it("an email has the code's default where the message made of a control is refused", async () => {
  const workflow = campaign({
    async workflow({ step }) {
      await step.email("call", ({ controls }) => ({ ...mail(), subject: controls.title }), {
        controlSchema: z.object({ title: z.string().default("An offer"), other: z.string().default("") }),
        atAnyHour: true,
      });
    },
  });
  await using sandbox = await testSandbox({ workflows: [workflow] });
  sandbox.novu.setControls("campaign", "call", { other: "Hi", title: "" });
  happen(sandbox, "called");
  await sandbox.settled();
  expect(sandbox.novu.state.messages[0]?.content.subject).toBe("An offer");
  expect((await sandbox.app.store.decisions.list())[0]?.unusableControls).toEqual(["title"]);
});

it("an emptied subject goes to code that handles it", async () => {
  const workflow = campaign({
    async workflow({ step }) {
      await step.inApp("note", ({ controls }) => ({ subject: controls.subject || "No news", body: controls.body }), {
        controlSchema: noteControls("Hello", "Have a look"),
      });
    },
  });
  await using sandbox = await testSandbox({ workflows: [workflow] });
  sandbox.novu.setControls("campaign", "note", { subject: "" });
  happen(sandbox, "called");
  await sandbox.settled();
  expect(sandbox.novu.state.messages[0]?.content.subject).toBe("No news");
  expect((await sandbox.app.store.decisions.list())[0]).not.toHaveProperty("unusableControls");
});

it("a message that is switched off stays off, with any other controls", async () => {
  await using sandbox = await testSandbox({ workflows: [plain] });
  sandbox.novu.setControls("campaign", "note", { send: false, subject: "{%", body: "{{" });
  happen(sandbox, "called");
  await sandbox.settled();
  expect(sandbox.novu.state.messages).toEqual([]);
  expect(await decisions(sandbox)).toEqual([["note", "skipped", "not needed", "switched off in Novu"]]);
});

it("a control that can be used is left as it is", async () => {
  await using sandbox = await testSandbox({ workflows: [noted] });
  sandbox.novu.setControls("campaign", "note", { subject: "Hi {{ subscriber.firstName }}" });
  happen(sandbox, "called", { name: "Ada Lovelace" });
  await sandbox.settled();
  expect(sandbox.novu.state.messages[0]?.content.subject).toBe("Hi Ada");
  expect((await sandbox.app.store.decisions.list())[0]).not.toHaveProperty("unusableControls");
});
