import { type Request, type RequestHandler, Router } from "express";
import { z } from "zod";
import { answer, type RouteParts, refuse, refuseFields, SOME_DAY } from "./answer.ts";
import type { NovuState, NovuSubscriber, SubscriberChannel } from "./state.ts";
import { CHANNEL_OF_PROVIDER } from "./steps/addresses.ts";
import { messagesOnFields } from "./subscriber-fields.ts";

export const Subscriber = z.looseObject({ subscriberId: z.string().min(1) });
const Credentials = z.object({
  providerId: z.string().refine((id) => Object.hasOwn(CHANNEL_OF_PROVIDER, id), "is no push or chat provider"),
  integrationIdentifier: z.string().optional(),
  credentials: z.looseObject({ deviceTokens: z.array(z.string()).optional(), webhookUrl: z.string().optional() }),
});

/** Subscribers, and their credentials at push and chat providers. */
export function subscriberRoutes({ state, limited }: RouteParts): Router {
  const existing = existingSubscriber(state);
  return Router()
    .post("/v2/subscribers", limited, validFields, (request, response) => {
      const subscriber = Subscriber.safeParse(request.body);
      if (!subscriber.success) return refuseFields(response, ["subscriberId must be a string"]);
      const saved = upsertSubscriber(state, subscriber.data);
      // Without `data` in the request Novu empties it.
      if (subscriber.data.data === undefined) delete saved.data;
      answer(response, 201, subscriberDto(saved));
    })
    .get("/v2/subscribers/:id", existing, (request, response) =>
      answer(response, 200, subscriberDto(state.subscribers[idOf(request)])),
    )
    .patch("/v2/subscribers/:id", limited, validFields, existing, (request, response) =>
      answer(response, 200, subscriberDto(upsertSubscriber(state, { ...request.body, subscriberId: idOf(request) }))),
    )
    .delete("/v2/subscribers/:id", existing, (request, response) => {
      delete state.subscribers[idOf(request)];
      delete state.preferences[idOf(request)];
      delete state.schedules[idOf(request)];
      answer(response, 200, { acknowledged: true, status: "deleted" });
    })
    .put("/v1/subscribers/:id/credentials", existing, (request, response) => {
      const body = Credentials.safeParse(request.body);
      if (!body.success) return refuseFields(response, [z.prettifyError(body.error)]);
      const { providerId, integrationIdentifier: _integrationId = providerId, credentials } = body.data;
      const others = (state.subscribers[idOf(request)]?.channels ?? []).filter(
        (channel) => channel.providerId !== providerId || channel._integrationId !== _integrationId,
      );
      const channels: SubscriberChannel[] = [...others, { providerId, _integrationId, credentials }];
      answer(response, 200, upsertSubscriber(state, { subscriberId: idOf(request), channels }));
    });
}

/** Refuses a request about an unknown subscriber. */
export function existingSubscriber(state: NovuState): RequestHandler {
  return (request, response, next) => {
    if (state.subscribers[idOf(request)] === undefined) refuse(response, 404, `no subscriber ${idOf(request)}`);
    else next();
  };
}

export function idOf(request: Request): string {
  return String(request.params.id);
}

/** A field that is absent keeps its value. */
export function upsertSubscriber(state: NovuState, subscriber: NovuSubscriber): NovuSubscriber {
  const merged = { ...state.subscribers[subscriber.subscriberId], ...subscriber };
  state.subscribers[subscriber.subscriberId] = merged;
  return merged;
}

/** Novu validates the fields before it looks for the subscriber. */
const validFields: RequestHandler = (request, response, next) => {
  const messages = messagesOnFields(request.body);
  if (messages.length > 0) refuseFields(response, messages);
  else next();
};

function subscriberDto(subscriber: NovuSubscriber | undefined): object {
  const owner = { _organizationId: "local", _environmentId: "local", deleted: false };
  return { channels: [], ...subscriber, ...owner, createdAt: SOME_DAY, updatedAt: SOME_DAY };
}
