import { z } from "zod";
import { Channel } from "../contracts/channel.ts";
import type { Start, Subscriber } from "../contracts/routing.ts";
import { createNovuCalls, type NovuAccess } from "./novu-calls.ts";
import { errorOfTrigger, NotFoundError } from "./novu-errors.ts";

/** Each call throws when Novu does not accept it; the class of the error decides whether and when to retry. */
export interface NovuApi {
  trigger(start: Start, idempotencyKey: string): Promise<void>;
  /** Ends a run that waits; Novu accepts it as well when there is nothing to end. */
  cancel(transactionId: string): Promise<void>;
  /** Changes the fields that are given of a subscriber, and leaves the rest; false when there is none. */
  change(subscriber: Subscriber): Promise<boolean>;
  /** Makes a subscriber. Of one that is there already Novu empties `data` where none is given, so `change` comes first. */
  create(subscriber: Subscriber): Promise<void>;
  hasSubscriber(subscriberId: string): Promise<boolean>;
  /** False when there is none. */
  deleteSubscriber(subscriberId: string): Promise<boolean>;
  /**
   * Turns every channel of a workflow on or off for a subscriber; for null, the channels of all workflows that allow it. False
   * when Novu has no such subscriber or workflow.
   */
  setPreference(subscriberId: string, workflow: string | null, isWanted: boolean): Promise<boolean>;
}

const Triggered = z.object({ data: z.object({ status: z.string(), error: z.array(z.string()).default([]) }) });
const Accepted = z.object({ data: z.looseObject({}) });
const Cancelled = z.object({ data: z.union([z.boolean(), z.looseObject({})]) });

/**
 * Novu's API, one attempt per call. It is called by HTTP, because @novu/api needs 840 µs of CPU for a trigger, and
 * fetch still 250.
 * Sources: https://docs.novu.co/api-reference/events/trigger-event,
 * https://docs.novu.co/api-reference/subscribers/create-a-subscriber,
 * https://docs.novu.co/api-reference/subscribers/update-subscriber-preferences
 */
export function createNovuApi(access: NovuAccess): NovuApi {
  const call = createNovuCalls(access);

  return {
    async trigger({ workflow, to, payload, run }, idempotencyKey) {
      const { data } = await call("/v1/events/trigger", {
        method: "POST",
        headers: { "idempotency-key": idempotencyKey },
        body: { name: workflow, to, payload: { ...payload, run }, transactionId: run.transactionId },
        answer: Triggered,
        workflow,
      });
      const { status, error } = data;
      const failure = errorOfTrigger(
        { status, message: [status, ...error].join(": ") },
        { workflow, subscriberId: to.subscriberId },
      );
      if (failure !== null) throw failure;
    },

    async cancel(transactionId) {
      const path = `/v1/events/trigger/${encodeURIComponent(transactionId)}`;
      await call(path, { method: "DELETE", answer: Cancelled });
    },

    change: ({ subscriberId, ...fields }) =>
      unlessNotFound(call(pathOf(subscriberId), { method: "PATCH", body: fields, answer: Accepted })),

    async create(subscriber) {
      const fields = Object.entries(subscriber).filter(([, value]) => value !== null);
      await call("/v2/subscribers", { method: "POST", body: Object.fromEntries(fields), answer: Accepted });
    },

    hasSubscriber: (subscriberId) => unlessNotFound(call(pathOf(subscriberId), { method: "GET", answer: Accepted })),

    deleteSubscriber: (subscriberId) =>
      unlessNotFound(call(pathOf(subscriberId), { method: "DELETE", answer: Accepted })),

    setPreference(subscriberId, workflow, isWanted) {
      const channels = Object.fromEntries(Channel.options.map((channel) => [channel, isWanted]));
      const body = { channels, ...(workflow !== null && { workflowId: workflow }) };
      return unlessNotFound(
        call(`${pathOf(subscriberId)}/preferences`, {
          method: "PATCH",
          body,
          answer: Accepted,
          workflow: workflow ?? undefined,
        }),
      );
    },
  };
}

function pathOf(subscriberId: string): string {
  return `/v2/subscribers/${encodeURIComponent(subscriberId)}`;
}

async function unlessNotFound(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof NotFoundError) return false;
    throw error;
  }
}
