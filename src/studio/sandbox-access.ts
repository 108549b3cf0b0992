import { randomBytes } from "node:crypto";
import type { Request } from "express";
import type { Session } from "./access.ts";

const LOOPBACK = /^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/;
/** Another site can point its own name at this machine. */
const LOCAL_NAMES = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Access to the sandbox: from this machine, by its own name. The token proves that a form is from a page of the studio. */
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
