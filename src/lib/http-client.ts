import { Agent as HttpAgent, globalAgent as httpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, globalAgent as httpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { describeError } from "./errors.ts";

export interface HttpAnswer {
  status: number;
  headers: Pick<Headers, "get">;
  text: string;
}

export interface HttpCall {
  method: string;
  headers: Record<string, string>;
  body?: string;
  /** Ends the call, which then throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The longest time of this call, if it is shorter than that of the client. */
  withinMs?: number | undefined;
}

/** How long an idle connection stays open: longer than a busy process pauses between two calls. */
const IDLE_MS = 30_000;

/** The server gave no complete answer. For another mistake, such as an invalid header, a call throws another error. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/**
 * Calls one server over kept-alive connections, for services that are called thousands of times: fetch takes
 * two to three times the CPU. Does not follow redirects. Rejects with a NoAnswerError when there is no complete
 * answer within `timeoutMs`.
 */
export function createHttpClient({
  timeoutMs,
  repeatsStale = true,
}: {
  timeoutMs: number;
  /** Whether a call is repeated if its reused connection is reset. */
  repeatsStale?: boolean;
}) {
  const plain = { request: httpRequest, agent: new HttpAgent(keptAlive(httpAgent)) };
  const secure = { request: httpsRequest, agent: new HttpsAgent(keptAlive(httpsAgent)) };

  return async (url: string, call: HttpCall): Promise<HttpAnswer> => {
    const withinMs = Math.min(timeoutMs, call.withinMs ?? timeoutMs);
    const deadline = performance.now() + withinMs;
    try {
      return await once(url, call, withinMs);
    } catch (error) {
      // The server closed the idle connection at the same moment.
      if (!repeatsStale || !(error instanceof StaleConnectionError)) throw error;
      return once(url, call, deadline - performance.now());
    }
  };

  async function once(url: string, { method, headers, body, signal }: HttpCall, withinMs: number): Promise<HttpAnswer> {
    signal?.throwIfAborted();
    const { request, agent } = url.startsWith("https:") ? secure : plain;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = request(url, { method, agent, headers: { ...headers, ...length } });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), withinMs);
    const abort = () => sent.destroy(new Error("the call was ended"));
    signal?.addEventListener("abort", abort);
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        sent.on("response", resolve).on("error", (error: NodeJS.ErrnoException) => {
          const isStale = sent.reusedSocket && error.code === "ECONNRESET";
          reject(isStale ? new StaleConnectionError("the connection was closed", { cause: error }) : error);
        });
        sent.end(body);
      });
      const get = (name: string) => answer.headers[name.toLowerCase()]?.toString() ?? null;
      return { status: answer.statusCode ?? 0, headers: { get }, text: await text(answer) };
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof StaleConnectionError) throw error;
      throw new NoAnswerError(describeError(error), { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

/**
 * With NODE_USE_ENV_PROXY, Node's own agents have the proxy in their options. An agent without these options would not
 * use the proxy. The types of Node 20 do not have `options`.
 */
function keptAlive(nodesOwn: object) {
  return { ...(nodesOwn as { options?: object }).options, keepAlive: true, timeout: IDLE_MS };
}

class StaleConnectionError extends NoAnswerError {}
