import type { RequestHandler } from "express";

export function authorize(personalApiKey: string): RequestHandler {
  return (request, response, next) => {
    if (request.get("authorization") === `Bearer ${personalApiKey}`) return next();
    response
      .status(401)
      .json({ type: "authentication_error", code: "authentication_failed", detail: "Invalid personal API key." });
  };
}

/** Answers 404 for every project except `projectId`; if that is undefined, all projects exist. */
export function ofProject(projectId: string | undefined): RequestHandler {
  return (request, response, next) => {
    const [, requested] = /^\/projects\/([^/]+)/.exec(request.path) ?? [];
    if (requested === undefined || projectId === undefined || requested === projectId) return next();
    response.status(404).json({ type: "invalid_request", code: "not_found", detail: "Project not found." });
  };
}

const OBJECTS: Record<string, string> = {
  persons: "person",
  query: "query",
  cohorts: "cohort",
  dashboards: "dashboard",
  insights: "insight",
  hog_functions: "hog_function",
  event_definitions: "event_definition",
  property_definitions: "property_definition",
};
/** POST requests that need only a read scope. */
const POSTED_READS = /\/(batch_by_distinct_ids|query)\/?$/;

/** Refuses a request if the key lacks its scope, and answers the request for the key's scopes. For use under /api. */
export function scoped(key: { scopes: string[] }): RequestHandler {
  return ({ method, path }, response, next) => {
    if (/^\/personal_api_keys\/@current\/?$/.test(path))
      return void response.json({
        ...{ id: "key", label: "the local key", scopes: key.scopes },
        ...{ scoped_teams: [], scoped_organizations: [] },
      });
    const [, name = ""] = /^\/projects\/[^/]+\/([^/]+)/.exec(path) ?? [];
    const isRead = method === "GET" || POSTED_READS.test(path);
    const object = OBJECTS[name];
    const needed = `${object}:${isRead ? "read" : "write"}`;
    if (object === undefined || key.scopes.some((scope) => allows(scope, needed))) return next();
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
