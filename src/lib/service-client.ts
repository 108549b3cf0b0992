import type { z } from "zod";
import { sleep as realSleep, type Sleep } from "./clock.ts";
import { MINUTE_MS, SECOND_MS } from "./durations.ts";
import { RetryLaterError, retryAfterMs, UnavailableError } from "./errors.ts";
import { createHttpClient, type HttpAnswer, type HttpCall } from "./http-client.ts";
import { parseJson } from "./json.ts";

/** An HTTP server. */
export interface Host {
  /** The name of the server in messages, such as PostHog. */
  name: string;
  /** Such as https://us.posthog.com */
  host: string;
  headers?: Record<string, string>;
  /** Statuses after which the same call may succeed soon; 429 by default. */
  retryLaterOn?: readonly number[];
  redirect?: "follow" | "manual";
  /** The error message if the server does not answer. */
  unreachable?: string;
}

/** A service with an HTTP API, and the words for its errors. */
export interface Service extends Host {
  /** The end of the error message for a status, with advice about what to check; empty without advice. */
  hintOf(status: number, json: unknown): string;
}

export interface Call {
  method?: "GET" | "HEAD" | "POST" | "PATCH";
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON; a string is JSON already. */
  body?: object | string | undefined;
  /** Ends the call, which then throws the signal's reason. */
  signal?: AbortSignal;
  /** The longest time of the call. A service that takes longer counts as one that does not answer. */
  withinMs?: number;
}

export interface ServiceResponse {
  status: number;
  headers: Pick<Headers, "get">;
  /** undefined when the body is not JSON. */
  json: unknown;
}

const DEFAULT_PAUSE_MS = 5_000;

/**
 * Makes one HTTP call, without retries. Throws a RetryLaterError when the service asks for a pause, an
 * UnavailableError when it gives no answer, and the signal's reason when the signal ends the call.
 */
export function request(host: Host, call: Call): Promise<ServiceResponse> {
  return requestBy(byFetch, host, call);
}

/** As `request`, over kept-alive connections, for a service that is called thousands of times. */
export function createRequest(): typeof request {
  const http = createHttpClient({ timeoutMs: LONGEST_CALL_MS });
  const send: Send = async (url, { redirect, ...call }) => {
    const answer = await http(url, call);
    return redirect === "follow" && REDIRECTS.has(answer.status) ? byFetch(url, { redirect, ...call }) : answer;
  };
  return (host, call) => requestBy(send, host, call);
}

type Send = (url: string, call: HttpCall & Required<Pick<Host, "redirect">>) => Promise<HttpAnswer>;

/** No service gets more time for one call. */
const LONGEST_CALL_MS = 10 * MINUTE_MS;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const byFetch: Send = async (url, { signal, withinMs, ...call }) => {
  const response = await fetch(url, { ...call, signal: endOf(signal, withinMs) });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

async function requestBy(
  send: Send,
  { name, host, retryLaterOn = [429], redirect = "follow", unreachable, ...service }: Host,
  { method = "GET", path, body, signal, withinMs, ...call }: Call,
): Promise<ServiceResponse> {
  const content = body !== undefined && { "content-type": "application/json" };
  try {
    const { status, headers, text } = await send(`${host}${path}`, {
      method,
      headers: { ...service.headers, ...call.headers, ...content },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      redirect,
      signal,
      withinMs,
    });
    if (retryLaterOn.includes(status)) {
      const pauseMs = retryAfterMs(headers) ?? DEFAULT_PAUSE_MS;
      throw new RetryLaterError(`${name} answered ${status}`, { retryAfterMs: pauseMs, answered: true });
    }
    return { status, headers, json: parseJson(text) };
  } catch (error) {
    if (signal?.aborted || error instanceof RetryLaterError) throw error;
    throw new UnavailableError(unreachable ?? `${name} at ${host} does not answer`, { answered: false, cause: error });
  }
}

function endOf(signal: AbortSignal | undefined, withinMs: number | undefined): AbortSignal | null {
  if (withinMs === undefined) return signal ?? null;
  const timeout = AbortSignal.timeout(withinMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/**
 * The answer, parsed with the schema `answer`. Throws for a status that is not 2xx, and with the text of `unreadable`
 * for an answer that does not fit the schema. Only `hintOf` and `unreadable` may quote the answer.
 */
export function readResponse<Schema extends z.ZodType>(
  { name, hintOf }: Service,
  { status, json }: ServiceResponse,
  { answer, unreadable }: { answer: Schema; unreadable(error: z.ZodError): string },
): z.output<Schema> {
  if (status < 200 || status > 299) throw new Error(`${name} answered ${status}${hintOf(status, json)}`);
  const read = answer.safeParse(json);
  if (!read.success) throw new Error(`${name}'s answer ${unreadable(read.error)}`);
  return read.data;
}

const MOST_ATTEMPTS = 4;
const FIRST_PAUSE_MS = SECOND_MS;
/** If a service asks for a longer pause, `withRetries` rejects with an error that says when to try again. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;

export interface RetryOptions {
  signal: AbortSignal;
  sleep?: Sleep | undefined;
  /** Called before each pause. */
  onPause?: ((pause: { why: string; pauseMs: number }) => void) | undefined;
}

/** Retries a RetryLaterError or an UnavailableError, up to four attempts in all, with the pauses that they ask for. */
export async function withRetries<Value>(
  run: () => Promise<Value>,
  { signal, sleep = realSleep, onPause }: Partial<RetryOptions>,
): Promise<Value> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await run();
    } catch (error) {
      signal?.throwIfAborted();
      const pauseMs = pauseAfter(error, failures);
      if (pauseMs === null || failures === MOST_ATTEMPTS) throw error;
      if (pauseMs > LONGEST_PAUSE_MS)
        throw new Error(`try again in ${Math.ceil(pauseMs / MINUTE_MS)} minutes`, { cause: error });
      onPause?.({ why: (error as Error).message, pauseMs });
      await sleep(pauseMs, signal);
    }
  }
}

function pauseAfter(error: unknown, failures: number): number | null {
  if (error instanceof RetryLaterError) return error.retryAfterMs;
  return error instanceof UnavailableError ? FIRST_PAUSE_MS * 2 ** (failures - 1) : null;
}
