import { randomBytes } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { type Access, isOurForm, type Session } from "./access.ts";
import { sendProblem } from "./answer.tsx";

/** Lets only requests with a session pass. `access` is null in the sandbox. */
export function requireSession(
  access: Access | null,
  sessionOf: (request: Request) => Promise<Session | null> | Session | null,
): RequestHandler {
  return async (request, response, next) => {
    const session = await sessionOf(request);
    if (session !== null) {
      response.locals.session = session;
      return next();
    }
    const isPage = !request.path.startsWith("/api/") && request.path !== "/live";
    if (access === null) response.status(403).json({ error: "open to this machine only" });
    else if (!isPage) response.status(401).json({ error: "log in at /studio/login" });
    else if (request.method !== "GET") response.redirect(303, "/studio/login");
    else response.redirect(303, `/studio/login?to=${encodeURIComponent(request.originalUrl)}`);
  };
}

/** Lets a form pass only if it is of this session and from a page of this host. */
export const requireOwnForm: RequestHandler = (request, response, next) => {
  if (request.method === "GET" || request.method === "HEAD" || isOurForm(request, sessionIn(response))) return next();
  sendProblem(
    response.status(403),
    "This form was not accepted",
    "The form is from another site, or too old. Go back, load the page again, and send the form again.",
  );
};

/** The session that `requireSession` found. */
export function sessionIn(response: Response): Session {
  return response.locals.session as Session;
}

const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
/** Only these host names are accepted, because another site can point its own host name at this machine. */
const LOCAL_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Accepts requests to the sandbox only from this machine, and only to a local host name. The token proves that a form
 * is from a page of the studio.
 */
export function createSandboxAccess(): (request: Request) => Session | null {
  const session: Session = {
    id: "sandbox",
    expiresAt: Number.POSITIVE_INFINITY,
    token: randomBytes(16).toString("base64url"),
  };
  return (request) => {
    const host = `http://${request.get("host")}`;
    const isLocal = URL.canParse(host) && LOCAL_NAMES.has(new URL(host).hostname);
    return isLocal && LOOPBACK.test(request.socket.remoteAddress ?? "") ? session : null;
  };
}
