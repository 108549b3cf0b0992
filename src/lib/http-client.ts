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

/** Longer than any pause between the calls of a busy process. */
const IDLE_MS = 30_000;

/** The server gave no whole answer. Other errors of a call are its caller's: a header or an address that cannot be sent. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/**
 * Calls one server over connections that are kept open, for what is called thousands of times: fetch
 * takes two to three times the CPU. Redirects are not followed. Rejects with a NoAnswerError when no
 * whole answer came within `timeoutMs`.
 */
export function createHttpClient({ timeoutMs }: { timeoutMs: number }) {
  const plain = { request: httpRequest, agent: new HttpAgent({ keepAlive: true, timeout: IDLE_MS }) };
  const secure = { request: httpsRequest, agent: new HttpsAgent({ keepAlive: true, timeout: IDLE_MS }) };

  return async (url: string, call: HttpCall): Promise<HttpAnswer> => {
    const deadline = performance.now() + timeoutMs;
    try {
      return await once(url, call, timeoutMs);
    } catch (error) {
      // The server had closed the kept connection just then.
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
