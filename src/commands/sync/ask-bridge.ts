import { createHmac } from "node:crypto";
import { UnavailableError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";

/** Novu waits 5 s for a bridge. */
const ANSWER_WITHIN_MS = 5_000;

export interface BridgeAnswer {
  status: number;
  /** Undefined when it is not JSON. */
  body: unknown;
}

/** One GET; throws an UnavailableError without an answer. */
export async function get(url: string, headers: Record<string, string> = {}): Promise<BridgeAnswer> {
  try {
    const response = await fetch(url, {
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return { status: response.status, body: parseJson(await response.text()) };
  } catch (error) {
    throw new UnavailableError(`${url} does not answer`, { answered: false, cause: error });
  }
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
