import { z } from "zod";
import type { Start, Subscriber } from "../contracts/notification.ts";
import type { NovuAnswer } from "../contracts/novu-answer.ts";
import type { Run } from "../contracts/run.ts";
import { createNovuCalls, type NovuAccess, notNovus } from "./novu-calls.ts";

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

const CHANNELS = ["email", "sms", "push", "chat", "in_app"];

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
export function createNovuApi(access: NovuAccess): NovuApi {
  const call = createNovuCalls(access);

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
        headers: { "idempotency-key": idempotencyKey },
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
      const answer = await call(path, { method: "DELETE" });
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
        body: JSON.stringify({ channels, ...(workflow !== null && { workflowId: workflow }) }),
      });
      if (!("body" in answer)) return answer;
      if (!Told.safeParse(answer.body).success) return notNovus(answer.httpStatus);
      return { httpStatus: answer.httpStatus, message: "set" };
    },
  };

  async function told(path: string, method: "PATCH" | "POST", body: object): Promise<NovuAnswer> {
    const answer = await call(path, { method, body: JSON.stringify(body) });
    if (!("body" in answer)) return answer;
    if (!Told.safeParse(answer.body).success) return notNovus(answer.httpStatus);
    return { httpStatus: answer.httpStatus, message: "told" };
  }

  async function aboutSubscriber(method: "GET" | "DELETE", subscriberId: string): Promise<NovuAnswer> {
    const answer = await call(`/v2/subscribers/${encodeURIComponent(subscriberId)}`, { method });
    if (!("body" in answer)) return answer;
    if (!Told.safeParse(answer.body).success) return notNovus(answer.httpStatus);
    return { httpStatus: answer.httpStatus, message: method === "GET" ? "there" : "deleted" };
  }
}

/** Without the source where it is PostHog: the versions before had none, and Novu takes no other body by a key that it knows. */
function asBefore({ source, ...run }: Run): Omit<Run, "source"> & Partial<Run> {
  return source === "posthog" ? run : { ...run, source };
}
