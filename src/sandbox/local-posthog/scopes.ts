import type { RequestHandler } from "express";

/** The scopes of a personal API key, such as `hog_function:write`, or "*" for all. A write scope includes reading. */
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
/** POST requests that need only a read scope. */
const POSTED_READS = /\/(batch_by_distinct_ids|query)\/?$/;

export function anyKey(): KeyLimits {
  return { scopes: ["*"] };
}

/** Refuses a request without the scope, and serves the key's own scopes. For use under /api. */
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
    const needed = `${object}:${isRead ? "read" : "write"}`;
    if (object === undefined || limits.scopes.some((scope) => allows(scope, needed))) return next();
    response.status(403).json({
      type: "authentication_error",
      code: "permission_denied",
      detail: `API key missing required scope '${needed}'`,
      attr: null,
    });
  };
}

function allows(scope: string, needed: string): boolean {
  return scope === "*" || scope === needed || scope === needed.replace(":read", ":write");
}
