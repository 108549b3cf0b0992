import express, { type ErrorRequestHandler, Router } from "express";
import { z } from "zod";
import { hasKey } from "./basic-auth.ts";
import { Call } from "./message.ts";
import type { SegmentCall } from "./state.ts";

const LARGEST_MESSAGE_BYTES = 32 * 1024;
const LARGEST_BATCH_BYTES = 500 * 1024;

const Batch = z.object({ batch: z.array(z.unknown()), sentAt: z.unknown(), context: z.unknown() }).partial();

/**
 * The HTTP Tracking API. It answers 200 to nearly everything, also to a wrong write key, and drops invalid messages.
 * Source: https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api
 */
export function trackingApi({
  writeKey,
  ingest,
}: {
  writeKey: string;
  ingest: (calls: SegmentCall[]) => void;
}): Router {
  return Router()
    .use(express.text({ type: () => true, limit: LARGEST_BATCH_BYTES }))
    .use(tooLarge)
    .post("/v1/:type", (request, response) => {
      const text = typeof request.body === "string" ? request.body : "";
      const body = readObject(text);
      if (body === null) return void response.status(400).json(refusal("malformed JSON"));
      const { type } = request.params;
      const calls = type === "batch" ? inBatch(body) : [{ ...body, type }];
      if (calls.some((one) => Buffer.byteLength(JSON.stringify(one)) > LARGEST_MESSAGE_BYTES))
        return void response.status(400).json(refusal("a message is larger than 32 KB"));
      const isOurs = hasKey(request.get("authorization"), writeKey) || body.writeKey === writeKey;
      if (isOurs) ingest(calls.flatMap((one) => Call.safeParse(one).data ?? []));
      response.json({ success: true });
    });
}

/** The fields of the batch are the defaults of its messages. */
function inBatch(body: object): object[] {
  const { batch = [], sentAt, context } = Batch.safeParse(body).data ?? {};
  const shared = { ...(sentAt !== undefined && { sentAt }), ...(context !== undefined && { context }) };
  return batch.map((one) => ({ ...shared, ...(typeof one === "object" ? one : {}) }));
}

function readObject(text: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" ? (parsed as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

const tooLarge: ErrorRequestHandler = (_error, _request, response, _next) => {
  response.status(400).json(refusal("the request is larger than 500 KB"));
};

function refusal(message: string) {
  return { success: false, code: "invalid_request", message };
}
