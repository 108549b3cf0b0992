import { randomBytes } from "node:crypto";
import type { Request } from "express";
import type { Session } from "./access.ts";

const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
/** A page elsewhere may point a name of its own at this machine. */
const LOCAL_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** The sandbox's door: open to this machine by its own name; the token still tells its forms from those of other sites. */
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
