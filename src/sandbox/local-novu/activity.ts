import { type RequestHandler, Router } from "express";
import { z } from "zod";
import { isChannel } from "../../contracts/channel.ts";
import { refuse } from "./answer.ts";
import { contextKeysOf } from "./contexts.ts";
import { find, type Job, type JobDetail, type Message, type NovuRun, type NovuState } from "./state.ts";

const ids = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => [value].flat())
  .optional();
const Paging = z.object({
  transactionId: ids,
  subscriberIds: ids,
  page: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(100).default(10),
});

/** The default provider of each channel. */
const PROVIDERS: Record<string, string> = { email: "nodemailer", sms: "twilio", push: "fcm", chat: "slack" };
const OWNER = { _environmentId: "local", _organizationId: "local" };

/** The routes for runs and messages, the newest first. Novu wraps its other answers in `data`, but not these. */
export function activityRoutes(state: NovuState, limited: RequestHandler): Router {
  return Router()
    .get("/v1/messages", limited, (request, response) => {
      const query = Paging.safeParse(request.query);
      if (!query.success) return refuse(response, 422, z.prettifyError(query.error));
      const { transactionId } = query.data;
      const found = transactionId === undefined ? state.messages.toReversed() : messagesOf(state, transactionId);
      const dtoOf = (message: Message) =>
        messageDto(message, contextKeysOf(find(state).runs(message.transactionId)[0]));
      response.json({ ...pageOf(found.map(dtoOf), query.data), totalCount: found.length });
    })
    .get("/v1/notifications", limited, (request, response) => {
      const query = Paging.safeParse(request.query);
      if (!query.success) return refuse(response, 422, z.prettifyError(query.error));
      const { transactionId, subscriberIds } = query.data;
      const isListed = ({ subscriberId }: NovuRun) => subscriberIds?.includes(subscriberId) ?? true;
      const runs = transactionId === undefined ? state.runs : transactionId.flatMap(find(state).runs);
      const found = runs.filter(isListed).toReversed();
      const listed = found.map((run) => notificationDto(run, state));
      response.json(pageOf(listed, query.data));
    });
}

/** The messages of these runs, the newest first. */
function messagesOf(state: NovuState, transactionIds: string[]): Message[] {
  return transactionIds.flatMap(find(state).messagesOf).sort((a, b) => b.sentAt - a.sentAt);
}

function pageOf<Item>(items: Item[], { page, limit }: { page: number; limit: number }) {
  const data = items.slice(page * limit, (page + 1) * limit);
  return { data, page, pageSize: limit, hasMore: (page + 1) * limit < items.length };
}

function messageDto(message: Message, contextKeys: string[]): object {
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
    ...{ transactionId, stepId, channel, seen, read, archived: message.archivedAt != null },
    ...(message.lastSeenDate != null && { lastSeenDate: message.lastSeenDate }),
    ...(message.lastReadDate != null && { lastReadDate: message.lastReadDate }),
    ...(typeof content.body === "string" && { content: content.body }),
    ...(typeof content.subject === "string" && { subject: content.subject }),
    ...(field !== undefined && address != null && { [field]: address }),
    ...(contextKeys.length > 0 && { contextKeys }),
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

/** Novu returns the id of a step only as the step's name. */
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
