import express from "express";
import { expect, it } from "vitest";
import { Start } from "../../../src/contracts/notification.ts";
import { UnavailableError } from "../../../src/lib/errors.ts";
import { serve } from "../../../src/lib/server.ts";
import { createNovuApi } from "../../../src/novu/api.ts";
import { start } from "../../support/facts.ts";

it("a call that is not begun, because the process stops, is no answer of Novu's: its key stays", async () => {
  const novu = createNovuApi({ apiUrl: "http://127.0.0.1:9", secretKey: "key", isStopping: () => true });
  const trouble = await novu.trigger(start(), "u:w").catch((error: unknown) => error);
  expect(trouble).toBeInstanceOf(UnavailableError);
  // After an answer the next try goes under another key, by which Novu would not know an earlier try again.
  expect(trouble).toMatchObject({ refused: false });
});

it("a call that cannot even be sent is an error of ours, and no silence of Novu's", async () => {
  const novu = createNovuApi({ apiUrl: "http://127.0.0.1:9", secretKey: "key" });
  await expect(novu.trigger(start(), "x-💥")).rejects.toThrow("Invalid character in header content");
  expect(await novu.trigger(start(), "u:w")).toMatchObject({ httpStatus: null });
});

it("Novu's errors are told without phone numbers, and with ids", async () => {
  const said = "phone 0151/234 56789 or 4915123456789 of 550e8400-e29b-41d4-a716-446655440000:onboarding is not valid";
  const app = express().post("/v1/events/trigger", (_request, response) => {
    response.status(400).json({ message: said });
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
