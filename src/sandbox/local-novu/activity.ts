import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { refuse } from "./answer.ts";
import type { Job, JobDetail, Message, NovuRun, NovuState } from "./state.ts";
import { isChannel } from "./steps/deliver.ts";

const ids = z
  .union([z.string(), z.array(z.string())])
  .transform((said) => [said].flat())
  .optional();
const Paging = z.object({
  transactionId: ids,
  subscriberIds: ids,
  page: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
});

/** The provider of a channel when nobody says otherwise. */
const PROVIDERS: Record<string, string> = { email: "nodemailer", sms: "twilio", push: "fcm", chat: "slack" };
const OWNER = { _environmentId: "local", _organizationId: "local" };

/** Runs and messages as they ended, the newest first. Both answers are no further wrapped: `data` is a list of its own. */
export function activityRoutes({ state, limited }: { state: NovuState; limited: RequestHandler }): Router {
  return Router()
    .get("/v1/messages", limited, (request, response) => {
      const asked = Paging.safeParse(request.query);
      if (!asked.success) return refuse(response, 422, z.prettifyError(asked.error));
      const found = state.messages.filter(isOf(asked.data.transactionId)).reverse();
      response.json({ ...pageOf(found.map(messageDto), asked.data), totalCount: found.length });
    })
    .get("/v1/notifications", limited, (request, response) => {
      const asked = Paging.safeParse(request.query);
      if (!asked.success) return refuse(response, 422, z.prettifyError(asked.error));
      const { transactionId, subscriberIds } = asked.data;
      const isOfThese = ({ subscriberId }: NovuRun) => subscriberIds?.includes(subscriberId) ?? true;
      const found = state.runs.filter(isOf(transactionId)).filter(isOfThese).reverse();
      response.json(
        pageOf(
          found.map((run) => notificationDto(run, state)),
          asked.data,
        ),
      );
    });
}

function isOf(transactionIds: string[] | undefined) {
  return ({ transactionId }: { transactionId: string }) =>
    transactionIds === undefined || transactionIds.includes(transactionId);
}

function pageOf<Item>(items: Item[], { page, limit }: { page: number; limit: number }) {
  const data = items.slice(page * limit, (page + 1) * limit);
  return { data, page, pageSize: limit, hasMore: (page + 1) * limit < items.length };
}

function messageDto(message: Message): object {
  const { id, workflowId, subscriberId, transactionId, stepId, channel, to, content, seen, read, errorText } = message;
  const [field, address] = channel === "push" ? ["deviceTokens", to?.split(",")] : [ADDRESS_FIELD[channel], to];
  return {
    ...OWNER,
    _id: id,
    _templateId: workflowId,
    _notificationId: transactionId,
    _subscriberId: subscriberId,
    templateIdentifier: workflowId,
    createdAt: new Date(message.sentAt).toISOString(),
    ...{ transactionId, stepId, channel, seen, read },
    ...(typeof content.body === "string" && { content: content.body }),
    ...(typeof content.subject === "string" && { subject: content.subject }),
    ...(field !== undefined && address != null && { [field]: address }),
    providerId: message.providerId ?? PROVIDERS[channel] ?? "novu",
    cta: {},
    status: errorText === undefined ? "sent" : "error",
    ...(errorText !== undefined && { errorId: `${channel}_unexpected_error`, errorText }),
  };
}

const ADDRESS_FIELD: Record<string, string> = { email: "email", sms: "phone", chat: "directWebhookUrl" };

function notificationDto(
  { transactionId, workflowId, subscriberId, startedAt, payload, jobs }: NovuRun,
  state: NovuState,
) {
  const { email, phone } = state.subscribers[subscriberId] ?? {};
  const createdAt = new Date(startedAt).toISOString();
  return {
    ...OWNER,
    _id: transactionId,
    _templateId: workflowId,
    _subscriberId: subscriberId,
    ...{ transactionId, createdAt, updatedAt: createdAt, payload },
    channels: [...new Set(jobs.map(({ type }) => type).filter(isChannel))],
    subscriber: { _id: subscriberId, subscriberId, ...(email != null && { email }), ...(phone != null && { phone }) },
    template: { _id: workflowId, name: workflowId, triggers: [] },
    jobs: jobs.map(jobDto),
  };
}

/** A step has its id in its name only. */
function jobDto({ id, stepId, type, status, changedAt, details = [] }: Job) {
  return {
    _id: id,
    type,
    status,
    ...(changedAt !== null && { updatedAt: new Date(changedAt).toISOString() }),
    providerId: PROVIDERS[type] ?? "novu",
    step: { _id: `${stepId}_st`, _templateId: stepId, active: true, filters: [], name: stepId },
    executionDetails: details.map((detail, index) => detailDto(detail, `${id}:${index}`, changedAt)),
  };
}

function detailDto({ detail, status, raw, providerId }: JobDetail, _id: string, at: number | null) {
  return {
    ...{ _id, detail, status, isRetry: false, isTest: false, source: "Internal" },
    ...(at !== null && { createdAt: new Date(at).toISOString() }),
    ...(raw !== undefined && { raw }),
    ...(providerId != null && { providerId }),
  };
}
