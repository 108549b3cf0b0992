import { type RequestHandler, Router } from "express";
import { bringsKey } from "./basic-auth.ts";
import { find } from "./profiles.ts";
import type { SegmentState } from "./state.ts";

const TRAITS_UNASKED = 10;
const MOST_TRAITS = 200;

export interface ProfileReads {
  calls: number;
  inProgress: number;
  /** At one time. */
  mostInProgress: number;
}

/** Counts what is asked of the Profile API, answered or not. */
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

/** How many reads the space has left; the real one fills it up to 100 each second. None is counted when it is null. */
export interface ProfileLimits {
  readsLeft: number | null;
}

/** The part of the Profile API that answers the traits of one user. */
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
      if (!bringsKey(request.get("authorization"), token))
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
      const limit = Math.min(Number(query.limit ?? TRAITS_UNASKED), MOST_TRAITS);
      const wanted = typeof query.include === "string" ? query.include.split(",") : null;
      const all = Object.entries(profile.traits).filter(([name]) => wanted?.includes(name) ?? true);
      const traits = Object.fromEntries(all.slice(0, limit));
      response.json({ traits, cursor: { url: "", has_more: all.length > limit, next: "", limit } });
    });
}

function problem(code: string, message: string) {
  return { error: { code, message } };
}
