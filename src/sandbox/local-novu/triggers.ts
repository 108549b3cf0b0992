import { createHash, randomUUID } from "node:crypto";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { z } from "zod";
import { refusedCharacters } from "../../contracts/novu.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Activity } from "../activity.ts";
import { answer, refuse, refuseFields } from "./answer.ts";
import { Context, saveContexts } from "./contexts.ts";
import { find, type NovuRun, type NovuState, type PublishedWorkflow } from "./state.ts";
import { messagesOnFields, Subscriber, upsertSubscriber } from "./subscribers.ts";

const LARGEST_TRIGGER_BYTES = 512 * 1024;
/** Novu forgets a key after a day. Here the oldest key goes when there are more. */
const MOST_KEYS = 50_000;

const Recipient = z.union([
  Subscriber,
  z
    .string()
    .min(1)
    .transform((subscriberId) => ({ subscriberId })),
]);
const Trigger = z.object({
  name: z.string().min(1),
  to: z.union([Recipient.transform((one) => [one]), z.array(Recipient).min(1)]),
  payload: z.record(z.string(), z.unknown()).default({}),
  overrides: z.looseObject({ email: z.looseObject({ toRecipient: z.string().optional() }).optional() }).optional(),
  transactionId: z
    .string()
    .min(1)
    .default(() => randomUUID()),
  context: Context.optional(),
});

/**
 * Accepts triggers, and queues their runs. A moment after the answer the worker takes all queued runs together. The
 * worker drops a run whose transaction id an earlier run has, but does not compare runs that it takes together: three
 * triggers with one transaction id may make three runs.
 */
export function createTriggers({
  state,
  settings,
  keepsCalls,
  begin,
  clock,
  activity,
}: {
  state: NovuState;
  settings: { checksIds: boolean };
  /** Whether `triggerRequests` and `triggers` get the calls. */
  keepsCalls: boolean;
  begin(run: NovuRun): void;
  clock: Clock;
  activity: Activity;
}) {
  /** Every request since the start, refused ones included; `atMs` is real time. */
  const triggerRequests: Array<{ transactionId: string; hash: string; atMs: number }> = [];
  /** Every accepted trigger, repeated transaction ids included. */
  const triggers: Array<{ transactionId: string; idempotencyKey: string | null; body: string }> = [];
  let waiting: NovuRun[] = [];
  let isHeld = false;
  return {
    triggerRequests,
    triggers,
    /** Adds a request to `triggerRequests`. */
    log(request: Request, _response: Response, next: NextFunction) {
      const transactionId = String(request.body?.transactionId);
      if (keepsCalls) triggerRequests.push({ transactionId, hash: hashOf(request.body), atMs: performance.now() });
      next();
    },
    accept(request: Request, response: Response) {
      const body = JSON.stringify(request.body);
      if (Buffer.byteLength(body) > LARGEST_TRIGGER_BYTES) return refuse(response, 413, "request entity too large");
      const parsed = Trigger.safeParse(request.body);
      if (!parsed.success)
        return refuseFields(
          response,
          parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
        );
      const { name, to, payload, overrides, transactionId, context: given } = parsed.data;
      const toRecipient = overrides?.email?.toRecipient;
      const workflow = state.workflows.find(({ workflowId }) => workflowId === name);
      if (workflow === undefined) return refuse(response, 422, "workflow_not_found");

      if (keepsCalls) triggers.push({ transactionId, idempotencyKey: request.get("idempotency-key") ?? null, body });
      const valid = to.filter(
        ({ subscriberId }) => !settings.checksIds || refusedCharacters(subscriberId).length === 0,
      );
      const status = valid.length > 0 ? "processed" : "invalid_recipients";
      answer(response, 201, { acknowledged: true, status, transactionId });
      const context = saveContexts(state, given);
      for (const recipient of valid) {
        // Novu's worker drops a recipient with an invalid field, and reports it nowhere.
        if (messagesOnFields(recipient).length > 0) continue;
        upsertSubscriber(state, recipient);
        const { subscriberId } = recipient;
        if (workflow.steps.length > 0)
          enqueue(
            newRun(workflow, {
              ...{ transactionId, subscriberId, payload, context, startedAt: clock.now() },
              ...(toRecipient !== undefined && { toRecipient }),
            }),
          );
      }
    },
    /** Runs stay in the queue from now on, as if the worker had a backlog, until the returned function is called. */
    hold() {
      isHeld = true;
      return () => {
        isHeld = false;
        if (waiting.length > 0) beginSoon();
      };
    },
  };

  function enqueue(run: NovuRun): void {
    waiting.push(run);
    if (waiting.length === 1 && !isHeld) beginSoon();
  }

  function beginSoon(): void {
    void activity.during(async () => {
      await new Promise(setImmediate);
      if (!isHeld) beginWaiting();
    });
  }

  function beginWaiting(): void {
    const runs = waiting;
    waiting = [];
    const fresh = runs.filter(({ transactionId }) => find(state).runs(transactionId).length === 0);
    state.runs.push(...fresh);
    fresh.forEach(begin);
  }
}

function newRun({ workflowId, steps }: PublishedWorkflow, run: Omit<NovuRun, "workflowId" | "jobs">): NovuRun {
  const jobs = steps.map(({ stepId, type }) => ({
    id: randomUUID(),
    stepId,
    type,
    status: "pending" as const,
    outputs: {},
    error: null,
    wakesAt: null,
    changedAt: null,
  }));
  return { ...run, workflowId, jobs };
}

/**
 * A request with a used key gets the first answer again, or 409 while the first request is in progress, or 422 if its
 * body is another one. If the first answer was an error, it is repeated as 503, because Novu throws the stored text.
 */
export function idempotency(isOn: () => boolean): RequestHandler {
  const calls = new Map<string, { hash: string; answered: { status: number; body: unknown } | null }>();
  return (request, response, next) => {
    const key = request.get("idempotency-key");
    if (key === undefined || !isOn()) return next();
    const hash = hashOf(request.body);
    const before = calls.get(key);
    if (before === undefined) {
      const [oldest] = calls.keys();
      if (calls.size >= MOST_KEYS && oldest !== undefined) calls.delete(oldest);
      calls.set(key, { hash, answered: null });
      const json = response.json.bind(response);
      response.json = (body: unknown) => {
        calls.set(key, { hash, answered: { status: response.statusCode, body } });
        return json(body);
      };
      return next();
    }
    if (before.answered === null) {
      response.set("retry-after", "1");
      return refuse(
        response,
        409,
        `Request with key "${key}" is currently being processed. Please retry after 1 second`,
      );
    }
    if (before.hash !== hash)
      return refuse(response, 422, `Request with key "${key}" is being reused for a different body`);
    const { status, body } = before.answered;
    response.set("idempotency-replay", "true");
    if (status >= 400) refuse(response, 503, "Service Unavailable");
    else response.status(status).json(body);
  };
}

function hashOf(body: unknown): string {
  return createHash("sha256").update(JSON.stringify(body)).digest("hex");
}
