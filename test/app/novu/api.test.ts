import express from "express";
import { describe, expect, it } from "vitest";
import { Start } from "../../../src/contracts/notification.ts";
import { errorOf } from "../../../src/contracts/novu-errors.ts";
import { PermanentError, UnavailableError } from "../../../src/lib/errors.ts";
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
  expect(await novu.trigger(start(), "u:w")).toMatchObject({ httpStatus: null });
});

it("Novu's errors are told without phone numbers, and with ids", async () => {
  const said = "phone 0151/234 56789 or 4915123456789 of 550e8400-e29b-41d4-a716-446655440000:onboarding is not valid";
  const app = express().post("/v1/events/trigger", (_request, response) => {
    response.status(400).json({ statusCode: 400, message: said });
  });
  const server = await serve(app, { port: 0 });
  try {
    const { message } = await createNovuApi({ apiUrl: server.url, secretKey: "key" }).trigger(start(), "u:w");
    expect(message).toBe(
      "phone [redacted] or [redacted] of 550e8400-e29b-41d4-a716-446655440000:onboarding is not valid",
    );
  } finally {
    await server.close();
  }
});

it("what an earlier version has triggered is triggered with the same body, which Novu's idempotency asks for", async () => {
  const bodies: Array<{ payload: { run: unknown } }> = [];
  const app = express()
    .use(express.json())
    .post("/v1/events/trigger", (request, response) => {
      bodies.push(request.body);
      response.status(201).json({ data: { status: "processed" } });
    });
  const server = await serve(app, { port: 0 });
  try {
    const novu = createNovuApi({ apiUrl: server.url, secretKey: "key" });
    const now = start();
    const { source: _, ...before } = now.run;
    await novu.trigger(Start.parse({ ...now, run: before }), "u:w");
    await novu.trigger({ ...now, run: { ...now.run, source: "segment" } }, "u:w");
  } finally {
    await server.close();
  }
  const { source: _, ...before } = start().run;
  expect(bodies.map(({ payload }) => payload.run)).toEqual([before, { ...before, source: "segment" }]);
});

describe("an answer that is not Novu's own", () => {
  const NOVUS = { statusCode: 404, timestamp: "2026-03-02T09:00:00.000Z", path: "/", message: "no", ctx: {} };
  it.each<[string, number, string, number | null]>([
    ["Traefik's page while Novu restarts", 404, "404 page not found\n", null],
    ["nginx's page on a body that it does not let through", 413, "<html>413 Request Entity Too Large</html>", null],
    ["the error of an API gateway", 404, '{"message":"no Route matched with those values"}', null],
    ["the refusal of a firewall", 403, "<html>Forbidden</html>", null],
    ["a 400 without a body", 400, "", null],
    ["a 422 of something else", 422, '{"detail":[{"msg":"field required"}]}', null],
    ["JSON of another status", 404, '{"statusCode":400,"message":"no"}', null],
    ["a way to somewhere else", 308, "", null],
    ["Novu's own 404", 404, JSON.stringify(NOVUS), 404],
    ["Novu's own 401", 401, JSON.stringify({ ...NOVUS, statusCode: 401 }), 401],
    ["too many requests, whoever says so", 429, "slow down", 429],
    ["a request that took too long, whoever says so", 408, "", 408],
    ["a proxy's own trouble", 500, "<html>Internal Server Error</html>", null],
    ["Novu's own 500", 500, JSON.stringify({ ...NOVUS, statusCode: 500 }), 500],
    ["Cloudflare, which finds no Novu", 530, "error code: 1033", 530],
    ["a gateway whose Novu is down", 502, "<html>Bad Gateway</html>", 502],
  ])("%s: %i", async (_name, status, body, counted) => {
    const app = express().use((_request, response) => void response.status(status).type("text").send(body));
    const server = await serve(app, { port: 0 });
    try {
      const novu = createNovuApi({ apiUrl: server.url, secretKey: "key" });
      const answers = [
        await novu.trigger(start(), "u:w"),
        await novu.cancel("u:w"),
        await novu.change({ subscriberId: "ada" }),
        // An erasure must not take a proxy's 404 for "there is nobody".
        await novu.forget("ada"),
      ];
      expect(answers.map(({ httpStatus }) => httpStatus)).toEqual(Array(4).fill(counted));
      for (const answer of answers) {
        const isFinal = errorOf(answer, "w") instanceof PermanentError;
        expect(isFinal).toBe(counted === 404);
      }
    } finally {
      await server.close();
    }
  });
});

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
    const answer = await createNovuApi({ apiUrl: server.url, secretKey: "key" }).change({ subscriberId: "ada" });
    expect([answer.httpStatus, answer.refusedFields ?? []]).toEqual([422, fields]);
  } finally {
    await server.close();
  }
});
