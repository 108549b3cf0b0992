import { z } from "zod";
import { Channel } from "../contracts/channel.ts";
import type { DeviceList } from "../contracts/device.ts";
import type { Start, Subscriber } from "../contracts/routing.ts";
import { partId, partOf } from "../contracts/run.ts";
import { PermanentError } from "../lib/errors.ts";
import { createNovuCalls, errorOfTrigger, NotFoundError, type NovuAccess } from "./novu-calls.ts";

const Triggered = z.object({ data: z.object({ status: z.string(), error: z.array(z.string()).default([]) }) });
const Accepted = z.object({ data: z.looseObject({}) });
const Cancelled = z.object({ data: z.union([z.boolean(), z.looseObject({})]) });

export type NovuApi = ReturnType<typeof createNovuApi>;

/**
 * Novu's API, one attempt per call. Each call throws when Novu does not accept it; the class of the error decides
 * whether and when to retry. Calls use node:http, because @novu/api needs 840 µs of CPU for a trigger, and fetch needs
 * 250 µs.
 * Sources: https://docs.novu.co/api-reference/events/trigger-event,
 * https://docs.novu.co/api-reference/subscribers/create-a-subscriber,
 * https://docs.novu.co/api-reference/subscribers/update-subscriber-preferences,
 * https://docs.novu.co/api-reference/subscribers/update-provider-credentials
 */
export function createNovuApi(access: NovuAccess) {
  const call = createNovuCalls(access);

  return {
    /** Starts a part of a run. */
    async trigger(
      { workflow, to, payload, run, context }: Pick<Start, "workflow" | "to" | "payload" | "run" | "context">,
      idempotencyKey: string,
    ): Promise<void> {
      const { data } = await call("/v1/events/trigger", {
        method: "POST",
        headers: { "idempotency-key": idempotencyKey },
        body: {
          ...{ name: workflow, to, payload: { ...payload, run } },
          transactionId: partId(run.transactionId, partOf(run)),
          // The field counts for this run only, and before the subscriber's address, which it does not change.
          ...(run.eventEmail !== undefined && { overrides: { email: { toRecipient: run.eventEmail } } }),
          ...(context !== undefined && { context }),
        },
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

    /** Ends a waiting run. Novu also accepts the call if there is nothing to end. */
    async cancel(transactionId: string): Promise<void> {
      const path = `/v1/events/trigger/${encodeURIComponent(transactionId)}`;
      await call(path, { method: "DELETE", answer: Cancelled });
    },

    /** Changes only the given fields of a subscriber. False if Novu has no such subscriber. */
    change: ({ subscriberId, ...fields }: Subscriber) =>
      unlessNotFound(call(pathOf(subscriberId), { method: "PATCH", body: fields, answer: Accepted })),

    /** Creates a subscriber. Call `change` first: without new `data`, Novu empties that of an existing subscriber. */
    async create(subscriber: Subscriber): Promise<void> {
      const fields = Object.entries(subscriber).filter(([, value]) => value !== null);
      await call("/v2/subscribers", { method: "POST", body: Object.fromEntries(fields), answer: Accepted });
    },

    /** Creates a subscriber that has only its id. Throws a RetryLaterError, and changes nothing, if there is one. */
    async createEmpty(subscriberId: string): Promise<void> {
      // Without `failIfExists`, Novu empties the `data` of a subscriber that a trigger creates at the same time.
      await call("/v2/subscribers?failIfExists=true", { method: "POST", body: { subscriberId }, answer: Accepted });
    },

    /**
     * Replaces the device tokens of a subscriber. Throws a PermanentError if Novu has no such subscriber, or no active
     * integration of the provider.
     */
    async setDeviceTokens(subscriberId: string, list: DeviceList, deviceTokens: string[]): Promise<void> {
      const { provider: providerId, integration } = list;
      await call(`/v1/subscribers/${encodeURIComponent(subscriberId)}/credentials`, {
        method: "PUT",
        body: {
          providerId,
          ...(integration !== null && { integrationIdentifier: integration }),
          credentials: { deviceTokens },
        },
        answer: Accepted,
      });
    },

    hasSubscriber: (subscriberId: string) =>
      unlessNotFound(call(pathOf(subscriberId), { method: "GET", answer: Accepted })),

    /**
     * Archives a note in the Inbox of a subscriber; the subscriber can undo it. Novu marks the note as read too. False
     * if Novu has no such subscriber, or the subscriber has no such note with exactly these context keys.
     */
    async archive(subscriberId: string, messageId: string, contextKeys: string[] = []): Promise<boolean> {
      const query = new URLSearchParams(contextKeys.map((key): [string, string] => ["contextKeys", key])).toString();
      const path = `${pathOf(subscriberId)}/notifications/${encodeURIComponent(messageId)}/archive${query && `?${query}`}`;
      try {
        return await unlessNotFound(call(path, { method: "PATCH", answer: Accepted }));
      } catch (error) {
        // Novu answers 400 where the subscriber has been deleted.
        if (error instanceof PermanentError && /subscriber.*not found/i.test(error.message)) return false;
        throw error;
      }
    },

    /** False if Novu has no such subscriber. */
    deleteSubscriber: (subscriberId: string) =>
      unlessNotFound(call(pathOf(subscriberId), { method: "DELETE", answer: Accepted })),

    /**
     * Turns every channel of a workflow on or off for a subscriber. `workflow` is null for all workflows that allow the
     * change. False if Novu has no such subscriber or workflow.
     */
    setPreference(subscriberId: string, workflow: string | null, isWanted: boolean): Promise<boolean> {
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
    if (error instanceof NotFoundError && !isUnknownRoute(error)) return false;
    throw error;
  }
}

/** Whether this version of Novu does not have the route. */
function isUnknownRoute({ message }: NotFoundError): boolean {
  return /Cannot (?:GET|POST|PATCH|DELETE) /.test(message);
}
