import { z } from "zod";
import { type ProfileField, type Start, Subscriber } from "../contracts/notification.ts";
import type { NovuAnswer } from "../contracts/novu-answer.ts";
import type { Run } from "../contracts/run.ts";
import { UnavailableError } from "../lib/errors.ts";
import { createHttpClient, NoAnswerError } from "../lib/http-client.ts";
import { parseJson } from "../lib/json.ts";
import { retryAfterMs } from "../lib/retry-after.ts";

/** Also how long a stopping process waits at most. */
const TIMEOUT_MS = 4_000;

export interface NovuApi {
  trigger(start: Start, idempotencyKey: string): Promise<NovuAnswer>;
  /** Ends a run that waits; Novu says yes as well when there is nothing to end. */
  cancel(transactionId: string): Promise<NovuAnswer>;
  /** Changes what is given of a subscriber, and leaves the rest: 404 when there is none. */
  change(subscriber: Subscriber): Promise<NovuAnswer>;
  /** Makes a subscriber. Of one that is there already Novu empties `data` where none is given, so `change` comes first. */
  create(subscriber: Subscriber): Promise<NovuAnswer>;
  /** Whether there is one: 404 when not. */
  subscriber(subscriberId: string): Promise<NovuAnswer>;
  /** Deletes one: 404 when there is none. */
  forget(subscriberId: string): Promise<NovuAnswer>;
  /** Turns every channel of a workflow on or off for a subscriber; for null that of all workflows that may be. */
  setPreference(subscriberId: string, workflow: string | null, isWanted: boolean): Promise<NovuAnswer>;
}

const LONGEST_WORDS = 500;
/** As people write it, with or without a plus, and not a part of an id. */
const PHONE = /(?<![\w-])[+(]*\d(?:[ ()./-]{0,2}\d){6,14}(?![\w-])/g;

/** Answers that say the same whoever gives them: too slow, too often, and, from 501 on, not there. */
const mayBeAProxys = (status: number) => status === 408 || status === 429 || status > 500;
/** With these Novu names the fields that it does not take. */
const REFUSED_FIELDS = new Set([400, 422]);

const CHANNELS = ["email", "sms", "push", "chat", "in_app"];

const PROFILE_FIELDS = Object.keys(Subscriber.omit({ subscriberId: true }).shape) as ProfileField[];
/** As class-validator begins its messages. */
const FIELD_FIRST = /^[\w.]+/;
/** Its errors are nested two or three deep. */
const DEEPEST = 6;

/** An error of Novu's API; the error of a proxy in front of it has not both. */
const NovuError = z.looseObject({ statusCode: z.number(), message: z.unknown().refine((said) => said !== undefined) });
const Triggered = z.object({ data: z.object({ status: z.string(), error: z.array(z.string()).optional() }) });
const Told = z.object({ data: z.looseObject({}) });
const Cancelled = z.object({ data: z.union([z.boolean(), z.looseObject({})]) });

/**
 * Novu's API, one try per call: trying again is the queue's, which outlives this process. It is
 * called as it is, because @novu/api takes 840 µs of CPU for a trigger, and fetch still 250.
 * Sources: https://docs.novu.co/api-reference/events/trigger-event,
 * https://docs.novu.co/api-reference/subscribers/create-a-subscriber,
 * https://docs.novu.co/api-reference/subscribers/update-subscriber-preferences
 */
export function createNovuApi({
  apiUrl,
  secretKey,
  isStopping = () => false,
}: {
  apiUrl: string;
  secretKey: string;
  /** Then no call is begun any more; the work stays with the queue. */
  isStopping?: () => boolean;
}): NovuApi {
  const http = createHttpClient({ timeoutMs: TIMEOUT_MS });
  const headers = { authorization: `ApiKey ${secretKey}`, "content-type": "application/json" };

  return {
    async trigger({ workflow, to, payload, run }, idempotencyKey) {
      const body = {
        name: workflow,
        to,
        payload: { ...payload, run: asBefore(run) },
        transactionId: run.transactionId,
      };
      const answer = await call("/v1/events/trigger", {
        method: "POST",
        headers: { ...headers, "idempotency-key": idempotencyKey },
        body: JSON.stringify(body),
      });
      if (!("body" in answer)) return answer;
      const said = Triggered.safeParse(answer.body);
      if (!said.success) return notNovus(answer.httpStatus);
      const { status, error = [] } = said.data.data;
      return { httpStatus: answer.httpStatus, triggerStatus: status, message: [status, ...error].join(": ") };
    },

    async cancel(transactionId) {
      const path = `/v1/events/trigger/${encodeURIComponent(transactionId)}`;
      const answer = await call(path, { method: "DELETE", headers });
      if (!("body" in answer)) return answer;
      if (!Cancelled.safeParse(answer.body).success) return notNovus(answer.httpStatus);
      return { httpStatus: answer.httpStatus, message: "cancelled" };
    },

    change: ({ subscriberId, ...fields }) =>
      told(`/v2/subscribers/${encodeURIComponent(subscriberId)}`, "PATCH", fields),
    create: (subscriber) =>
      told("/v2/subscribers", "POST", Object.fromEntries(Object.entries(subscriber).filter(([, it]) => it !== null))),

    subscriber: (subscriberId) => aboutSubscriber("GET", subscriberId),
    forget: (subscriberId) => aboutSubscriber("DELETE", subscriberId),
    async setPreference(subscriberId, workflow, isWanted) {
      const channels = Object.fromEntries(CHANNELS.map((channel) => [channel, isWanted]));
      const answer = await call(`/v2/subscribers/${encodeURIComponent(subscriberId)}/preferences`, {
        method: "PATCH",
        headers,
        body: JSON.stringify({ channels, ...(workflow !== null && { workflowId: workflow }) }),
      });
      if (!("body" in answer)) return answer;
      if (!Told.safeParse(answer.body).success) return notNovus(answer.httpStatus);
      return { httpStatus: answer.httpStatus, message: "set" };
    },
  };

  async function told(path: string, method: "PATCH" | "POST", body: object): Promise<NovuAnswer> {
    const answer = await call(path, { method, headers, body: JSON.stringify(body) });
    if (!("body" in answer)) return answer;
    if (!Told.safeParse(answer.body).success) return notNovus(answer.httpStatus);
    return { httpStatus: answer.httpStatus, message: "told" };
  }

  async function aboutSubscriber(method: "GET" | "DELETE", subscriberId: string): Promise<NovuAnswer> {
    const answer = await call(`/v2/subscribers/${encodeURIComponent(subscriberId)}`, { method, headers });
    if (!("body" in answer)) return answer;
    if (!Told.safeParse(answer.body).success) return notNovus(answer.httpStatus);
    return { httpStatus: answer.httpStatus, message: method === "GET" ? "there" : "deleted" };
  }

  /** A yes with its body, or what else was answered. */
  async function call(
    path: string,
    init: Parameters<typeof http>[1],
  ): Promise<{ httpStatus: number; body: unknown } | NovuAnswer> {
    if (isStopping())
      throw new UnavailableError("Novu is not called, because this process is stopping", { refused: false });
    try {
      const { status, headers, text } = await http(`${apiUrl}${path}`, init);
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
  }
}

/** A 500 with a message may be one of Novu that is about this call alone, so that it is not tried for ever. */
function isNovus(status: number, body: unknown): boolean {
  return status === 500 ? wordsOf(body) !== null : NovuError.safeParse(body).data?.statusCode === status;
}

/** A yes or a no that is not Novu's is a proxy's, or the wrong address; what became of the call is unknown. */
function notNovus(status: number): NovuAnswer {
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

/** Without the source where it is PostHog: the versions before had none, and Novu takes no other body by a key that it knows. */
function asBefore({ source, ...run }: Run): Omit<Run, "source"> & Partial<Run> {
  return source === "posthog" ? run : { ...run, source };
}
