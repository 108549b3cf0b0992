import type { z } from "zod";
import { RetryLaterError, retryAfterMs, UnavailableError } from "./errors.ts";
import { parseJson } from "./json.ts";

/** An HTTP server. */
export interface Host {
  /** For messages, such as PostHog. */
  name: string;
  /** Such as https://us.posthog.com */
  host: string;
  headers?: Record<string, string>;
  /** Statuses after which the same call may succeed soon; 429 by default. */
  retryLaterOn?: readonly number[];
  redirect?: "follow" | "manual";
  /** The message when it gives no answer. */
  unreachable?: string;
}

/** A service with an HTTP API, and the words for its errors. */
export interface Service extends Host {
  /** The end of the message about an answer with this status: what to check. Empty for none. */
  hintOf(status: number, json: unknown): string;
}

export interface Call {
  method?: "GET" | "HEAD" | "POST" | "PATCH";
  path: string;
  headers?: Record<string, string>;
  /** Sent as JSON; a string is JSON already. */
  body?: object | string | undefined;
  /** Ends the call; its reason is thrown. */
  signal?: AbortSignal;
  /** No answer within this time counts as no answer at all. */
  withinMs?: number;
}

export interface ServiceResponse {
  status: number;
  headers: Headers;
  /** undefined when the body is not JSON. */
  json: unknown;
}

const DEFAULT_PAUSE_MS = 5_000;

/**
 * Makes one HTTP call, without retries. Throws a RetryLaterError when the service asks for a pause, an
 * UnavailableError when it gives no answer, and the signal's reason when the signal ends the call.
 */
export async function request(
  { name, host, retryLaterOn = [429], redirect = "follow", unreachable, ...service }: Host,
  { method = "GET", path, body, signal, withinMs, ...call }: Call,
): Promise<ServiceResponse> {
  const content = body !== undefined && { "content-type": "application/json" };
  try {
    const response = await fetch(`${host}${path}`, {
      method,
      headers: { ...service.headers, ...call.headers, ...content },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      redirect,
      signal: endOf(signal, withinMs),
    });
    const { status, headers } = response;
    if (retryLaterOn.includes(status)) {
      const pauseMs = retryAfterMs(headers) ?? DEFAULT_PAUSE_MS;
      throw new RetryLaterError(`${name} answered ${status}`, { retryAfterMs: pauseMs, answered: true });
    }
    return { status, headers, json: parseJson(await response.text()) };
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
