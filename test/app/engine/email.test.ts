import { createElement } from "react";
import { describe, expect, it } from "vitest";
import { EmailProvider } from "../../../src/contracts/channel.ts";
import { createBridgeClient } from "../../../src/sandbox/local-novu/bridge-call.ts";
import { campaign } from "../../support/campaign.ts";
import { Letter } from "../../support/product/letter.tsx";
import { testSandbox } from "../../support/sandbox.ts";

const PUBLIC_URL = "https://bridge.example";
const body = () =>
  createElement(Letter, {
    title: "Your checkout is still open",
    preheader: "Everything is where you left it.",
    firstName: "Ada",
    says: "You stopped just before the end. Everything is where you left it.",
    button: "Back to your checkout",
    url: "https://app.acme.example/checkout/c_1?step=payment&from=email",
  });
const workflows = [
  campaign({
    id: "offer",
    workflow: ({ step }) => step.email("call", () => ({ subject: "An offer\r\nBcc: x@example.com", body: body() })),
  }),
  campaign({
    id: "receipt",
    category: "transactional",
    workflow: ({ step }) => step.email("call", () => ({ subject: "Your receipt", body: body() })),
  }),
  ...Object.entries({ text: "BEGIN:VCALENDAR", bytes: new Uint8Array([1]) }).map(([id, content]) =>
    campaign({
      id,
      workflow: ({ step }) =>
        step.email("call", () => ({
          subject: "An invitation",
          body: body(),
          attachments: [{ name: "invite.ics", content, type: "text/calendar" }],
        })),
    }),
  ),
];

const BASE64 = Buffer.from("BEGIN:VCALENDAR").toString("base64");
/** A file as each provider's API takes it. */
const FILES: Record<EmailProvider, unknown> = {
  sendgrid: { attachments: [{ content: BASE64, filename: "invite.ics", type: "text/calendar" }] },
  resend: { attachments: [{ content: BASE64, filename: "invite.ics" }] },
  ses: { attachments: [{ content: BASE64, filename: "invite.ics", encoding: "base64", contentType: "text/calendar" }] },
  nodemailer: {
    attachments: [{ content: BASE64, filename: "invite.ics", encoding: "base64", contentType: "text/calendar" }],
  },
  postmark: { Attachments: [{ Name: "invite.ics", Content: BASE64, ContentType: "text/calendar" }] },
  mailgun: { attachment: [{ data: "BEGIN:VCALENDAR", filename: "invite.ics" }] },
};

/** How each provider's API wants headers and the text part; what Novu merges into what it sends. */
const WORDS: Record<EmailProvider, (body: Record<string, unknown>) => { headers: unknown; text: unknown }> = {
  sendgrid: ({ headers, text }) => ({ headers, text }),
  resend: ({ headers, text }) => ({ headers, text }),
  ses: ({ headers, text }) => ({ headers, text }),
  nodemailer: ({ headers, text }) => ({ headers, text }),
  postmark: ({ Headers, TextBody }) => ({
    headers: Object.fromEntries(
      (Headers as Array<{ Name: string; Value: string }>).map(({ Name, Value }) => [Name, Value]),
    ),
    text: TextBody,
  }),
  mailgun: ({ text, ...rest }) => ({
    headers: Object.fromEntries(Object.entries(rest).map(([name, value]) => [name.replace(/^h:/, ""), value])),
    text,
  }),
};

describe.each(EmailProvider.options)("%s", (provider) => {
  it("gets the unsubscribe link and the text part in the fields of its API", async () => {
    await using bridge = await openBridge([provider]);
    const { subject, html, providers } = await bridge.execute("offer");
    expect(Object.keys(providers)).toEqual([provider]);
    const { headers, text } = WORDS[provider](providers[provider]!._passthrough.body);
    const [, url] = /href="(https:\/\/bridge\.example\/u\/[\w-]+)"[^>]*>Unsubscribe</.exec(html) ?? [];
    expect(headers).toEqual({
      "List-Unsubscribe": `<${url}>`,
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      "List-ID": "<offers.bridge.example>",
    });
    expect(subject).toBe("An offer Bcc: x@example.com");
    expect(text).toContain(`Unsubscribe ${url}`);
    expectReadable(text);
  });

  it("gets a file in the fields of its API", async () => {
    await using bridge = await openBridge([provider]);
    const { providers } = await bridge.execute("text");
    expect(providers[provider]?._passthrough.body).toMatchObject(FILES[provider] as object);
  });

  it("gets only the text part of an email without an opt-out", async () => {
    await using bridge = await openBridge([provider]);
    const { html, providers } = await bridge.execute("receipt");
    const { headers, text } = WORDS[provider](providers[provider]!._passthrough.body);
    expect([headers, html.includes("Unsubscribe")]).toEqual([{}, false]);
    expectReadable(text);
  });
});

it("has an override for each of several providers, and none when none is configured", async () => {
  await using all = await openBridge(EmailProvider.options);
  expect(Object.keys((await all.execute("offer")).providers).sort()).toEqual([...EmailProvider.options].sort());
  await using none = await openBridge([]);
  const { html, providers } = await none.execute("offer");
  expect([providers, html.includes(">Unsubscribe<")]).toEqual([{}, true]);
});

it("previews an email with an example of the link, and without the providers, whose parts cost half a second", async () => {
  await using bridge = await openBridge(["resend"]);
  const { html, providers } = await bridge.execute("offer", "preview");
  expect(html).toContain(`href="${PUBLIC_URL}/u/example"`);
  expect(providers).toEqual({});
});

it("lets no line break into a header, for any address", async () => {
  await using bridge = await openBridge(["resend"], "https://bridge.example/a\r\nBcc: x@example.com");
  const { headers } = (await bridge.execute("offer")).providers.resend!._passthrough.body as { headers: object };
  expect(Object.values(headers).join("")).not.toMatch(/\p{Cc}/u);
});

it("has a way out in an email that has no place for it", async () => {
  await using sandbox = await testSandbox({ workflows: [campaign()] });
  sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: { $set: { email: "ada@example.com" } } });
  await sandbox.settled();
  const [message] = sandbox.novu.state.messages;
  expect(message?.content.body).toMatch(/<p><a href="http:\/\/[^"]+\/u\/[\w-]+">Unsubscribe<\/a><\/p>$/);
  expect(message?.mail?.headers["List-Unsubscribe-Post"]).toBe("List-Unsubscribe=One-Click");
  expect(message?.mail?.text).toContain("Have a look");
});

it.each<[string, EmailProvider[], string, string]>([
  ["without a provider", [], "text", "attachments need the setting EMAIL_PROVIDERS"],
  ["with bytes for Mailgun", ["mailgun"], "bytes", "Mailgun takes only texts as attachments"],
])("does not send an email whose file would be lost: %s", async (_name, emailProviders, id, detail) => {
  await using sandbox = await testSandbox({ workflows, emailProviders });
  sandbox.posthog.capture({ event: "called", distinctId: "ada", properties: { $set: { email: "ada@example.com" } } });
  await sandbox.travel({ minutes: 1 });
  const all = await sandbox.app.store.decisions.list({ limit: 100 });
  expect(all.find(({ workflow }) => workflow === id)).toMatchObject({ outcome: "failed", reason: "error", detail });
});

/** The preheader is not doubled, links are beside their words, and there is no HTML. */
function expectReadable(text: unknown): void {
  expect(text).toContain("Back to your checkout https://app.acme.example/checkout/");
  expect(String(text).match(/Everything is where you left it\./g)).toHaveLength(1);
  expect(text).not.toMatch(/<[a-z]|&amp;|\u200c/);
}

/** The app's own bridge, with @novu/framework's own check of the overrides of a provider; called as Novu calls it. */
async function openBridge(emailProviders: EmailProvider[], publicUrl = PUBLIC_URL) {
  const sandbox = await testSandbox({ workflows });
  Object.assign(sandbox.config, { emailProviders, publicUrl });
  await sandbox.restartApp();
  sandbox.posthog.capture({ event: "$set", distinctId: "ada", properties: { $set: { email: "ada@example.com" } } });
  const client = createBridgeClient({
    secretKey: sandbox.config.novu.secretKey,
    pause: () => Promise.reject(new Error("the bridge has failed")),
    onCall: () => {},
  });
  return {
    async execute(workflowId: string, action = "execute") {
      const { status, body } = await client.post(
        `${sandbox.app.url}/api/novu`,
        { action, workflowId, stepId: "call" },
        {
          payload: {},
          controls: {},
          state: ["call-hours", ""].map((stepId) => ({
            stepId,
            outputs: { duration: 0 },
            state: { status: "completed" },
          })),
          subscriber: { subscriberId: "ada", email: "ada@example.com" },
          context: {},
          env: {},
        },
      );
      expect(body).toMatchObject({ options: { skip: false } });
      expect(status).toBe(200);
      const { outputs, providers } = body as {
        outputs: { subject: string; body: string };
        providers: Partial<Record<EmailProvider, { _passthrough: { body: Record<string, unknown> } }>>;
      };
      return { subject: outputs.subject, html: outputs.body, providers };
    },
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
