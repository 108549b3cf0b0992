import { z } from "zod";
import type { NovuActivity, NovuJobRecord, NovuRead } from "../contracts/novu-activity.ts";
import { createNovuCalls, type NovuAccess, notNovus } from "./novu-calls.ts";

/** Each message comes with its whole content. */
const MESSAGES_PER_PAGE = 50;
const RUNS_LOOKED_AT = 50;

const text = z.string().nullish().catch(null);
const Message = z.object({
  transactionId: z.string(),
  stepId: text.transform((id) => id ?? undefined),
  channel: z.string(),
  status: z.string().catch(""),
  errorText: text.transform((said) => said ?? undefined),
});
const Messages = z.object({
  // One that cannot be read says nothing of the others.
  data: z.array(Message.nullable().catch(null)),
  hasMore: z.boolean().optional().catch(undefined),
});
const Job = z.object({
  _id: z.string(),
  type: z.string(),
  status: z.string(),
  // In Novu's answer the id of a step in code is its name.
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
    messages(transactionIds, page) {
      const query = new URLSearchParams({ page: String(page), limit: String(MESSAGES_PER_PAGE) });
      for (const id of transactionIds) query.append("transactionId", id);
      return read(`/v1/messages?${query}`, Messages, ({ data, hasMore }) => ({
        messages: data.filter((message) => message !== null),
        hasMore: hasMore ?? data.length === MESSAGES_PER_PAGE,
      }));
    },
    jobs: (transactionId, subscriberId) => {
      const query = new URLSearchParams({ transactionId });
      if (subscriberId !== undefined) query.set("subscriberIds", subscriberId);
      return read(`/v1/notifications?${query}`, Notifications, ({ data }) =>
        data.flatMap(({ jobs }) => jobs.map(jobOf)),
      );
    },
    runOfJob: (subscriberId, jobId) => {
      const query = new URLSearchParams({ subscriberIds: subscriberId, limit: String(RUNS_LOOKED_AT) });
      return read(`/v1/notifications?${query}`, Notifications, ({ data }) => {
        const run = data.find(({ jobs }) => jobs.some(({ _id }) => _id === jobId));
        return run?.transactionId == null ? null : { transactionId: run.transactionId, createdAt: run.createdAt };
      });
    },
    isWanted: (subscriberId, workflow, channel) =>
      read(`/v2/subscribers/${encodeURIComponent(subscriberId)}/preferences`, Preferences, ({ data }) => {
        const here = data.workflows.find((one) => one.workflow.identifier === workflow);
        return here?.channels[channel] ?? null;
      }),
  };

  async function read<Schema extends z.ZodType, Found>(
    path: string,
    schema: Schema,
    find: (body: z.output<Schema>) => Found,
  ): Promise<NovuRead<Found>> {
    const answer = await call(path, { method: "GET" });
    if (!("body" in answer)) return answer;
    const said = schema.safeParse(answer.body);
    return said.success ? { found: find(said.data) } : notNovus(answer.httpStatus);
  }
}

function jobOf({ _id, type, status, step, executionDetails }: z.output<typeof Job>): NovuJobRecord {
  return { id: _id, type, status, step: step?.stepId ?? step?.name ?? null, details: executionDetails };
}
