import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { z } from "zod";
import { refusedCharacters } from "../../contracts/novu.ts";
import type { Clock } from "../../lib/clock.ts";
import { answer, refuse, refuseFields } from "./answer.ts";
import { hashOf } from "./idempotency.ts";
import type { NovuRun, NovuState, PublishedWorkflow } from "./state.ts";
import { messagesOnFields } from "./subscriber-fields.ts";
import { Subscriber, upsertSubscriber } from "./subscribers.ts";
import type { TriggerQueue } from "./trigger-queue.ts";

const LARGEST_TRIGGER_BYTES = 512 * 1024;

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
  transactionId: z
    .string()
    .min(1)
    .default(() => randomUUID()),
});

export interface Triggers {
  /** Every request since the start, refused ones included; the time is the real one. */
  triggerRequests: Array<{ transactionId: string; hash: string; atMs: number }>;
  /** Every accepted trigger, repeated transaction ids included. */
  triggers: Array<{ transactionId: string; idempotencyKey: string | null; body: string }>;
  /** Adds a request to `triggerRequests`. */
  log: RequestHandler;
  accept: RequestHandler;
}

export function createTriggers({
  state,
  settings,
  queue,
  clock,
}: {
  state: NovuState;
  settings: { checksIds: boolean };
  queue: TriggerQueue;
  clock: Clock;
}): Triggers {
  const triggerRequests: Triggers["triggerRequests"] = [];
  const triggers: Triggers["triggers"] = [];
  return {
    triggerRequests,
    triggers,
    log(request, _response, next) {
      const transactionId = String(request.body?.transactionId);
      triggerRequests.push({ transactionId, hash: hashOf(request.body), atMs: performance.now() });
      next();
    },
    accept(request, response) {
      const body = JSON.stringify(request.body);
      if (Buffer.byteLength(body) > LARGEST_TRIGGER_BYTES) return refuse(response, 413, "request entity too large");
      const parsed = Trigger.safeParse(request.body);
      if (!parsed.success)
        return refuseFields(
          response,
          parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`),
        );
      const { name, to, payload, transactionId } = parsed.data;
      const workflow = state.workflows.find(({ workflowId }) => workflowId === name);
      if (workflow === undefined) return refuse(response, 422, "workflow_not_found");

      triggers.push({ transactionId, idempotencyKey: request.get("idempotency-key") ?? null, body });
      const valid = to.filter(
        ({ subscriberId }) => !settings.checksIds || refusedCharacters(subscriberId).length === 0,
      );
      const status = valid.length > 0 ? "processed" : "invalid_recipients";
      answer(response, 201, { acknowledged: true, status, transactionId });
      for (const recipient of valid) {
        // Novu's worker drops a recipient with an invalid field, and reports it nowhere.
        if (messagesOnFields(recipient).length > 0) continue;
        upsertSubscriber(state, recipient);
        const { subscriberId } = recipient;
        if (workflow.steps.length > 0)
          queue.add(newRun(workflow, { transactionId, subscriberId, payload, startedAt: clock.now() }));
      }
    },
  };
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
