import { createHmac, randomUUID } from "node:crypto";
import { type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { parseJson } from "../../../lib/json.ts";
import { equalSecrets } from "../../../lib/verify-webhook.ts";
import { answer, refuse, refuseFields } from "../answer.ts";
import { Context, contextKeysOf, contextText, saveContexts } from "../contexts.ts";
import { type Mark, marked } from "../mark.ts";
import type { Message, NovuState } from "../state.ts";
import { upsertSubscriber } from "../subscribers.ts";
import { Filter, filterIn, noteDto, notesOf, type Reader, Tags } from "./notes.ts";
import { changePreference, listPreferences } from "./preferences.ts";

/** The public name of the local environment. */
export const APPLICATION_IDENTIFIER = "local";

const Session = z.object({
  applicationIdentifier: z.string(),
  subscriberHash: z.string().default(""),
  subscriber: z.looseObject({ subscriberId: z.string().min(1) }),
  context: Context.optional(),
});
const Selection = z.object({ notificationIds: z.array(z.string()).optional(), tags: Tags.optional() }).catch({});
const Action = z.object({ actionType: z.enum(["primary", "secondary"]) });

/** The hash that proves that the back end has signed this subscriber in. */
export function hashOf(subscriberId: string, secretKey: string): string {
  return createHmac("sha256", secretKey).update(subscriberId).digest("hex");
}

/**
 * The API of Novu's Inbox component, without websockets, snoozing and deleting. As with HMAC switched on in Novu, a
 * session needs the hash of its subscriber; Novu then checks a hash of the context too.
 */
export function inboxApi(
  state: NovuState,
  { secretKey, ...options }: { secretKey: string; mark(messageId: string, as: Mark): unknown; now(): number },
): Router {
  const sessions = new Map<string, Reader>();
  return Router()
    .post("/session", (request, response) => {
      const body = Session.safeParse(request.body);
      if (!body.success) return refuseFields(response, ["subscriberId must be a string"]);
      const { applicationIdentifier, subscriberHash, subscriber, context } = body.data;
      const { subscriberId } = subscriber;
      if (applicationIdentifier !== APPLICATION_IDENTIFIER)
        return refuse(response, 400, "Please provide a valid application identifier");
      if (!equalSecrets(subscriberHash, hashOf(subscriberId, secretKey)))
        return refuse(response, 400, "Please provide a valid HMAC hash");
      if (state.subscribers[subscriberId] === undefined) upsertSubscriber(state, { subscriberId });
      const token = randomUUID();
      const reader = { subscriberId, context: contextText(contextKeysOf({ context: saveContexts(state, context) })) };
      sessions.set(token, reader);
      const total = notesOf(state, reader, { read: false, archived: false }).length;
      answer(response, 201, {
        ...{ token, totalUnreadCount: total, applicationIdentifier, removeNovuBranding: false },
        unreadCount: { total, severity: { high: 0, medium: 0, low: 0, none: total } },
        isDevelopmentMode: true,
        // The component offers no snoozing.
        maxSnoozeDurationHours: 0,
      });
    })
    .use((request, response, next) => {
      const [, token = ""] = /^Bearer (.+)$/.exec(request.get("authorization") ?? "") ?? [];
      const reader = sessions.get(token);
      if (reader === undefined) return refuse(response, 401, "Unauthorized");
      response.locals.reader = reader;
      next();
    })
    .use("/notifications", listRoutes(state), changeRoutes(state, options))
    .use("/preferences", preferenceRoutes(state))
    .use((_request, response) => refuse(response, 404, "the local Novu does not have this route"));
}

function listRoutes(state: NovuState): Router {
  return Router()
    .get("/", (request, response) => {
      const { limit = "10", offset = "0", after } = request.query;
      const filter = filterIn(request);
      const found = notesOf(state, readerOf(response), filter);
      const from = typeof after === "string" ? found.findIndex(({ id }) => id === after) + 1 : Number(offset);
      const data = found.slice(from, from + Number(limit)).map((note) => noteDto(state, note));
      response.json({ data, hasMore: from + data.length < found.length, filter });
    })
    .get("/count", (request, response) => {
      const filters = z.array(Filter).safeParse(parseJson(String(request.query.filters)));
      if (!filters.success) return refuseFields(response, ["filters must be an array"]);
      const count = (filter: Filter) => notesOf(state, readerOf(response), filter).length;
      response.json({ data: filters.data.map((filter) => ({ count: count(filter), filter })) });
    });
}

function changeRoutes(
  state: NovuState,
  { mark, now }: { mark(messageId: string, as: Mark): unknown; now(): number },
): Router {
  return Router()
    .post("/seen", markAll("seen", { seen: false }))
    .post("/read", markAll("read", { read: false, archived: false }))
    .post("/archive", markAll("archived", { archived: false }))
    .post("/read-archive", markAll("archived", { read: true, archived: false }))
    .patch("/:id/read", changes(marks("read")))
    .patch("/:id/unread", changes(marks("unread")))
    .patch("/:id/archive", changes(marks("archived")))
    .patch("/:id/unarchive", changes(marks("unarchived")))
    .patch("/:id/complete", changes(clicks(true)))
    .patch("/:id/revert", changes(clicks(false)));

  function markAll(as: Mark, filter: Filter): RequestHandler {
    return (request, response) => {
      const { notificationIds, tags } = Selection.parse(request.body);
      for (const note of notesOf(state, readerOf(response), { ...filter, tags }))
        if (notificationIds?.includes(note.id) ?? true) mark(note.id, as);
      response.status(204).end();
    };
  }

  /** Changes one note of the subscriber; `change` returns false for a request that is not valid. */
  function changes(change: (note: Message, body: unknown) => boolean): RequestHandler {
    return (request, response) => {
      const id = String(request.params.id);
      const note = notesOf(state, readerOf(response), {}).find((one) => one.id === id);
      if (note === undefined) refuse(response, 404, `Notification with id: ${id} is not found.`);
      else if (!change(note, request.body)) refuseFields(response, ["actionType must be primary or secondary"]);
      else answer(response, 200, noteDto(state, note));
    };
  }

  function marks(as: Mark) {
    return ({ id }: Message) => {
      mark(id, as);
      return true;
    };
  }

  /** A click on a button. Novu marks the note as read, and sends no webhook. */
  function clicks(isCompleted: boolean) {
    return (note: Message, body: unknown) => {
      const action = Action.safeParse(body);
      if (!action.success) return false;
      if (!note.read) Object.assign(note, marked("read", new Date(now()).toISOString()));
      note.completed = { ...note.completed, [action.data.actionType]: isCompleted };
      return true;
    };
  }
}

function preferenceRoutes(state: NovuState): Router {
  const list = (response: Response) => listPreferences(state, readerOf(response).subscriberId);
  return Router()
    .get("/", (_request, response) => answer(response, 200, list(response)))
    .get("/global", (_request, response) => answer(response, 200, list(response)[0]))
    .patch(["/", "/:workflow"], (request, response) => {
      const { workflow = "" } = request.params as { workflow?: string };
      changePreference(state, readerOf(response).subscriberId, workflow, request.body);
      answer(response, 200, list(response).find((one) => (one.workflow?.id ?? "") === workflow) ?? null);
    });
}

function readerOf(response: Response): Reader {
  return response.locals.reader as Reader;
}
