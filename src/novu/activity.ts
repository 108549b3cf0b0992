import { z } from "zod";
import { NoteState, type NovuActivity, type NovuJobRecord, type NovuMessageRecord } from "../contracts/novu.ts";
import { createNovuCalls, type NovuAccess } from "./novu-calls.ts";

/** Pages are small, because Novu returns each message with its whole content. */
const MESSAGES_PER_PAGE = 50;
const RUNS_PER_READ = 50;

const text = z.string().nullish().catch(null);
const flag = z.boolean().optional().catch(undefined);
const Message = z.object({
  _id: text,
  transactionId: z.string(),
  stepId: text.transform((id) => id ?? undefined),
  channel: z.string(),
  contextKeys: z.array(z.string()).optional().catch(undefined),
  status: z.string().catch(""),
  errorText: text.transform((words) => words ?? undefined),
  read: flag,
  archived: flag,
  seen: flag,
  lastSeenDate: text,
  lastReadDate: text,
});
const Messages = z.object({
  // A message that cannot be parsed is left out.
  data: z.array(Message.nullable().catch(null)),
  hasMore: z.boolean().optional().catch(undefined),
});
const Job = z.object({
  _id: z.string(),
  type: z.string(),
  status: z.string(),
  // A code-first step has its id in `name`.
  step: z.object({ stepId: text, name: text }).nullish().catch(null),
  executionDetails: z.array(z.object({ detail: z.string(), raw: text })).catch([]),
});
const Notifications = z.object({
  data: z.array(
    z.object({
      transactionId: text,
      createdAt: z.iso
        .datetime({ offset: true })
        .nullish()
        .catch(null)
        .transform((at) => (at == null ? null : new Date(at).toISOString())),
      jobs: z.array(Job).default([]),
    }),
  ),
});
const Preferences = z.object({
  data: z.object({
    workflows: z.array(
      z.object({
        channels: z.record(z.string(), z.boolean()).catch({}),
        workflow: z.object({ identifier: z.string() }),
      }),
    ),
  }),
});

/**
 * Sources: https://docs.novu.co/api-reference/messages/list-all-messages,
 * https://docs.novu.co/api-reference/notifications/list-all-events,
 * https://docs.novu.co/api-reference/subscribers/retrieve-subscriber-preferences
 */
export function createNovuActivity(access: NovuAccess): NovuActivity {
  const call = createNovuCalls(access);

  return {
    async messages(transactionIds, page) {
      const query = new URLSearchParams({ page: String(page), limit: String(MESSAGES_PER_PAGE) });
      for (const id of transactionIds) query.append("transactionId", id);
      const { data, hasMore } = await call(`/v1/messages?${query}`, { method: "GET", answer: Messages });
      return {
        messages: data.filter((message) => message !== null).map(messageOf),
        hasMore: hasMore ?? data.length === MESSAGES_PER_PAGE,
      };
    },

    async jobs(transactionId, subscriberId) {
      const query = new URLSearchParams({ transactionId });
      if (subscriberId !== undefined) query.set("subscriberIds", subscriberId);
      const { data } = await call(`/v1/notifications?${query}`, { method: "GET", answer: Notifications });
      return data.flatMap(({ jobs }) => jobs.map(jobOf));
    },

    async runOfJob(subscriberId, jobId) {
      const query = new URLSearchParams({ subscriberIds: subscriberId, limit: String(RUNS_PER_READ) });
      const { data } = await call(`/v1/notifications?${query}`, { method: "GET", answer: Notifications });
      const run = data.find(({ jobs }) => jobs.some(({ _id }) => _id === jobId));
      return run?.transactionId == null ? null : { transactionId: run.transactionId, createdAt: run.createdAt };
    },

    async isWanted(subscriberId, workflow, channel) {
      const path = `/v2/subscribers/${encodeURIComponent(subscriberId)}/preferences`;
      const { data } = await call(path, { method: "GET", answer: Preferences });
      const here = data.workflows.find((one) => one.workflow.identifier === workflow);
      return here?.channels[channel] ?? null;
    },
  };
}

function messageOf(message: z.output<typeof Message>): NovuMessageRecord {
  const { _id, read, archived, seen, lastSeenDate, lastReadDate, ...others } = message;
  const note = NoteState.parse({ seen, read, lastSeenDate, lastReadDate });
  return { ...others, note, id: _id ?? undefined, isRead: read, isArchived: archived };
}

function jobOf({ _id, type, status, step, executionDetails }: z.output<typeof Job>): NovuJobRecord {
  return { id: _id, type, status, step: step?.stepId ?? step?.name ?? null, details: executionDetails };
}
