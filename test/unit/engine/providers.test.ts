import { describe, expect, it } from "vitest";
import { novuProviders } from "../../../src/engine/providers.ts";

const parts = { to: "ada@example.com", headers: { "List-ID": "<offers>" }, text: "Hello", attachments: [] };

/** The request to one provider, with the email's parts where it is configured. */
function requestOf(provider: string, asked: object) {
  const providers = novuProviders({
    own: { [provider]: () => asked },
    configured: ["resend", "postmark"],
    request: async (provide) => provide(undefined as never),
    partsOf: () => parts,
  });
  return providers[provider]?.({ controls: {}, outputs: {} });
}

it("merges the workflow's request with the parts of the email, which count", async () => {
  const asked = { tags: ["a"], _passthrough: { body: { text: "Mine", headers: { "List-ID": "<x>", "X-A": "1" } } } };
  expect(await requestOf("resend", asked)).toEqual({
    tags: ["a"],
    _passthrough: { body: { to: "ada@example.com", text: "Hello", headers: { "List-ID": "<offers>", "X-A": "1" } } },
  });
});

it("joins the headers that a provider takes as a list", async () => {
  const asked = { _passthrough: { body: { Headers: [{ Name: "X-A", Value: "1" }] } } };
  expect(await requestOf("postmark", asked)).toMatchObject({
    _passthrough: {
      body: {
        Headers: [
          { Name: "X-A", Value: "1" },
          { Name: "List-ID", Value: "<offers>" },
        ],
      },
    },
  });
});

it("passes the request to any other provider on as it is", async () => {
  expect(await requestOf("fcm", { data: { url: "/" } })).toEqual({ data: { url: "/" } });
});

describe("a request with another recipient", () => {
  it.each([
    ["resend", { to: "x@example.com" }],
    ["postmark", { _passthrough: { body: { Cc: "x@example.com" } } }],
    ["sendgrid", { _passthrough: { body: { personalizations: [{ to: [] }] } } }],
    ["mailgun", { bcc: "x@example.com" }],
    ["twilio", { _passthrough: { body: { To: "+15550100" } } }],
  ])("is refused: %s", async (provider, asked) => {
    await expect(requestOf(provider, asked)).rejects.toThrow("a message goes only to the person of its run");
  });
});
