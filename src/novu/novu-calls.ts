import { z } from "zod";
import { type ProfileField, Subscriber } from "../contracts/routing.ts";
import { retryAfterMs, StoppingError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { createHttpClient, NoAnswerError } from "../lib/service-client.ts";
import { errorOf, type NovuFailure } from "./novu-errors.ts";

/** Also how long a stopping process waits at most. */
const TIMEOUT_MS = 4_000;
const LONGEST_MESSAGE = 500;
/** As people write it, with or without a plus, and not a part of an id. */
const PHONE = /(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;

/** Statuses that mean the same from Novu and from a proxy: too slow, too often and, from 501 on, not available. */
const mayBeAProxys = (status: number) => status === 408 || status === 429 || status > 500;
/** The statuses with which Novu names the fields that it refuses. */
const REFUSED_FIELDS = new Set([400, 422]);

const PROFILE_FIELDS = Object.keys(Subscriber.omit({ subscriberId: true }).shape) as ProfileField[];
/** As class-validator begins its messages. */
const FIELD_FIRST = /^[\w.]+/;
/** Its errors are nested two or three deep. */
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
  method: "GET" | "POST" | "PATCH" | "DELETE";
  headers?: Record<string, string>;
  body?: object;
  /** The answer of Novu; a 2xx with another body is not Novu's. */
  answer: Answer;
  /** The workflow that the call is about, for the error. */
  workflow?: string | undefined;
}

/**
 * Calls one environment of Novu, once per call: the queue tries again, and it outlives this process. Answers the body;
 * throws the error that decides whether and when to retry.
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

/** A 500 with a message may be Novu's, about this call alone, so it is not retried for ever. */
function isNovus(status: number, body: unknown): boolean {
  return status === 500 ? messageIn(body) !== null : NovuError.safeParse(body).data?.statusCode === status;
}

/** An answer that is not Novu's comes from a proxy or a wrong address, and the result of the call is unknown. */
function notNovus(status: number): NovuFailure {
  return { httpStatus: null, message: `status ${status} with something else than Novu's answer` };
}

/** Novu's `message` alone, without phone numbers: the rest of an error's body may repeat the request. */
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
