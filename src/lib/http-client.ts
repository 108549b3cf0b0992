import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { text } from "node:stream/consumers";
import { describeError } from "./errors.ts";

export interface HttpAnswer {
  status: number;
  headers: { get(name: string): string | null };
  text: string;
}

interface HttpCall {
  method: string;
  headers: Record<string, string>;
  body?: string;
}

/** Longer than a busy process pauses between two calls. */
const IDLE_MS = 30_000;

/** The server gave no complete answer. Any other error of a call is the caller's, such as a header that cannot be sent. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/**
 * Calls one server over kept-alive connections, for services that are called thousands of times: fetch takes
 * two to three times the CPU. Does not follow redirects. Rejects with a NoAnswerError when there is no complete
 * answer within `timeoutMs`.
 */
export function createHttpClient({ timeoutMs }: { timeoutMs: number }) {
  const plain = { request: httpRequest, agent: new HttpAgent({ keepAlive: true, timeout: IDLE_MS }) };
  const secure = { request: httpsRequest, agent: new HttpsAgent({ keepAlive: true, timeout: IDLE_MS }) };

  return async (url: string, call: HttpCall): Promise<HttpAnswer> => {
    const deadline = performance.now() + timeoutMs;
    try {
      return await once(url, call, timeoutMs);
    } catch (error) {
      // The server closed the idle connection at the same moment.
      if (!(error instanceof StaleConnectionError)) throw error;
      return once(url, call, deadline - performance.now());
    }
  };

  async function once(url: string, { method, headers, body }: HttpCall, withinMs: number): Promise<HttpAnswer> {
    const { request, agent } = url.startsWith("https:") ? secure : plain;
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = request(url, { method, agent, headers: { ...headers, ...length } });
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), withinMs);
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
      if (error instanceof StaleConnectionError) throw error;
      throw new NoAnswerError(describeError(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

class StaleConnectionError extends NoAnswerError {}
