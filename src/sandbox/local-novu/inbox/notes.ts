import type { Request } from "express";
import { z } from "zod";
import { SOME_DAY } from "../answer.ts";
import { contextKeysOf, contextText } from "../contexts.ts";
import { find, type Message, type NovuState, type PublishedWorkflow } from "../state.ts";

/** A message has a tag of each group. */
export const Tags = z.union([
  z.array(z.string()).transform((tags) => [tags]),
  z.object({ or: z.array(z.string()) }).transform(({ or }) => [or]),
  z.object({ and: z.array(z.object({ or: z.array(z.string()) })) }).transform(({ and }) => and.map(({ or }) => or)),
]);

export const Filter = z.object({
  read: z.boolean().optional(),
  seen: z.boolean().optional(),
  archived: z.boolean().optional(),
  snoozed: z.boolean().optional(),
  severity: z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional(),
  tags: Tags.optional(),
});
export type Filter = z.output<typeof Filter>;

/** The filter in a query, where the component writes tags as `tags[]`, or as `tags[0][]` for several groups. */
export function filterIn({ query }: Pick<Request, "query">): Filter {
  const flag = (name: string) => (query[name] === undefined ? undefined : query[name] === "true");
  const groups = Object.keys(query).filter((key) => /^tags(\[\d+\])?\[\]$/.test(key));
  const severity = query["severity[]"] ?? query.severity;
  return {
    ...{ read: flag("read"), seen: flag("seen"), archived: flag("archived"), snoozed: flag("snoozed") },
    severity: severity === undefined ? undefined : [severity].flat().map(String),
    tags: groups.map((key) => [query[key]].flat().map(String)),
  };
}

/** The subscriber of an Inbox, with the `contextText` of the Inbox. */
export interface Reader {
  subscriberId: string;
  context: string;
}

/** The in-app messages for an Inbox that fit a filter, the newest first. */
export function notesOf(state: NovuState, { subscriberId, context }: Reader, filter: Filter): Message[] {
  const { read, seen, archived, snoozed, severity, tags = [] } = filter;
  const notes = state.messages.filter((one) => one.channel === "in_app" && one.subscriberId === subscriberId);
  return notes.reverse().filter((message) => {
    const workflow = workflowOf(state, message);
    const [run] = find(state).runs(message.transactionId);
    return (
      contextText(contextKeysOf(run)) === context &&
      (read ?? message.read) === message.read &&
      (seen ?? message.seen) === message.seen &&
      (archived ?? isArchived(message)) === isArchived(message) &&
      snoozed !== true &&
      (severity?.includes(workflow?.severity ?? "none") ?? true) &&
      tags.every((group) => group.length === 0 || group.some((tag) => workflow?.tags?.includes(tag)))
    );
  });
}

/** A message as Novu shows it to the Inbox. */
export function noteDto(state: NovuState, message: Message): object {
  const { id, transactionId, subscriberId, content, read, seen, archivedAt = null, lastReadDate } = message;
  const createdAt = new Date(message.sentAt).toISOString();
  const workflow = workflowOf(state, message);
  const button = (name: "primary" | "secondary") => {
    const action = content[`${name}Action`];
    if (typeof action !== "object" || action === null) return {};
    return { [`${name}Action`]: { ...action, isCompleted: message.completed?.[name] ?? false } };
  };
  const { subject, body = "", avatar, data, redirect } = content;
  return {
    ...{ id, transactionId, body, to: { id: subscriberId, subscriberId } },
    ...Object.fromEntries(Object.entries({ subject, avatar, data, redirect }).filter(([, value]) => value != null)),
    ...{ isRead: read, isSeen: seen, isArchived: isArchived(message), isSnoozed: false, snoozedUntil: null },
    ...{ createdAt, deliveredAt: [createdAt], readAt: lastReadDate, firstSeenAt: message.lastSeenDate, archivedAt },
    ...{ ...button("primary"), ...button("secondary"), channelType: "in_app", tags: workflow?.tags ?? [] },
    ...(workflow !== undefined && { workflow: workflowDto(workflow) }),
    severity: workflow?.severity ?? "none",
  };
}

export function workflowDto({ workflowId, name, tags = [], severity = "none", preferences }: PublishedWorkflow) {
  const critical = preferences?.all?.readOnly === true;
  const times = { createdAt: SOME_DAY, updatedAt: SOME_DAY };
  return { id: workflowId, identifier: workflowId, name: name ?? workflowId, critical, tags, severity, ...times };
}

function workflowOf(state: NovuState, { workflowId }: Message): PublishedWorkflow | undefined {
  return state.workflows.find((workflow) => workflow.workflowId === workflowId);
}

function isArchived({ archivedAt }: Message): boolean {
  return archivedAt != null;
}
