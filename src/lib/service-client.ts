import type { z } from "zod";
import { RetryLaterError, UnavailableError } from "./errors.ts";
import { parseJson } from "./json.ts";
import { retryAfterMs } from "./retry-after.ts";

/** A service with an HTTP API, and the words for its errors. */
export interface Service {
  /** For messages, such as PostHog. */
  name: string;
  /** Such as https://us.posthog.com */
  host: string;
  headers?: Record<string, string>;
  /** The end of the message about an answer with this status: what to check. Empty for none. */
  hintOf(status: number, json: unknown): string;
  /** Statuses besides 429 after which the same call may succeed soon. */
  retryLaterOn?: readonly number[];
  redirect?: "follow" | "manual";
}

export interface Call {
  method?: "GET" | "POST" | "PATCH";
  path: string;
  /** Sent as JSON. */
  body?: object;
  /** Ends the call; its reason is thrown. */
  signal: AbortSignal;
  /** No answer within this time counts as no answer at all. */
  withinMs?: number;
}

export interface ServiceResponse {
  status: number;
  /** undefined when the body is not JSON. */
  json: unknown;
}

const DEFAULT_PAUSE_MS = 5_000;

/**
 * Makes one HTTP call, without retries. Throws a RetryLaterError when the service asks for a pause, an
 * UnavailableError when it gives no answer, and the signal's reason when the signal ends the call.
 */
export async function request(
  { name, host, headers, retryLaterOn = [], redirect = "follow" }: Service,
  { method = "GET", path, body, signal, withinMs }: Call,
): Promise<ServiceResponse> {
  const content = body && { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
  const ended = withinMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(withinMs)]);
  const options = { method, headers: headers ?? {}, ...content, redirect, signal: ended };
  try {
    const response = await fetch(`${host}${path}`, options);
    const { status } = response;
    if (status === 429 || retryLaterOn.includes(status)) {
      const pauseMs = retryAfterMs(response.headers) ?? DEFAULT_PAUSE_MS;
      throw new RetryLaterError(`${name} answered ${status}`, { retryAfterMs: pauseMs, answered: true });
    }
    return { status, json: parseJson(await response.text()) };
  } catch (error) {
    if (signal.aborted || error instanceof RetryLaterError) throw error;
    throw new UnavailableError(`${name} at ${host} does not answer`, { answered: false, cause: error });
  }
}

/**
 * The answer in its expected shape. Throws an Error with `unreadable` when the shape is another one. No message
 * quotes the answer, except `hintOf` and `unreadable`.
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
