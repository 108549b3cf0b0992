import type { RequestHandler } from "express";

/** What a personal API key may do: "*" is everything, such as `hog_function:write` one thing; who may write may read. */
export interface KeyLimits {
  scopes: string[];
}

const OBJECTS: Record<string, string> = {
  persons: "person",
  query: "query",
  dashboards: "dashboard",
  insights: "insight",
  hog_functions: "hog_function",
};
/** Reads, although they are posted. */
const POSTED_READS = /\/(batch_by_distinct_ids|query)\/?$/;

export function anyKey(): KeyLimits {
  return { scopes: ["*"] };
}

/** Refuses what the key lacks the scope for, in PostHog's words, and tells a key what it may do. Belongs beneath /api. */
export function scoped(limits: KeyLimits): RequestHandler {
  return ({ method, path }, response, next) => {
    if (/^\/personal_api_keys\/@current\/?$/.test(path))
      return void response.json({
        id: "key",
        label: "the local key",
        scopes: limits.scopes,
        scoped_teams: [],
        scoped_organizations: [],
      });
    const [, name = ""] = /^\/projects\/[^/]+\/([^/]+)/.exec(path) ?? [];
    const isRead = method === "GET" || POSTED_READS.test(path);
    const object = OBJECTS[name];
    const wanted = `${object}:${isRead ? "read" : "write"}`;
    if (object === undefined || limits.scopes.some((scope) => allows(scope, wanted))) return next();
    response.status(403).json({
      type: "authentication_error",
      code: "permission_denied",
      detail: `API key missing required scope '${wanted}'`,
      attr: null,
    });
  };
}

function allows(scope: string, wanted: string): boolean {
  return scope === "*" || scope === wanted || scope === wanted.replace(":read", ":write");
}
