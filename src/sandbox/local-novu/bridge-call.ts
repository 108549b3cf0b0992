import { createHmac } from "node:crypto";
import { describeError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";

/** How long Novu waits for a bridge. */
const TIMEOUT_MS = 5_000;
const RETRY_AFTER_MS = [1_000, 2_000, 4_000];
/** Why there is no answer, by Novu's own codes. */
export const NO_JSON = "ResponseParseError";
export const LATE = "BridgeRequestTimeout";
const RETRIED = new Set([408, 429, 500, 503, 504, 521, 522, 524]);

export interface BridgeAnswer {
  /** 0 when no answer came. */
  status: number;
  body: Record<string, unknown>;
}

/** One call as Novu makes it: what it asked, and how long the answer took. */
export interface BridgeCall {
  url: string;
  status: number | null;
  ms: number;
}

export interface BridgeClient {
  get(bridgeUrl: string, query: Record<string, string>): Promise<BridgeAnswer>;
  /** Tried four times in all; the last answer counts. */
  post(bridgeUrl: string, query: Record<string, string>, body: unknown): Promise<BridgeAnswer>;
}

export function createBridgeClient({
  secretKey,
  pause,
  onCall,
}: {
  secretKey: string;
  pause: (ms: number) => Promise<void>;
  onCall: (call: BridgeCall) => void;
}): BridgeClient {
  return {
    get: (bridgeUrl, query) => call("GET", bridgeUrl, query, {}),
    async post(bridgeUrl, query, body) {
      let answer = await call("POST", bridgeUrl, query, body);
      for (const waitMs of RETRY_AFTER_MS) {
        if (answer.status !== 0 && !RETRIED.has(answer.status)) break;
        await pause(waitMs);
        answer = await call("POST", bridgeUrl, query, body);
      }
      return answer;
    },
  };

  async function call(
    method: "GET" | "POST",
    bridgeUrl: string,
    query: Record<string, string>,
    body: unknown,
  ): Promise<BridgeAnswer> {
    const url = new URL(bridgeUrl);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const startedAt = performance.now();
    let status: number | null = null;
    try {
      const response = await fetch(url, {
        method,
        headers: { "content-type": "application/json", "novu-signature": sign(body) },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(method === "POST" && { body: JSON.stringify(body) }),
      });
      status = response.status;
      const said = parseJson(await response.text());
      if (typeof said === "object" && said !== null) return { status, body: said as Record<string, unknown> };
      // A yes that is no JSON counts as 502, which is not tried again; any other status counts as it is.
      return response.ok ? { status: 502, body: { code: NO_JSON, message: "no JSON" } } : { status, body: {} };
    } catch (error) {
      const code = (error as Error).name === "TimeoutError" ? LATE : undefined;
      return { status: 0, body: { message: describeError(error), code } };
    } finally {
      onCall({ url: `${url.pathname}${url.search}`, status, ms: performance.now() - startedAt });
    }
  }

  /** Signed with the real time, which is what the framework on the other side compares it with. */
  function sign(body: unknown): string {
    const time = Date.now();
    return `t=${time},v1=${createHmac("sha256", secretKey)
      .update(`${time}.${JSON.stringify(body)}`)
      .digest("hex")}`;
  }
}
