import { type RequestHandler, Router } from "express";
import { hasKey } from "./basic-auth.ts";
import { find } from "./profiles.ts";
import type { SegmentState } from "./state.ts";

const DEFAULT_LIMIT = 10;
const MOST_TRAITS = 200;

export interface ProfileReads {
  calls: number;
  inProgress: number;
  /** The most at one time. */
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
  /** The remaining reads; unlimited when null. Segment refills them to 100 each second. */
  readsLeft: number | null;
}

/** The traits of one user in the Profile API. */
export function profileApi({
  state,
  spaceId,
  token,
  limits,
}: {
  state: SegmentState;
  spaceId: string;
  token: string;
  limits: ProfileLimits;
}): Router {
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
      const profile = userId === undefined ? undefined : find(state.profiles, userId);
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
