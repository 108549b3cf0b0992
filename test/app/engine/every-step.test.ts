import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { event } from "../../../src/engine/event.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { byHand, campaign, happen, mail } from "../../support/campaign.ts";
import { testSandbox } from "../../support/sandbox.ts";

const DAY_MS = 24 * 60 * 60_000;

/** The back end of a fork, which its workflows ask at the moment of sending. */
const accounts = new Map([["ada", { seats: 3, project: "Apollo" }]]);
async function account(distinctId: string) {
  return accounts.get(distinctId);
}

const workflows = [
  campaign({
    id: "letter",
    on: [event("letter")],
    workflow: ({ step }) =>
      step.email(
        "html",
        ({ unsubscribeUrl }) => ({
          subject: "Your invitation",
          body: `<html><body class="mjml"><p>Come</p><a href="${unsubscribeUrl}">No more</a></body></html>`,
          from: { email: "events@acme.example", name: "Acme events" },
          replyTo: "host@acme.example",
          preheader: "Friday & <late>",
          attachments: [{ name: "invite.ics", content: "BEGIN:VCALENDAR", type: "text/calendar" }],
        }),
        {
          atAnyHour: true,
          providers: {
            resend: ({ person, output }) => ({
              _passthrough: {
                body: { tags: [{ name: "plan", value: person.plan ?? "" }], headers: { "X-S": output.subject } },
              },
            }),
          },
        },
      ),
  }),
  campaign({
    id: "reach",
    category: "transactional",
    on: [event("reach")],
    async workflow({ step }) {
      await step.push("push", () => ({ subject: "Build done", body: "All green" }), {
        providers: {
          fcm: ({ link }) => ({ data: { url: link("https://app.acme.example/builds", { track: false }) } }),
        },
      });
      await step.chat("card", () => ({
        card: {
          type: "card",
          title: "Build done",
          children: [{ type: "text", content: "All green" }],
        },
      }));
      await step.sms("text", () => ({ body: "All green" }), {
        providers: { twilio: () => ({ from: "+15550100" }) },
      });
      await step.tool("incident", ({ person }) => ({ body: `Call ${person.name}` }));
    },
  }),
  campaign({
    id: "fallback",
    category: "transactional",
    on: [event("fallback")],
    async workflow({ step }) {
      const email = await step.email("mail", mail);
      const note = await step.inApp("note", () => ({ body: "Look here" }));
      await step.wait("an-hour", { hours: 1 });
      await step.sms(
        "text",
        () => ({ body: `email: ${email.reason}, note: ${note.sent} ${note.read} ${note.lastReadDate !== null}` }),
        { skip: () => email.sent && "the email went out" },
      );
    },
  }),
  campaign({
    id: "asks",
    category: "transactional",
    on: [event("asks")],
    async workflow({ step }) {
      const found = await step.custom("seats", z.object({ seats: z.number() }), async ({ distinctId }) => ({
        seats: (await account(distinctId))?.seats ?? 0,
      }));
      const none = await step.custom("none", z.object({ name: z.string() }), () => ({ name: "x" }), {
        skip: async () => true,
      });
      await step.email(
        "mail",
        async ({ distinctId }) => ({
          ...mail(),
          subject: `${found.seats} seats in ${(await account(distinctId))?.project}, ${none.name}`,
        }),
        { skip: async ({ distinctId }) => (await account(distinctId)) === undefined && "no account" },
      );
    },
  }),
  campaign({
    id: "timed",
    category: "transactional",
    on: [event("timed")],
    payload: z.object({ ends_at: z.iso.datetime().nullish(), days: z.number().nullish() }),
    from: ({ properties }) => ({ ends_at: properties.ends_at, days: properties.days }),
    async workflow({ step, payload }) {
      await step.wait("some-days", ({ controls }) => ({ days: Number(payload.days ?? 0) + controls.extra }), {
        atMost: { days: 4 },
        controlSchema: z.object({ extra: z.number().default(0) }),
      });
      await step.inApp("after-days", ({ now }) => ({ body: now.toISOString() }));
      await step.wait("left-out", { hours: 5 }, { skip: async ({ person }) => person.plan === "pro" });
      await step.until("end", () => (payload.ends_at ? new Date(String(payload.ends_at)) : undefined), {
        atMost: { days: 5 },
      });
      await step.inApp("at-end", ({ now }) => ({ body: now.toISOString() }));
    },
  }),
  campaign({
    id: "gathers",
    category: "transactional",
    on: [event("gathers")],
    payload: z.object({ project: z.string() }),
    from: ({ properties }) => ({ project: properties.project }),
    async workflow({ step, payload }) {
      const events = await step.digest("hour", { hours: 1 }, { by: async () => String(payload.project) });
      await step.throttle("daily", async () => ({ most: 1, within: { days: 1 } }), {
        by: () => String(payload.project),
      });
      await step.inApp("news", () => ({
        body: `${payload.project}: ${events.map(({ time }) => time.toISOString().slice(11, 16)).join(" ")}`,
      }));
    },
  }),
  campaign({
    id: "hides",
    category: "transactional",
    on: [event("hides")],
    payload: z.object({ code: z.string() }),
    from: ({ properties }) => ({ code: properties.code }),
    async workflow({ step, payload }) {
      if (payload.code !== "one that no sample has") await step.email("hidden", mail);
      await step.inApp("note", () => ({ body: "after it" }));
    },
  }),
  campaign({
    id: "facts",
    category: "transactional",
    on: [event("facts")],
    workflow: ({ step, subscriber, env, context }) =>
      step.inApp("note", () => ({ body: `${subscriber.subscriberId} ${env.type} ${JSON.stringify(context)}` })),
  }),
];

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await testSandbox({ workflows });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

const messages = (workflow: string) => sandbox.novu.state.messages.filter(({ workflowId }) => workflowId === workflow);
const texts = (workflow: string, subscriberId: string) =>
  messages(workflow)
    .filter((message) => message.subscriberId === subscriberId)
    .map(({ content }) => String(content.body));
async function decisionsOf(workflow: string, distinctId: string) {
  const all = await sandbox.app.store.decisions.list({ limit: 1_000 });
  return all
    .filter((one) => one.workflow === workflow && one.distinctId === distinctId)
    .map(({ step, outcome, reason, detail }) => [step, outcome, reason, detail]);
}

it("sends an HTML text with sender, reply address, preheader, file and the provider's own fields", async () => {
  happen(sandbox, "letter", { plan: "pro" });
  await sandbox.settled();
  const [letter] = messages("letter");
  expect(letter?.content).toMatchObject({
    subject: "Your invitation",
    from: { email: "events@acme.example", name: "Acme events" },
    replyTo: "host@acme.example",
    body: expect.stringMatching(
      /^<html><body class="mjml"><div style="display:none[^>]*>Friday &amp; &lt;late&gt;<\/div><p>Come<\/p><a href="http[^"]+">No more<\/a><\/body>/,
    ),
  });
  expect(letter?.content.body).not.toContain(">Unsubscribe<");
  expect(letter?.mail).toMatchObject({
    text: expect.stringMatching(/^Come/),
    attachments: ["invite.ics"],
    headers: { "X-S": "Your invitation", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" },
  });
});

it("adds to the requests for push and SMS, and sends cards and texts for tools", async () => {
  const channels = [
    { providerId: "fcm", _integrationId: "1", credentials: { deviceTokens: ["t"] } },
    { providerId: "slack", _integrationId: "2", credentials: { webhookUrl: "https://hooks.example/x" } },
  ];
  happen(sandbox, "fallback", { distinctId: "grace" });
  await sandbox.settled();
  Object.assign(sandbox.novu.state.subscribers.grace!, { channels });
  happen(sandbox, "reach", {
    ...{ distinctId: "grace", name: "Grace", phone: "+15550101" },
    ...{ push_enabled: true, chat_connected: true },
  });
  await sandbox.settled();
  expect(messages("reach").map(({ channel, content, providers }) => [channel, content, providers])).toEqual([
    ["push", { subject: "Build done", body: "All green" }, { fcm: { data: { url: expect.stringContaining("utm_") } } }],
    ["chat", { card: expect.objectContaining({ title: "Build done" }) }, undefined],
    ["sms", { body: "All green" }, { twilio: { from: "+15550100" } }],
    ["tool", { body: "Call Grace" }, undefined],
  ]);
});

it("lets a later step see whether a message was sent, and why not", async () => {
  sandbox.posthog.capture({ event: "fallback", distinctId: "linus", properties: { $set: { phone: "+15550102" } } });
  sandbox.posthog.capture({ event: "$set", distinctId: "ada", properties: { $set: { phone: "+15550103" } } });
  happen(sandbox, "fallback", { phone: "+15550103" });
  await sandbox.settled();
  const note = messages("fallback").find(
    ({ channel, subscriberId }) => channel === "in_app" && subscriberId === "linus",
  );
  await sandbox.novu.mark(note!.id, "read");
  await sandbox.travel({ hours: 2 });
  expect(texts("fallback", "linus")).toEqual(["Look here", "email: unreachable, note: true true true"]);
  expect(texts("fallback", "ada")).toEqual([expect.stringContaining("Have a look"), "Look here"]);
  expect((await decisionsOf("fallback", "ada")).at(-1)).toEqual([
    "text",
    "skipped",
    "not needed",
    "the email went out",
  ]);
});

it("asks the fork's own systems at the moment of sending", async () => {
  happen(sandbox, "asks");
  happen(sandbox, "asks", { distinctId: "nobody" });
  await sandbox.settled();
  expect(messages("asks").map(({ content }) => content.subject)).toEqual(["3 seats in Apollo, undefined"]);
  expect((await decisionsOf("asks", "nobody")).at(-1)).toEqual(["mail", "skipped", "not needed", "no account"]);
});

it("waits as long as a function says, in as many parts as the plan needs, and until a time", async () => {
  sandbox.novu.state.controls.timed = { "some-days": { extra: 1 } };
  const startedAt = sandbox.clock.now();
  const inDays = (days: number) => new Date(startedAt + days * DAY_MS).toISOString();
  const starts = (distinctId: string, days: number, endsAt: string | null, plan = "pro") =>
    sandbox.posthog.capture({
      event: "timed",
      distinctId,
      properties: { days, ends_at: endsAt, $set: { email: `${distinctId}@example.com`, plan } },
    });
  starts("t-1", 1.5, inDays(4));
  starts("t-2", 0, inDays(0.5));
  starts("t-3", 2, null);
  starts("t-4", 9, inDays(30));
  starts("t-5", 0, inDays(3), "free");
  await sandbox.travel({ days: 12 });
  const at = (days: number) => new Date(startedAt + days * DAY_MS).toISOString().slice(0, 16);
  const seen = (distinctId: string) => texts("timed", distinctId).map((text) => text.slice(0, 16));
  expect(seen("t-1")).toEqual([at(2.5), at(4)]);
  expect(seen("t-2")).toEqual([at(1)]);
  expect(seen("t-3")).toEqual([at(3)]);
  expect(seen("t-4")).toEqual([at(4)]);
  expect(seen("t-5")).toEqual([at(1), at(3)]);
  const last = async (distinctId: string) => (await decisionsOf("timed", distinctId)).at(-1)?.slice(2);
  expect(await Promise.all(["t-2", "t-3", "t-4"].map(last))).toEqual([
    ["not needed", "end: the time is past"],
    ["not needed", "end: there is no such time"],
    ["not needed", "end: the time is too far away"],
  ]);
});

it("gathers and counts by a key", async () => {
  const change = (project: string) =>
    sandbox.posthog.capture({ event: "gathers", distinctId: "ada", properties: { project } });
  const first = sandbox.clock.now();
  for (const project of ["Apollo", "Gemini", "Apollo"]) {
    change(project);
    await sandbox.travel({ minutes: 10 });
  }
  await sandbox.travel({ hours: 2 });
  change("Apollo");
  await sandbox.travel({ hours: 2 });
  const time = (minutes: number) => new Date(first + minutes * 60_000).toISOString().slice(11, 16);
  expect(texts("gathers", "ada")).toEqual([`Apollo: ${time(0)} ${time(20)}`, `Gemini: ${time(10)}`]);
});

it("passes on the subscriber, the environment and the context", async () => {
  happen(sandbox, "facts");
  await sandbox.settled();
  expect(texts("facts", "ada")).toEqual(["ada dev {}"]);
});

it("sends no empty message for a step that the code leaves out for one person", async () => {
  sandbox.posthog.capture({
    ...{ event: "hides", distinctId: "ada" },
    properties: { code: "one that no sample has", $set: { email: "ada@example.com" } },
  });
  await sandbox.travel({ minutes: 1 });
  expect(texts("hides", "ada")).toEqual(["after it"]);
  expect(await decisionsOf("hides", "ada")).toEqual([
    ["hidden", "failed", "error", "the code does not reach this step"],
    ["note", "sent", null, null],
  ]);
});

it("runs each of them as a test from Novu's dashboard", async () => {
  const before = sandbox.novu.state.messages.length;
  for (const { id } of workflows.filter(({ id }) => !["gathers", "hides"].includes(id))) await byHand(sandbox, id);
  await sandbox.travel({ days: 2 });
  const made = sandbox.novu.state.messages.slice(before).map(({ workflowId, channel }) => `${workflowId} ${channel}`);
  expect(made.sort()).toEqual([
    "asks email",
    "facts in_app",
    "fallback email",
    "fallback in_app",
    "letter email",
    "reach sms",
    "reach tool",
    "timed in_app",
    "timed in_app",
  ]);
});
