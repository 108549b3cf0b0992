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
