import type { Channel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Source } from "../contracts/event.ts";
import type { PersonJob, RunRecord, RunStatus } from "../contracts/history.ts";
import { SOURCES } from "../contracts/sources.ts";

/** Each run state, as the legend of a page explains it. */
export const RUN_STATES: Record<RunStatus, string> = {
  pending: "The run is not at Novu yet.",
  stuck: "The run is not at Novu, and its start job is dead. Redrive it in the queue.",
  "in progress": "Novu runs the steps of the workflow.",
  finished: "The last message was decided.",
  exited: "An exit event ended the run.",
  failed: "The run ended at Novu before its last message.",
  "not started": "A limit of the workflow was reached, or all messages were decided before the start.",
};

/** Each kind of job, as the subject of a sentence. */
export const JOB_NAMES: Record<PersonJob["kind"], string> = {
  start: "The start of the run at Novu",
  exit: "The cancellation of the run at Novu",
  "refresh subscriber": "The update of the person's address at Novu",
  receipt: "The check whether Novu sent a message",
  overdue: "The check of an overdue run at Novu",
  throttle: "The check for a throttled run at Novu",
  merge: "The check at PostHog whether two ids are one person",
  "upsert subscriber": "The update of the subscriber at Novu",
  preferences: "The update of the preferences at Novu",
  "opt-outs": "The update of the opt-outs at PostHog",
  report: "The report of a message to PostHog",
};

export const CHANNEL_NAMES: Record<Channel, string> = {
  email: "email",
  in_app: "in-app inbox",
  push: "push",
  sms: "SMS",
  chat: "chat",
};

/** How an event arrived. */
export function sentBy(source: Source): string {
  const { hasWebhook, label } = SOURCES[source];
  return hasWebhook ? `${label} sent it` : `The daily ${label} found it`;
}

/** Where the properties came from that a decision used. */
export const READ_FROM: Record<NonNullable<Decision["personSource"]>, string> = {
  posthog: "The person was read from PostHog at that moment.",
  segment: "The person was read from Segment at that moment.",
  own: "The person was read from the events that had arrived by then.",
  snapshot: "The person could not be read at that moment, so the properties known from the events were used.",
};

/** The reason that Novu gave for a run that failed there. */
export function runFailure({ transactionId }: RunRecord, decisions: Decision[]): string | null {
  const failed = decisions.filter((one) => one.transactionId === transactionId && one.outcome === "failed");
  return (failed.find(({ reason }) => reason === "lost at Novu") ?? failed.at(-1))?.detail ?? null;
}

/** "1 run", "2 runs" */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
