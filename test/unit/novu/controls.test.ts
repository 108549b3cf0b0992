import { Client, type ExecuteInput, workflow } from "@novu/framework";
import { describe, expect, it } from "vitest";
import { unusableControls } from "../../../src/novu/controls.ts";

type Step = ExecuteInput<Record<string, unknown>, Record<string, unknown>>["step"];
type Values = Record<string, unknown>;

const text = (said: string) => ({ type: "string", default: said });
const SCHEMA = {
  type: "object",
  properties: {
    subject: text("Welcome"),
    body: text("Hello"),
    button: text("Go"),
    count: { type: "integer", default: 1 },
    send: { type: "boolean", default: true },
  },
} as const;

/** A step as in a workflow file: its texts are those of the controls. */
const MESSAGES: Record<string, (step: Step) => Promise<unknown>> = {
  email: (step) => step.email("m", async ({ subject }) => ({ subject: String(subject), body: "<p>" }), OPTIONS),
  in_app: (step) =>
    step.inApp("m", async ({ subject, body }) => ({ subject: String(subject), body: String(body) }), OPTIONS),
  push: (step) =>
    step.push("m", async ({ subject, body }) => ({ subject: String(subject), body: String(body) }), OPTIONS),
  sms: (step) => step.sms("m", async ({ body }) => ({ body: String(body) }), OPTIONS),
  chat: (step) => step.chat("m", async ({ body }) => ({ body: String(body) }), OPTIONS),
};
const OPTIONS = { controlSchema: SCHEMA };

describe("controls that cannot be used", () => {
  it.each<[string, Values, string[]]>([
    ["none are set", {}, []],
    ["plain words", { subject: "Hello" }, []],
    ["quotes, line breaks and umlauts", { subject: 'Say "hi"\n\\ to Jürgen' }, []],
    ["Liquid", { subject: "Hi {{ subscriber.firstName | default: 'friend' | upcase }}" }, []],
    ["Liquid about what nobody has", { subject: "By {{ steps.none.events | toSentence: 'a', 2 }}" }, []],
    ["a filter that does not exist", { subject: "Hi {{ payload.x | none }}" }, []],
    ["an end without a beginning", { subject: "}}" }, []],
    ["what looks like JSON", { subject: '{"a": "{{ payload.a }}"}' }, []],
    ["double quotes in Liquid", { subject: 'Hi {{ x | default: "friend" }}' }, ["subject"]],
    ["a tag without an end", { subject: "{%" }, ["subject"]],
    ["an output without an end", { body: "Hi {{ name" }, ["body"]],
    ["a block without an end", { body: "{% if x %}Hi" }, ["body"]],
    ["a tag that does not exist", { button: "{% none %}" }, ["button"]],
    ["a block over two controls", { subject: "{% unless x %}Hi", body: "{% endunless %}" }, []],
    ["an emptied subject", { subject: "" }, ["subject"]],
    ["no subject at all", { subject: null }, ["subject"]],
    ["text for a number", { count: "many" }, ["count"]],
    ["text for a switch", { send: "yes" }, ["send"]],
    ["several at once, beside a good one", { subject: "{%", body: "Hi", send: "yes" }, ["subject", "send"]],
    ["a control that the code has no more", { gone: "{%", subject: "Hi" }, ["gone"]],
    ["a good one that the code has no more", { gone: "Hi" }, []],
  ])("as the framework judges, for an email with %s", async (_what, values, expected) => {
    expect(await unusableControls(SCHEMA, values, "email")).toEqual(expected);
    expect(await isMade("email", values)).toBe(expected.length === 0);
    // The controls that are left are used.
    const rest = Object.fromEntries(Object.entries(values).filter(([name]) => !expected.includes(name)));
    expect(await isMade("email", rest)).toBe(true);
  });

  it.each(Object.keys(MESSAGES).flatMap((type) => ["subject", "body", "button"].map((name) => [type, name] as const)))(
    "as the framework judges, for %s with an emptied %s",
    async (type, name) => {
      expect(await unusableControls(SCHEMA, { [name]: "" }, type)).toEqual(
        (await isMade(type, { [name]: "" })) ? [] : [name],
      );
    },
  );

  it.each([
    ["subject_he", "", ["subject_he"]],
    ["subject_he", "  ", ["subject_he"]],
    ["subject_he", "שלום", []],
    ["subject_line", "", []],
  ])("are as in the fallback where %s is %j", async (name, value, expected) => {
    const properties = {
      subject: { type: "string", title: "Subject", default: "Hello" },
      subject_he: { type: "string", title: "Subject (he)", default: "שלום" },
      subject_line: { type: "string", title: "Second line", default: "" },
    };
    expect(await unusableControls({ type: "object", properties }, { [name]: value }, "email")).toEqual(expected);
  });

  it("are not those beside which another one is missing", async () => {
    const schema = { type: "object", properties: SCHEMA.properties, required: ["code"] };
    expect(await unusableControls(schema, { subject: "Hi" }, "email")).toEqual([]);
    expect(await unusableControls(schema, { subject: "{%", body: "Hi" }, "email")).toEqual(["subject"]);
  });

  it("are all of them when only their combination is refused", async () => {
    const values = { subject: "{% if x %}", body: "{% endfor %}{% if y %}", button: "{% endif %}" };
    expect(await unusableControls(SCHEMA, values, "email")).toEqual(["subject", "body", "button"]);
    const schema = {
      ...SCHEMA,
      not: { required: ["count", "send"], properties: { count: { const: 2 }, send: { const: false } } },
    };
    expect(await unusableControls(schema, { count: 2, send: false }, "email")).toEqual(["count", "send"]);
  });
});

/** Whether the framework makes the message with these values. */
async function isMade(type: string, controls: Values): Promise<boolean> {
  const client = new Client({ secretKey: "none", strictAuthentication: true, verbose: false });
  await client.addWorkflows([
    workflow("w", async ({ step }) => void (await MESSAGES[type]?.(step as unknown as Step))),
  ]);
  const event = {
    ...{ action: "execute", workflowId: "w", stepId: "m", payload: {}, controls, subscriber: {}, context: {} },
    state: [],
    env: {},
  } as unknown as Parameters<Client["executeWorkflow"]>[0];
  return client.executeWorkflow(event).then(
    () => true,
    () => false,
  );
}
