import { type Request, Router } from "express";
import { z } from "zod";
import { answer, refuse, refuseFields } from "./answer.ts";
import type { Message, NovuState } from "./state.ts";
import { existingSubscriber, idOf } from "./subscribers.ts";

const Notifications = z.object({ notificationIds: z.array(z.string()) });

/** A subscriber sees and reads the in-app messages. */
export function inboxRoutes({
  state,
  mark,
}: {
  state: NovuState;
  mark: (messageId: string, as: "seen" | "read") => Message;
}): Router {
  const existing = existingSubscriber(state);
  return Router()
    .post("/v2/subscribers/:id/notifications/seen", existing, (request, response) => {
      const body = Notifications.safeParse(request.body);
      if (!body.success) return refuseFields(response, [z.prettifyError(body.error)]);
      for (const messageId of body.data.notificationIds) if (isTheirs(request, messageId)) mark(messageId, "seen");
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
}
