import { type Request, type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { answer, refuse, refuseFields } from "./answer.ts";
import { type Message, type NovuState, type NovuSubscriber, type SubscriberChannel, WEEKDAYS } from "./state.ts";
import { CHANNEL_OF_PROVIDER } from "./steps/deliver.ts";
import { messagesOnFields } from "./subscriber-fields.ts";

export const Subscriber = z.looseObject({ subscriberId: z.string().min(1) });
const Day = z.object({
  isEnabled: z.boolean(),
  hours: z.array(z.object({ start: z.string(), end: z.string() })).optional(),
});
const ChannelPreferences = z
  .object({
    channels: z.record(z.string(), z.boolean()).optional(),
    workflowId: z.string().default(""),
    schedule: z
      .object({ isEnabled: z.boolean(), weeklySchedule: z.partialRecord(z.enum(WEEKDAYS), Day).optional() })
      .optional(),
  })
  .refine(({ channels, schedule }) => channels !== undefined || schedule !== undefined);
const Credentials = z.object({
  providerId: z.string().refine((id) => Object.hasOwn(CHANNEL_OF_PROVIDER, id), "is no push or chat provider"),
  integrationIdentifier: z.string().optional(),
  credentials: z.looseObject({ deviceTokens: z.array(z.string()).optional(), webhookUrl: z.string().optional() }),
});

/** Of things whose age nobody asks about. */
export const SOME_DAY = "2026-01-01T00:00:00.000Z";

const Notifications = z.object({ notificationIds: z.array(z.string()) });

/** Who gets messages, where they are reached, what they want, and what they have seen. */
export function subscriberRoutes({
  state,
  limited,
  mark,
}: {
  state: NovuState;
  /** Novu's limit for what changes something. */
  limited: RequestHandler;
  mark: (messageId: string, as: "seen" | "read") => Message;
}): Router {
  return Router()
    .post("/v2/subscribers", limited, takesFields, (request, response) => {
      const subscriber = Subscriber.safeParse(request.body);
      if (!subscriber.success) return refuseFields(response, ["subscriberId must be a string"]);
      const kept = upsertSubscriber(state, subscriber.data);
      // The real one empties `data` when none is given.
      if (subscriber.data.data === undefined) delete kept.data;
      answer(response, 201, asNovuHasIt(kept));
    })
    .get("/v2/subscribers/:id", existing, (request, response) =>
      answer(response, 200, asNovuHasIt(state.subscribers[idOf(request)])),
    )
    .patch("/v2/subscribers/:id", limited, takesFields, existing, (request, response) =>
      answer(response, 200, asNovuHasIt(upsertSubscriber(state, { ...request.body, subscriberId: idOf(request) }))),
    )
    .delete("/v2/subscribers/:id", existing, (request, response) => {
      delete state.subscribers[idOf(request)];
      delete state.preferences[idOf(request)];
      delete state.schedules[idOf(request)];
      answer(response, 200, { acknowledged: true, status: "deleted" });
    })
    .get("/v2/subscribers/:id/preferences", existing, (request, response) =>
      answer(response, 200, preferencesOf(state, idOf(request))),
    )
    .patch("/v2/subscribers/:id/preferences", limited, existing, (request, response) => {
      const chosen = ChannelPreferences.safeParse(request.body);
      if (!chosen.success) return refuseFields(response, ["channels must be an object"]);
      const { workflowId, channels, schedule } = chosen.data;
      if (workflowId !== "" && !state.workflows.some((workflow) => workflow.workflowId === workflowId))
        return refuse(response, 404, `Workflow with id: ${workflowId} is not found`);
      if (schedule !== undefined) state.schedules[idOf(request)] = schedule;
      const earlier = state.preferences[idOf(request)] ?? {};
      const preferences = { ...earlier, [workflowId]: { ...earlier[workflowId], ...channels } };
      state.preferences[idOf(request)] = preferences;
      answer(response, 200, preferencesOf(state, idOf(request)));
    })
    .put("/v1/subscribers/:id/credentials", existing, (request, response) => {
      const given = Credentials.safeParse(request.body);
      if (!given.success) return refuseFields(response, [z.prettifyError(given.error)]);
      const { providerId, integrationIdentifier: _integrationId = providerId, credentials } = given.data;
      const others = (state.subscribers[idOf(request)]?.channels ?? []).filter(
        (channel) => channel.providerId !== providerId || channel._integrationId !== _integrationId,
      );
      const channels: SubscriberChannel[] = [...others, { providerId, _integrationId, credentials }];
      answer(response, 200, upsertSubscriber(state, { subscriberId: idOf(request), channels }));
    })
    .post("/v2/subscribers/:id/notifications/seen", existing, (request, response) => {
      const given = Notifications.safeParse(request.body);
      if (!given.success) return refuseFields(response, [z.prettifyError(given.error)]);
      for (const messageId of given.data.notificationIds) if (isTheirs(request, messageId)) mark(messageId, "seen");
      response.status(204).end();
    })
    .patch("/v2/subscribers/:id/notifications/:messageId/read", existing, (request, response) => {
      const messageId = String(request.params.messageId);
      if (!isTheirs(request, messageId)) return refuse(response, 404, `no in-app message ${messageId}`);
      answer(response, 200, mark(messageId, "read"));
    });

  function isTheirs(request: Request, messageId: string): boolean {
    return state.messages.some(
      ({ id, channel, subscriberId }) => id === messageId && channel === "in_app" && subscriberId === idOf(request),
    );
  }

  /** Before it looks whether there is such a subscriber. */
  function takesFields(request: Request, response: Response, next: () => void): void {
    const messages = messagesOnFields(request.body);
    if (messages.length > 0) refuseFields(response, messages);
    else next();
  }

  function existing(request: Request, response: Response, next: () => void): void {
    if (state.subscribers[idOf(request)] === undefined) refuse(response, 404, `no subscriber ${idOf(request)}`);
    else next();
  }
}

/** What is not named stays as it was. */
export function upsertSubscriber(state: NovuState, subscriber: NovuSubscriber): NovuSubscriber {
  const merged = { ...state.subscribers[subscriber.subscriberId], ...subscriber };
  state.subscribers[subscriber.subscriberId] = merged;
  return merged;
}

/** With what Novu adds of its own. */
function asNovuHasIt(subscriber: NovuSubscriber | undefined): object {
  const owner = { _organizationId: "local", _environmentId: "local", deleted: false };
  return { channels: [], ...subscriber, ...owner, createdAt: SOME_DAY, updatedAt: SOME_DAY };
}

/** What they have chosen; what they have said nothing of is on. */
function preferencesOf(state: NovuState, subscriberId: string): object {
  const { preferences, schedules, workflows } = state;
  const { "": global, ...chosen } = preferences[subscriberId] ?? {};
  const schedule = schedules[subscriberId];
  // A word on all workflows is one on each of them.
  const named = global === undefined ? Object.keys(chosen) : workflows.map(({ workflowId }) => workflowId);
  return {
    global: { enabled: true, channels: global ?? {}, ...(schedule !== undefined && { schedule }) },
    workflows: named.map((workflowId) => ({
      enabled: true,
      channels: { ...global, ...chosen[workflowId] },
      overrides: [],
      workflow: {
        slug: `${workflowId}_wf`,
        identifier: workflowId,
        name: workflows.find((workflow) => workflow.workflowId === workflowId)?.name ?? workflowId,
      },
    })),
  };
}

function idOf(request: Request): string {
  return String(request.params.id);
}
