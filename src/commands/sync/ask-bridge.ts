import { createHmac } from "node:crypto";
import type { ServiceResponse } from "../../lib/service-client.ts";
import { ask } from "../ask.ts";

/** Novu waits 5 s for a bridge. */
const ANSWER_WITHIN_MS = 5_000;

/** One GET; throws an UnavailableError without an answer. */
export function get(url: string, headers: Record<string, string> = {}): Promise<ServiceResponse> {
  return ask({ host: url, headers, unreachable: `${url} does not answer` }, { path: "", withinMs: ANSWER_WITHIN_MS });
}

/** Calls an action of the bridge, with Novu's signature if there is a key. */
export function askBridge(bridgeUrl: string, action: "health-check" | "discover", secretKey?: string) {
  const url = new URL(bridgeUrl);
  url.searchParams.set("action", action);
  return get(url.href, secretKey === undefined ? {} : { "novu-signature": signatureOf(secretKey) });
}

/** The signature of a GET is that of an empty body. */
function signatureOf(secretKey: string): string {
  const time = Date.now();
  return `t=${time},v1=${createHmac("sha256", secretKey).update(`${time}.{}`).digest("hex")}`;
}
