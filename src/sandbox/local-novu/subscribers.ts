import { type Request, type RequestHandler, Router } from "express";
import isEmail from "validator/lib/isEmail.js";
import { z } from "zod";
import { answer, refuse, refuseFields, SOME_DAY } from "./answer.ts";
import { contextKeysOf, contextText } from "./contexts.ts";
import type { Mark } from "./mark.ts";
import { find, type Message, type NovuState, type NovuSubscriber, WEEKDAYS } from "./state.ts";

export const Subscriber = z.looseObject({ subscriberId: z.string().min(1) });

/** Subscribers. Their credentials at push and chat providers: credentials.ts. */
export function subscriberRoutes(state: NovuState, limited: RequestHandler): Router {
  const existing = existingSubscriber(state);
  return Router()
    .post("/v2/subscribers", limited, validFields, (request, response) => {
      const subscriber = Subscriber.safeParse(request.body);
      if (!subscriber.success) return refuseFields(response, ["subscriberId must be a string"]);
      const { subscriberId } = subscriber.data;
      if (request.query.failIfExists === "true" && state.subscribers[subscriberId] !== undefined)
        return refuse(response, 409, `Subscriber with id: ${subscriberId} already exists`);
      const saved = upsertSubscriber(state, subscriber.data);
      // If the request has no `data`, Novu deletes the subscriber's `data`.
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
    });
}

/** Refuses a request about an unknown subscriber. */
function existingSubscriber(state: NovuState): RequestHandler {
  return (request, response, next) => {
    if (state.subscribers[idOf(request)] === undefined) refuse(response, 404, `no subscriber ${idOf(request)}`);
    else next();
  };
}

function idOf(request: Request): string {
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

/** `IsLocale` of older validator releases; newer releases accept "german" too. */
const LOCALE = /^[a-z]{2,4}([_-]([a-z]{4}|\d{3}))?([_-]([a-z]{2}|\d{3}))?$/i;

/** Novu's messages about invalid fields of a subscriber, as class-validator writes them. */
export function messagesOnFields({
  email,
  locale,
  timezone,
}: Partial<Record<keyof NovuSubscriber, unknown>>): string[] {
  return [
    ...(isAccepted(email, isEmail.default) ? [] : ["email must be an email"]),
    ...(isAccepted(locale, (text) => LOCALE.test(text)) ? [] : ["locale must be locale"]),
    ...(isAccepted(timezone, isKnownToIntl) ? [] : ["timezone must be a valid IANA time-zone"]),
  ];
}

/** null and undefined are accepted too. */
function isAccepted(value: unknown, isValid: (text: string) => boolean): boolean {
  return value === undefined || value === null || (typeof value === "string" && isValid(value));
}

const knownToIntl = new Set<string>();

function isKnownToIntl(timeZone: string): boolean {
  if (knownToIntl.has(timeZone)) return true;
  try {
    new Intl.DateTimeFormat(undefined, { timeZone });
    knownToIntl.add(timeZone);
    return true;
  } catch {
    return false;
  }
}

const Day = z.object({
  isEnabled: z.boolean(),
  hours: z.array(z.object({ start: z.string(), end: z.string() })).optional(),
});
const Change = z
  .object({
    channels: z.record(z.string(), z.boolean()).optional(),
    workflowId: z.string().default(""),
    schedule: z
      .object({ isEnabled: z.boolean(), weeklySchedule: z.partialRecord(z.enum(WEEKDAYS), Day).optional() })
      .optional(),
  })
  .refine(({ channels, schedule }) => channels !== undefined || schedule !== undefined);

/** The routes for a subscriber's preferences by workflow and channel, and for the subscriber's schedule. */
export function preferenceRoutes(state: NovuState, limited: RequestHandler): Router {
  const existing = existingSubscriber(state);
  return Router()
    .get("/v2/subscribers/:id/preferences", existing, (request, response) =>
      answer(response, 200, preferencesDto(state, idOf(request))),
    )
    .patch("/v2/subscribers/:id/preferences", limited, existing, (request, response) => {
      const change = Change.safeParse(request.body);
      if (!change.success) return refuseFields(response, ["channels must be an object"]);
      const { workflowId, channels, schedule } = change.data;
      if (workflowId !== "" && !state.workflows.some((workflow) => workflow.workflowId === workflowId))
        return refuse(response, 404, `Workflow with id: ${workflowId} is not found`);
      if (schedule !== undefined) state.schedules[idOf(request)] = schedule;
      const before = state.preferences[idOf(request)] ?? {};
      state.preferences[idOf(request)] = { ...before, [workflowId]: { ...before[workflowId], ...channels } };
      answer(response, 200, preferencesDto(state, idOf(request)));
    });
}

/** Only the channels that the subscriber has set. All others are on. */
function preferencesDto({ preferences, schedules, workflows }: NovuState, subscriberId: string): object {
  const { "": global, ...byWorkflow } = preferences[subscriberId] ?? {};
  const schedule = schedules[subscriberId];
  // A global preference appears at each workflow too.
  const listed = global === undefined ? Object.keys(byWorkflow) : workflows.map(({ workflowId }) => workflowId);
  return {
    global: { enabled: true, channels: global ?? {}, ...(schedule !== undefined && { schedule }) },
    workflows: listed.map((workflowId) => ({
      enabled: true,
      channels: { ...global, ...byWorkflow[workflowId] },
      overrides: [],
      workflow: {
        slug: `${workflowId}_wf`,
        identifier: workflowId,
        name: workflows.find((workflow) => workflow.workflowId === workflowId)?.name ?? workflowId,
      },
    })),
  };
}

const Notifications = z.object({ notificationIds: z.array(z.string()) });

/** The routes by which a subscriber sees and reads in-app messages. */
export function inboxRoutes(
  state: NovuState,
  { mark, limited }: { mark(messageId: string, as: Mark): Message; limited: RequestHandler },
): Router {
  const existing = existingSubscriber(state);
  return Router()
    .post("/v2/subscribers/:id/notifications/seen", existing, (request, response) => {
      const body = Notifications.safeParse(request.body);
      if (!body.success) return refuseFields(response, [z.prettifyError(body.error)]);
      for (const messageId of body.data.notificationIds) if (isTheirs(request, messageId)) mark(messageId, "seen");
      response.status(204).end();
    })
    .patch("/v2/subscribers/:id/notifications/:messageId/read", existing, marks("read"))
    .patch("/v2/subscribers/:id/notifications/:messageId/archive", limited, existing, marks("archived"));

  function marks(as: Mark): RequestHandler {
    return (request, response) => {
      const messageId = String(request.params.messageId);
      if (isTheirs(request, messageId) && isOfContext(request, messageId)) answer(response, 200, mark(messageId, as));
      else refuse(response, 404, `Notification with id: ${messageId} is not found.`);
    };
  }

  /** Novu finds a note only by exactly its context. */
  function isOfContext({ query: { contextKeys = [] } }: Request, messageId: string): boolean {
    const { transactionId = "" } = state.messages.find(({ id }) => id === messageId) ?? {};
    const [run] = find(state).runs(transactionId);
    return contextText(contextKeysOf(run)) === contextText([contextKeys].flat().map(String));
  }

  function isTheirs(request: Request, messageId: string): boolean {
    return state.messages.some(
      ({ id, channel, subscriberId }) => id === messageId && channel === "in_app" && subscriberId === idOf(request),
    );
  }
}
