import express, { type ErrorRequestHandler, type RequestHandler, Router } from "express";
import { z } from "zod";
import { Call } from "./message.ts";
import { find } from "./profiles.ts";
import type { SegmentCall, SegmentState } from "./state.ts";

const LARGEST_MESSAGE_BYTES = 32 * 1024;
const LARGEST_BATCH_BYTES = 500 * 1024;

const Batch = z.object({ batch: z.array(z.unknown()), sentAt: z.unknown(), context: z.unknown() }).partial();

/**
 * The HTTP Tracking API. It answers 200 to nearly every request, even one with a wrong write key, and drops invalid
 * messages.
 * Source: https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api
 */
export function trackingApi(writeKey: string, ingest: (calls: SegmentCall[]) => void): Router {
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

/** The batch's `sentAt` and `context` are the defaults of its messages. */
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

const DEFAULT_LIMIT = 10;
const MOST_TRAITS = 200;

export interface ProfileReads {
  calls: number;
  inProgress: number;
  /** The most reads that were in progress at one time. */
  mostInProgress: number;
}

/** Counts the requests to the Profile API, also those without an answer. */
export function counted(reads: ProfileReads): RequestHandler {
  return (request, response, next) => {
    if (!request.path.startsWith("/v1/spaces/")) return next();
    reads.calls += 1;
    reads.inProgress += 1;
    reads.mostInProgress = Math.max(reads.mostInProgress, reads.inProgress);
    response.once("close", () => {
      reads.inProgress -= 1;
    });
    next();
  };
}

export interface ProfileLimits {
  /** The remaining reads; null means no limit. Segment refills them to 100 each second. */
  readsLeft: number | null;
}

/** The traits of one user in the Profile API. */
export function profileApi(
  { profiles }: SegmentState,
  { spaceId, token }: { spaceId: string; token: string },
  limits: ProfileLimits,
): Router {
  return Router()
    .use("/v1/spaces", (request, response, next) => {
      if (!hasKey(request.get("authorization"), token))
        return void response.status(401).json(problem("authentication_error", "The access token is not valid."));
      if (limits.readsLeft === 0)
        return void response.status(429).json(problem("rate_limit_exceeded", "Too many requests."));
      if (limits.readsLeft !== null) limits.readsLeft -= 1;
      next();
    })
    .get("/v1/spaces/:space/collections/users/profiles/:externalId/traits", ({ params, query }, response) => {
      if (params.space !== spaceId)
        return void response.status(404).json(problem("space_not_found", "Space was not found."));
      const [, userId] = /^user_id:(.+)$/s.exec(params.externalId) ?? [];
      const profile = userId === undefined ? undefined : find(profiles, userId);
      if (profile === undefined) return void response.status(404).json(problem("not_found", "Profile was not found."));
      const limit = Math.min(Number(query.limit ?? DEFAULT_LIMIT), MOST_TRAITS);
      const included = typeof query.include === "string" ? query.include.split(",") : null;
      const all = Object.entries(profile.traits).filter(([name]) => included?.includes(name) ?? true);
      const traits = Object.fromEntries(all.slice(0, limit));
      response.json({ traits, cursor: { url: "", has_more: all.length > limit, next: "", limit } });
    });
}

function problem(code: string, message: string) {
  return { error: { code, message } };
}

/** Whether a Basic authorization header has the key as its user and an empty password. */
function hasKey(authorization: string | undefined, key: string): boolean {
  return authorization === `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}
