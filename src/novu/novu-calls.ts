import { z } from "zod";
import { ALLOWED_CHARACTERS, refusedCharacters } from "../contracts/novu.ts";
import { type ProfileField, RefusedFieldsError, Subscriber } from "../contracts/routing.ts";
import { SECOND_MS } from "../lib/durations.ts";
import {
  PermanentError,
  RefusedError,
  RetryLaterError,
  retryAfterMs,
  StoppingError,
  UnavailableError,
} from "../lib/errors.ts";
import { createHttpClient, NoAnswerError } from "../lib/http-client.ts";
import { parseJson } from "../lib/json.ts";

/** A stopping process also waits this long at most for a call. */
const TIMEOUT_MS = 4_000;
const LONGEST_MESSAGE = 500;
/** A phone number as people write it, with or without a plus. Digits inside an id do not match. */
const PHONE = /(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;

/** Statuses that mean the same from Novu and from a proxy: too slow, too often and, from 501 on, not available. */
const mayBeAProxys = (status: number) => status === 408 || status === 429 || status > 500;
/** The statuses with which Novu names the fields that it refuses. */
const REFUSED_FIELDS = new Set([400, 422]);

const PROFILE_FIELDS = Object.keys(Subscriber.omit({ subscriberId: true }).shape) as ProfileField[];
/** The name of the field, with which class-validator begins each message. */
const FIELD_FIRST = /^[\w.]+/;
/** Novu's errors have two or three levels. */
const DEEPEST = 6;

/** An error of Novu's API. A proxy's error does not have both fields. */
const NovuError = z.looseObject({
  statusCode: z.number(),
  message: z.unknown().refine((message) => message !== undefined),
});

/** The access to one environment of Novu. */
export interface NovuAccess {
  apiUrl: string;
  secretKey: string;
  /** While true, each call throws a StoppingError, and its job stays in the queue. */
  isStopping?: () => boolean;
}

interface NovuCall<Answer extends z.ZodType> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  body?: object;
  /** The schema of Novu's answer. A 2xx with another body does not come from Novu. */
  answer: Answer;
  /** The workflow that the call is about, for the error. */
  workflow?: string | undefined;
}

/**
 * Calls one environment of Novu, with one attempt per call; the job queue retries, also after a restart. Resolves to
 * the body of the answer. Throws the error that decides whether and when to retry.
 */
export function createNovuCalls({ apiUrl, secretKey, isStopping = () => false }: NovuAccess) {
  const http = createHttpClient({ timeoutMs: TIMEOUT_MS });

  return async <Answer extends z.ZodType>(path: string, call: NovuCall<Answer>): Promise<z.output<Answer>> => {
    if (isStopping()) throw new StoppingError("Novu");
    const { status, headers, text } = await send(path, call);
    const body = parseJson(text);
    if (status >= 200 && status < 300) {
      const answer = call.answer.safeParse(body);
      if (answer.success) return answer.data;
      throw errorOf(notNovus(status));
    }
    if (!mayBeAProxys(status) && !isNovus(status, body)) throw errorOf(notNovus(status));
    const failure = {
      httpStatus: status,
      message: messageIn(body) ?? `status ${status}`,
      refusedFields: REFUSED_FIELDS.has(status) ? fieldsIn(body) : [],
      retryAfterMs: retryAfterMs(headers),
    };
    throw errorOf(failure, call.workflow);
  };

  async function send(path: string, { method, headers, body }: Omit<NovuCall<z.ZodType>, "answer">) {
    try {
      return await http(`${apiUrl}${path}`, {
        method,
        headers: {
          authorization: `ApiKey ${secretKey}`,
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      throw errorOf({ httpStatus: null, message: error.message });
    }
  }
}

/** A 500 with a message counts as Novu's. This call alone may cause it, so the call is not retried for ever. */
function isNovus(status: number, body: unknown): boolean {
  return status === 500 ? messageIn(body) !== null : NovuError.safeParse(body).data?.statusCode === status;
}

/** An answer of another server: of a proxy, or at a wrong NOVU_API_URL. The result of the call is unknown. */
function notNovus(status: number): NovuFailure {
  return { httpStatus: null, message: `another server answered ${status}; is NOVU_API_URL right?` };
}

/** The `message` of an error, without phone numbers. The other fields are not used: they may repeat the request. */
function messageIn(body: unknown): string | null {
  const message = (body as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message.slice(0, LONGEST_MESSAGE).replace(PHONE, "[redacted]") : null;
}

/** The names of the fields in an error, without the person's values beside them. */
function fieldsIn(body: unknown): ProfileField[] {
  const { message, errors, cause } = body as Record<string, unknown>;
  const named = new Set<string>([...namesIn(message), ...namesIn(errors), ...namesIn(cause)]);
  return PROFILE_FIELDS.filter((field) => named.has(field));
}

function namesIn(part: unknown, depth = 0): string[] {
  if (typeof part === "string") return FIELD_FIRST.exec(part)?.[0].split(".") ?? [];
  if (typeof part !== "object" || part === null || depth > DEEPEST) return [];
  return Object.entries(part).flatMap(([key, inner]) => [key, ...(key === "value" ? [] : namesIn(inner, depth + 1))]);
}

/** A call that Novu did not accept. */
export interface NovuFailure {
  /** Null if Novu did not answer: connection refused or reset, timeout, or an answer of another server. */
  httpStatus: number | null;
  /** The error message for the person on call; it contains no payloads. */
  message: string;
  /** The fields of a subscriber that Novu names when it refuses them. */
  refusedFields?: ProfileField[];
  /** The time in the header Retry-After. */
  retryAfterMs?: number | undefined;
}

/** Novu does not have the thing that the call is about. */
export class NotFoundError extends PermanentError {}

const RATE_LIMIT_PAUSE_MS = SECOND_MS;
const STILL_RUNNING_PAUSE_MS = SECOND_MS;

/** Novu's answers that a retry cannot change; a human has to act. */
const FINAL = new Set([400, 413, 415, 422]);

/**
 * The answers of a proxy whose server does not answer in time. A 503 may also be Novu's own answer, which Novu repeats
 * for the same idempotency key.
 */
const isDown = (status: number) => status === 408 || status > 500;

const SWITCHED_OFF = new Set(["trigger_not_active", "no_workflow_steps_defined", "no_workflow_active_steps_defined"]);

/**
 * The error for a call that Novu did not accept: its class decides whether and when to retry. Its message does not
 * name the subscriber. Source of the answers: https://docs.novu.co/api-reference/events/trigger-event
 */
export function errorOf({ httpStatus, message, refusedFields = [], retryAfterMs }: NovuFailure, workflow = ""): Error {
  if (httpStatus === null) return new UnavailableError(`Novu gave no answer: ${message}`, { answered: false });
  if (httpStatus === 429)
    return new RetryLaterError("Novu's rate limit is reached", {
      // Novu's Retry-After is 0 when the time is within the same second.
      retryAfterMs: Math.max(retryAfterMs ?? 0, RATE_LIMIT_PAUSE_MS),
      answered: true,
    });
  // An earlier attempt under the same idempotency key is still in progress.
  if (httpStatus === 409)
    return new RetryLaterError("Novu is still busy with an earlier attempt", {
      retryAfterMs: retryAfterMs ?? STILL_RUNNING_PAUSE_MS,
      answered: false,
    });
  if (httpStatus === 401 || httpStatus === 403)
    return new RefusedError(`Novu refuses the key (${httpStatus}); is NOVU_SECRET_KEY of this environment and region?`);
  if (httpStatus === 422 && message.includes("workflow_not_found"))
    return new RefusedError(`Novu knows no workflow "${workflow}"; has this bridge been synced?`);
  // A killed process has sent this trigger with older data of the person. The next attempt has another idempotency key.
  if (httpStatus === 422 && message.includes("different body"))
    return new RefusedError("Novu has received this trigger before, with other data of the person");
  const text = `Novu refuses the call (${httpStatus}): ${message}`;
  if (httpStatus === 404) return new NotFoundError(text);
  if (FINAL.has(httpStatus))
    return refusedFields.length > 0 ? new RefusedFieldsError(text, refusedFields) : new PermanentError(text);
  if (isDown(httpStatus))
    return new UnavailableError(`Novu is down (${httpStatus})`, { answered: httpStatus === 503, retryAfterMs });
  return new RefusedError(`Novu answered ${httpStatus}: ${message}`, { retryAfterMs });
}

/** The error for a trigger that Novu accepted without starting the workflow; null if Novu started the workflow. */
export function errorOfTrigger(
  { status, message }: { status: string; message: string },
  { workflow, subscriberId }: { workflow: string; subscriberId: string },
): Error | null {
  if (status === "processed") return null;
  if (SWITCHED_OFF.has(status))
    return new PermanentError(
      `Novu has "${workflow}" switched off or without steps (${status}); activate it in the dashboard and redrive`,
    );
  const refused = refusedCharacters(subscriberId);
  if (status === "invalid_recipients" && refused.length > 0)
    return new PermanentError(
      `Novu did not start "${workflow}" (${status}): this distinct id has ${refused.map((one) => JSON.stringify(one)).join(" ")}, and in a subscriber id Novu allows only ${ALLOWED_CHARACTERS}; identify people by such ids, or ask Novu to switch this check off, and redrive`,
    );
  if (status === "error") return new RefusedError(`Novu could not take the trigger: ${message}`);
  return new PermanentError(`Novu did not start "${workflow}": ${message}`);
}

/** The workflow that Novu did not have, from the error of a dead start; null when the error was another one. */
export function unknownWorkflowOf(error: string): string | null {
  return /\bNovu knows no workflow "([^"]+)"/.exec(error)?.[1] ?? null;
}
