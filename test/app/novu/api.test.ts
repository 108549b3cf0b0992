import express from "express";
import { describe, expect, it } from "vitest";
import { RefusedFieldsError } from "../../../src/contracts/routing.ts";
import { PermanentError, RefusedError, RetryLaterError, UnavailableError } from "../../../src/lib/errors.ts";
import { serve } from "../../../src/lib/server.ts";
import { createNovuApi } from "../../../src/novu/api.ts";
import { start } from "../../support/facts.ts";

it("a call that is not begun, because the process stops, is no answer of Novu's: its key stays", async () => {
  const novu = createNovuApi({ apiUrl: "http://127.0.0.1:9", secretKey: "key", isStopping: () => true });
  const trouble = await novu.trigger(start(), "u:w").catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(UnavailableError);
  // After an answer the next try goes under another key, by which Novu would not know an earlier try again.
  expect(trouble).toMatchObject({ answered: false });
});

it("a call that cannot even be sent is an error of ours, and no silence of Novu's", async () => {
  const novu = createNovuApi({ apiUrl: "http://127.0.0.1:9", secretKey: "key" });
  await expect(novu.trigger(start(), "x-💥")).rejects.toThrow("Invalid character in header content");
  await expect(novu.trigger(start(), "u:w")).rejects.toMatchObject({ name: "UnavailableError", answered: false });
});

it("Novu's errors are reported without phone numbers, and with ids", async () => {
  const said = "phone 0151/234 56789 or 4915123456789 of 550e8400-e29b-41d4-a716-446655440000:onboarding is not valid";
  const app = express().post("/v1/events/trigger", (_request, response) => {
    response.status(400).json({ statusCode: 400, message: said });
  });
  const server = await serve(app, { port: 0 });
  try {
    const triggered = createNovuApi({ apiUrl: server.url, secretKey: "key" }).trigger(start(), "u:w");
    await expect(triggered).rejects.toThrow(
      "phone [redacted] or [redacted] of 550e8400-e29b-41d4-a716-446655440000:onboarding is not valid",
    );
  } finally {
    await server.close();
  }
});

describe("an answer that is not Novu's own", () => {
  const NOVUS = { statusCode: 404, timestamp: "2026-03-02T09:00:00.000Z", path: "/", message: "no", ctx: {} };
  it.each<[string, number, string, string]>([
    ["Traefik's page while Novu restarts", 404, "404 page not found\n", "no answer"],
    [
      "nginx's page on a body that it does not let through",
      413,
      "<html>413 Request Entity Too Large</html>",
      "no answer",
    ],
    ["the error of an API gateway", 404, '{"message":"no Route matched with those values"}', "no answer"],
    ["the refusal of a firewall", 403, "<html>Forbidden</html>", "no answer"],
    ["a 400 without a body", 400, "", "no answer"],
    ["a 422 of something else", 422, '{"detail":[{"msg":"field required"}]}', "no answer"],
    ["JSON of another status", 404, '{"statusCode":400,"message":"no"}', "no answer"],
    ["a way to somewhere else", 308, "", "no answer"],
    ["Novu's own 404", 404, JSON.stringify(NOVUS), "final"],
    ["Novu's own 401", 401, JSON.stringify({ ...NOVUS, statusCode: 401 }), "refused"],
    ["too many requests, whoever says so", 429, "slow down", "later"],
    ["a request that took too long, whoever says so", 408, "", "down"],
    ["a proxy's own trouble", 500, "<html>Internal Server Error</html>", "no answer"],
    ["Novu's own 500", 500, JSON.stringify({ ...NOVUS, statusCode: 500 }), "refused"],
    ["Cloudflare, which finds no Novu", 530, "error code: 1033", "down"],
    ["a gateway whose Novu is down", 502, "<html>Bad Gateway</html>", "down"],
  ])("%s: %i", async (_name, status, body, expected) => {
    const app = express().use((_request, response) => void response.status(status).type("text").send(body));
    const server = await serve(app, { port: 0 });
    try {
      const novu = createNovuApi({ apiUrl: server.url, secretKey: "key" });
      const calls = [
        novu.trigger(start(), "u:w"),
        novu.cancel("u:w"),
        novu.change({ subscriberId: "ada" }),
        // An erasure must not read a proxy's 404 as "no such subscriber".
        novu.deleteSubscriber("ada"),
      ];
      const answers = await Promise.all(calls.map((call) => call.then(String, kindOf)));
      const isFinal = expected === "final";
      expect(answers).toEqual([expected, expected, ...Array(2).fill(isFinal ? "false" : expected)]);
    } finally {
      await server.close();
    }
  });
});

function kindOf(error: unknown): string {
  if (error instanceof UnavailableError) return error.message.includes("no answer") ? "no answer" : "down";
  if (error instanceof RetryLaterError) return "later";
  if (error instanceof RefusedError) return "refused";
  return error instanceof PermanentError ? "final" : String(error);
}

it.each<[string, object, string[]]>([
  ["in its errors", { errors: { general: { messages: ["email must be an email"] } } }, ["email"]],
  ["as keys", { errors: { phone: { messages: ["is not valid"], value: "email data" } } }, ["phone"]],
  ["in several messages", { message: ["locale must be locale", "to.timezone must be a zone"] }, ["locale", "timezone"]],
  ["in no place", { message: "Validation Error" }, []],
  ["only within a value", { message: "ada@example.com is no email" }, []],
])("the fields that Novu refuses are read from where it names them: %s", async (_name, more, fields) => {
  const app = express().use((_request, response) => {
    response.status(422).json({ statusCode: 422, message: "Validation Error", ...more });
  });
  const server = await serve(app, { port: 0 });
  try {
    const novu = createNovuApi({ apiUrl: server.url, secretKey: "key" });
    const error = await novu.change({ subscriberId: "ada" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PermanentError);
    expect(error instanceof RefusedFieldsError ? error.fields : []).toEqual(fields);
  } finally {
    await server.close();
  }
});
