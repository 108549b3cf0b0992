import { z } from "zod";
import { type ProfileField, Subscriber } from "../contracts/notification.ts";
import type { NovuAnswer } from "../contracts/novu-answer.ts";
import { UnavailableError } from "../lib/errors.ts";
import { createHttpClient, NoAnswerError } from "../lib/http-client.ts";
import { parseJson } from "../lib/json.ts";
import { retryAfterMs } from "../lib/retry-after.ts";

/** Also how long a stopping process waits at most. */
const TIMEOUT_MS = 4_000;
const LONGEST_WORDS = 500;
/** As people write it, with or without a plus, and not a part of an id. */
const PHONE = /(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;

/** Answers that say the same whoever gives them: too slow, too often, and, from 501 on, not there. */
const mayBeAProxys = (status: number) => status === 408 || status === 429 || status > 500;
/** With these Novu names the fields that it does not take. */
const REFUSED_FIELDS = new Set([400, 422]);

const PROFILE_FIELDS = Object.keys(Subscriber.omit({ subscriberId: true }).shape) as ProfileField[];
/** As class-validator begins its messages. */
const FIELD_FIRST = /^[\w.]+/;
/** Its errors are nested two or three deep. */
const DEEPEST = 6;

/** An error of Novu's API; the error of a proxy in front of it has not both. */
const NovuError = z.looseObject({ statusCode: z.number(), message: z.unknown().refine((said) => said !== undefined) });

/** The access to one environment of Novu. */
export interface NovuAccess {
  apiUrl: string;
  secretKey: string;
  /** Then no call is begun any more; the work stays with the queue. */
  isStopping?: () => boolean;
}

/** One try per call: trying again is the queue's, which outlives this process. */
export function createNovuCalls({ apiUrl, secretKey, isStopping = () => false }: NovuAccess) {
  const http = createHttpClient({ timeoutMs: TIMEOUT_MS });

  /** A yes with its body, or the answer in its place. */
  return async (
    path: string,
    { headers: more, ...init }: { method: string; headers?: Record<string, string>; body?: string },
  ): Promise<{ httpStatus: number; body: unknown } | NovuAnswer> => {
    if (isStopping())
      throw new UnavailableError("Novu is not called, because this process is stopping", { answered: false });
    try {
      const { status, headers, text } = await http(`${apiUrl}${path}`, {
        ...init,
        headers: {
          authorization: `ApiKey ${secretKey}`,
          ...(init.body !== undefined && { "content-type": "application/json" }),
          ...more,
        },
      });
      const body = parseJson(text);
      if (status >= 200 && status < 300) return { httpStatus: status, body };
      if (!mayBeAProxys(status) && !isNovus(status, body)) return notNovus(status);
      const pauseMs = retryAfterMs(headers);
      const refusedFields = REFUSED_FIELDS.has(status) ? fieldsIn(body) : [];
      return {
        httpStatus: status,
        message: wordsOf(body) ?? `status ${status}`,
        ...(refusedFields.length > 0 && { refusedFields }),
        ...(pauseMs !== undefined && { retryAfterMs: pauseMs }),
      };
    } catch (error) {
      if (!(error instanceof NoAnswerError)) throw error;
      return { httpStatus: null, message: error.message };
    }
  };
}

/** A 500 with a message may be one of Novu that is about this call alone, so that it is not tried for ever. */
function isNovus(status: number, body: unknown): boolean {
  return status === 500 ? wordsOf(body) !== null : NovuError.safeParse(body).data?.statusCode === status;
}

/** A yes or a no that is not Novu's is a proxy's, or the wrong address; what became of the call is unknown. */
export function notNovus(status: number): NovuAnswer {
  return { httpStatus: null, message: `status ${status} with something else than Novu's answer` };
}

/** Novu's `message` alone, without phone numbers: the rest of an error's body may repeat what was sent. */
function wordsOf(body: unknown): string | null {
  const message = (body as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message.slice(0, LONGEST_WORDS).replace(PHONE, "[redacted]") : null;
}

/** The names of the fields alone that an error speaks of: beside them stand the person's own values. */
function fieldsIn(body: unknown): ProfileField[] {
  const { message, errors, cause } = body as Record<string, unknown>;
  const named = new Set<string>([...namesIn(message), ...namesIn(errors), ...namesIn(cause)]);
  return PROFILE_FIELDS.filter((field) => named.has(field));
}

function namesIn(said: unknown, depth = 0): string[] {
  if (typeof said === "string") return FIELD_FIRST.exec(said)?.[0].split(".") ?? [];
  if (typeof said !== "object" || said === null || depth > DEEPEST) return [];
  return Object.entries(said).flatMap(([key, inner]) => [key, ...(key === "value" ? [] : namesIn(inner, depth + 1))]);
}
