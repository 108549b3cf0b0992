import { createHmac, randomBytes, scryptSync } from "node:crypto";
import type { Request, Response } from "express";
import { HOUR_MS, MINUTE_MS } from "../lib/durations.ts";
import { equalSecrets } from "../lib/verify-webhook.ts";
import { createSeal } from "./privacy.ts";

const COOKIE = "studio_session";
const SESSION_MS = 12 * HOUR_MS;
const REVEAL_MS = 15 * MINUTE_MS;
const KEY_BYTES = 32;

/** One login. */
export interface Session {
  id: string;
  /** In milliseconds since 1970. */
  expiresAt: number;
  /** A hidden field of each form, which proves that the form is from this session. */
  token: string;
}

/** The sessions that were logged out before they expire, for all processes and across restarts. */
export interface EndedSessions {
  endSession(id: string, expiresAt: number): Promise<void>;
  hasEnded(sessionId: string): Promise<boolean>;
}

export type Access = ReturnType<typeof createAccess>;

/** Logins with one secret. A login stays valid after a restart, and in other processes with the same secret. */
export function createAccess({
  secret,
  sessions,
  isHttps = false,
  now,
}: {
  secret: string;
  sessions: EndedSessions;
  /** Whether the app's public address is https. */
  isHttps?: boolean;
  now: () => number;
}) {
  // scrypt is slow, so that a thief of a cookie cannot try many secrets.
  const keys = scryptSync(secret, "posthog-novu-bridge studio", 3 * KEY_BYTES);
  const [sessionKey, tokenKey, sealKey] = [0, 1, 2].map((at) =>
    keys.subarray(at * KEY_BYTES, (at + 1) * KEY_BYTES),
  ) as [Buffer, Buffer, Buffer];

  return {
    ...createSeal(sealKey),

    isSecret: (offered: string) => equalSecrets(offered, secret),

    begin(request: Request, response: Response): void {
      const facts = `${randomBytes(16).toString("base64url")}.${now() + SESSION_MS}`;
      response.cookie(COOKIE, `${facts}.${mac(sessionKey, facts)}`, {
        ...cookieOptions(request),
        expires: new Date(Date.now() + SESSION_MS),
      });
    },

    async end(session: Session, request: Request, response: Response): Promise<void> {
      await sessions.endSession(session.id, session.expiresAt);
      response.clearCookie(COOKIE, cookieOptions(request));
    },

    async sessionOf(request: Request): Promise<Session | null> {
      const [id = "", expires = "", signature = ""] = (cookieOf(request, COOKIE) ?? "").split(".");
      if (!equalSecrets(signature, mac(sessionKey, `${id}.${expires}`))) return null;
      if (Number(expires) <= now() || (await sessions.hasEnded(id))) return null;
      return { id, expiresAt: Number(expires), token: mac(tokenKey, id) };
    },

    /** A token for the URL of a page. With the token, this session sees the addresses on the page for 15 minutes. */
    revealFor(session: Session, page: string): string {
      const until = String(now() + REVEAL_MS);
      return `${until}.${mac(tokenKey, `${session.id} ${until} ${page}`)}`;
    },

    isRevealed(session: Session, page: string, offered: string): boolean {
      const [until = "", signature = ""] = offered.split(".");
      return Number(until) > now() && equalSecrets(signature, mac(tokenKey, `${session.id} ${until} ${page}`));
    },
  };

  function cookieOptions(request: Request) {
    const secure = isHttps || request.secure || request.get("x-forwarded-proto") === "https";
    return { httpOnly: true, sameSite: "strict", path: "/studio", secure } as const;
  }
}

/** Whether a form is of this session and from a page of this host. */
export function isOurForm(request: Request, session: Session | null): boolean {
  if (!isFromHere(request)) return false;
  const { token = "" } = (request.body ?? {}) as Record<string, unknown>;
  return session === null || (typeof token === "string" && equalSecrets(token, session.token));
}

/** From a page with `no-referrer`, browsers send the origin "null", so `sec-fetch-site` is checked instead. */
function isFromHere(request: Request): boolean {
  const [origin, site] = [request.get("origin"), request.get("sec-fetch-site")];
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  if (origin === undefined) return true;
  if (origin === "null") return site === "same-origin";
  return URL.canParse(origin) && new URL(origin).host === request.get("host");
}

function mac(key: Buffer, text: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

function cookieOf(request: Request, name: string): string | undefined {
  return request
    .get("cookie")
    ?.split(";")
    .map((pair) => pair.trim().split("="))
    .find(([key]) => key === name)?.[1];
}
