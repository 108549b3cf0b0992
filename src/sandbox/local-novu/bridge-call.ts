import { createHmac } from "node:crypto";
import { Agent, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { SECOND_MS } from "../../lib/durations.ts";
import { describeError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/json.ts";

const TIMEOUT_MS = 5_000;
/** The timeout on a reused connection that the bridge keeps alive for at most SHORT_KEEP_ALIVE_S. */
const REUSED_TIMEOUT_MS = 4_000;
const SHORT_KEEP_ALIVE_S = 5;
const RETRY_AFTER_MS = [SECOND_MS, 2 * SECOND_MS, 4 * SECOND_MS];
/** Novu's codes for a call without a usable answer. */
export const NO_JSON = "ResponseParseError";
export const LATE = "BridgeRequestTimeout";
const RETRIED = new Set([408, 429, 500, 503, 504, 521, 522, 524]);

export interface BridgeAnswer {
  /** 0 when no answer came. */
  status: number;
  body: Record<string, unknown>;
}

/** One call to a bridge. `status` is null if no answer came; `ms` is the duration. */
export interface BridgeCall {
  url: string;
  status: number | null;
  ms: number;
}

export type BridgeClient = ReturnType<typeof createBridgeClient>;

export function createBridgeClient({
  secretKey,
  pause,
  onCall,
}: {
  secretKey: string;
  pause: (ms: number) => Promise<void>;
  onCall: (call: BridgeCall) => void;
}) {
  const agent = new Agent({ keepAlive: true });
  /** The keep-alive seconds that the bridge announced on each connection. */
  const announced = new WeakMap<Socket, number>();
  return {
    get: async (bridgeUrl: string, query: Record<string, string>) => asJson(await call("GET", bridgeUrl, query, {})),
    postOnce: async (bridgeUrl: string, query: Record<string, string>, body: unknown) =>
      asJson(await call("POST", bridgeUrl, query, body)),
    /** Makes up to four attempts, and returns the last answer. */
    async post(bridgeUrl: string, query: Record<string, string>, body: unknown): Promise<BridgeAnswer> {
      let answer = await call("POST", bridgeUrl, query, body);
      for (const waitMs of RETRY_AFTER_MS) {
        if (answer.status !== 0 && !RETRIED.has(answer.status)) break;
        await pause(waitMs);
        answer = await call("POST", bridgeUrl, query, body);
      }
      return asJson(answer);
    },
    /** Closes all connections. */
    close: () => agent.destroy(),
  };

  /** Returns status 0 and the cause if no complete answer came. */
  async function call(
    method: "GET" | "POST",
    bridgeUrl: string,
    query: Record<string, string>,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    const url = new URL(bridgeUrl);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const startedAt = performance.now();
    let status: number | null = null;
    try {
      const response = await send(method, url, body);
      status = response.status;
      return response;
    } catch (error) {
      const code = error instanceof LateError ? LATE : undefined;
      return { status: 0, text: JSON.stringify({ message: describeError(error), code }) };
    } finally {
      onCall({ url: `${url.pathname}${url.search}`, status, ms: performance.now() - startedAt });
    }
  }

  /** Repeats the call at once if the bridge closed the reused connection while the call was sent. */
  async function send(method: "GET" | "POST", url: URL, body: unknown): Promise<{ status: number; text: string }> {
    const sent = open(method, url, body);
    try {
      return await sent.answer;
    } catch (error) {
      const isStale = sent.request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      if (!isStale) throw error;
      return open(method, url, body).answer;
    }
  }

  function open(method: "GET" | "POST", url: URL, body: unknown) {
    const content = method === "POST" ? JSON.stringify(body) : "";
    const headers = {
      "content-type": "application/json",
      "novu-signature": sign(body),
      ...(method === "POST" && { "content-length": Buffer.byteLength(content) }),
    };
    const sent = request(url, { method, agent, headers });
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on("response", resolve).on("error", reject);
      sent.on("socket", (socket) => {
        const withinMs = timeoutOn(socket, sent.reusedSocket);
        timer = setTimeout(() => sent.destroy(new LateError(`no answer within ${withinMs} ms`)), withinMs);
      });
      sent.end(content);
    })
      .then(async (response) => {
        const [, seconds] = /^timeout=(\d+)/.exec(String(response.headers["keep-alive"])) ?? [];
        if (seconds !== undefined) announced.set(response.socket, Number(seconds));
        return { status: response.statusCode ?? 0, text: await text(response) };
      })
      .finally(() => clearTimeout(timer));
    return { request: sent, answer };
  }

  /** On a reused connection, Node's agent waits one second less than the keep-alive time that the server announced. */
  function timeoutOn(socket: Socket, isReused: boolean): number {
    const keptForS = announced.get(socket) ?? Number.POSITIVE_INFINITY;
    return isReused && keptForS <= SHORT_KEEP_ALIVE_S ? REUSED_TIMEOUT_MS : TIMEOUT_MS;
  }

  /** The signature has the real time, because the framework compares it with the system clock. */
  function sign(body: unknown): string {
    const time = Date.now();
    return `t=${time},v1=${createHmac("sha256", secretKey)
      .update(`${time}.${JSON.stringify(body)}`)
      .digest("hex")}`;
  }
}

class LateError extends Error {}

/** A 2xx answer that is no JSON counts as 502, which Novu does not retry. */
function asJson({ status, text }: { status: number; text: string }): BridgeAnswer {
  const body = parseJson(text);
  if (typeof body === "object" && body !== null) return { status, body: body as Record<string, unknown> };
  const isOk = status >= 200 && status < 300;
  return isOk ? { status: 502, body: { code: NO_JSON, message: "no JSON" } } : { status, body: {} };
}
