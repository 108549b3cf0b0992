import { createHash } from "node:crypto";
import { z } from "zod";
import { DAY_MS, MINUTE_MS } from "../lib/durations.ts";
import { Source } from "./event.ts";
import { NoteState } from "./novu.ts";
import { PersonProperties } from "./person.ts";

/** A run that waits at Novu for longer than this counts as lost. A lost run does not block another entry. */
export const LONGEST_RUN_MS = 60 * DAY_MS;

const EarlierParts = z.object({
  /** The waits for events that are over, by step, with whether the event came. */
  waits: z.record(z.string(), z.object({ came: z.boolean() })),
  /** All steps of these parts. */
  steps: z.array(z.string()),
  /** The in-app notes of these parts, by step, as they were when the last wait ended. */
  notes: z.record(z.string(), NoteState),
  /** The hash of the schema that the payload was made for (`payload` of a shape); absent where it is not known. */
  payloadSchema: z.string().optional(),
});

/**
 * One workflow for one person. The trigger puts these facts into the payload as `run`, and each bridge call has the
 * payload. Without `run`, a bridge call would have neither the transaction id nor the event.
 */
export const Run = z.object({
  transactionId: z.string().min(1),
  eventUuid: z.string().min(1),
  eventName: z.string().min(1),
  distinctId: z.string().min(1),
  /** The source of the event. */
  source: Source,
  /** When the starting event happened, ISO 8601. */
  occurredAt: z.iso.datetime(),
  /** The declared person properties at the time of the event. */
  snapshot: PersonProperties,
  /** The time zone of the starting event, IANA; used where the person has none. */
  timeZone: z.string().optional(),
  /** The language of the browser or the device that sent the starting event, BCP 47; used where the person has none. */
  locale: z.string().optional(),
  /**
   * The person's email address in the starting event, where the workflow reads one (`emailIn`) and the person had no
   * other. In a trigger: Novu sends the run's emails there. Absent if the person had another address at the trigger.
   */
  eventEmail: z.string().optional(),
  /** The properties in the event that could not be read; absent where there are none. */
  unreadable: z.array(z.string()).optional(),
  /**
   * Set where the event is of another person (`recipients` of a workflow). The run then has no snapshot, and sends
   * nothing while its person cannot be read.
   */
  isOthersEvent: z.literal(true).optional(),
  /** The id of the workflow's shape at the trigger; absent where this app did not trigger the run. */
  shape: z.string().optional(),
  /** The earlier parts of the run; absent in the first part. A part ends where the run waits for an event. */
  before: EarlierParts.optional(),
});
export type Run = z.infer<typeof Run>;
export type EarlierParts = z.infer<typeof EarlierParts>;
/** The run of a person with an own email address, to which its emails go. */
export function withoutEventEmail({ eventEmail: _, ...run }: Run): Run {
  return run;
}

/** A run, and its person. */
export type RunKey = Pick<Run, "transactionId" | "distinctId">;

const HASH = /^[0-9a-f]{64}$/;
const OF_RECIPIENT = /:for:[0-9a-f]{64}$/;
const ONE_JOB = "novu-job:";

/**
 * The transaction id is a part of the header `Idempotency-Key`, which takes 255 printable ASCII characters at most.
 * HTTP drops a leading space.
 */
const SENDABLE = /^[\x21-\x7e][\x20-\x7e]{0,199}$/;

/** The number of the run's present part: how many waits for events are over. */
export function partOf({ before }: Pick<Run, "before">): number {
  return Object.keys(before?.waits ?? {}).length;
}

/**
 * The transaction id of one part of a run at Novu, where each part is a trigger. The first part, 0, has the id of the
 * run.
 */
export function partId(transactionId: string, part: number): string {
  if (part === 0) return transactionId;
  const id = `${transactionId}#${part}`;
  return SENDABLE.test(id) ? id : hashOf(id);
}

/** The ids of the runs that may have this transaction id at Novu. */
export function runIdsOf(novuTransactionId: string): string[] {
  return [novuTransactionId, novuTransactionId.replace(/#\d+$/, "")];
}

/** The same event and workflow always have the same id, so Novu recognises a repeated trigger. */
export function transactionIdOf(eventUuid: string, workflow: string): string {
  const id = `${eventUuid}:${workflow}`;
  return SENDABLE.test(id) && !OF_RECIPIENT.test(eventUuid) ? id : hashOf(id);
}

/** The id of the run of a recipient whose event is another person's: `<uuid>:for:<hash>:<workflow>`. */
export function recipientIdOf({
  eventUuid,
  workflow,
  distinctId,
}: Pick<Run, "eventUuid" | "distinctId"> & { workflow: string }): string {
  const id = `${eventUuid}${sharedBy(distinctId)}:${workflow}`;
  return SENDABLE.test(id) ? id : hashOf(id);
}

/** The id of a run that another system triggered and that Novu did not list in time. Only one Novu job is known. */
export function oneJobRunId(call: { jobId: string | null; workflow: string; distinctId: string }): string {
  return `${ONE_JOB}${call.jobId ?? hashOf(`${call.workflow}:${call.distinctId}`)}`;
}

/** Whether only one Novu job of this run is known (`oneJobRunId`). */
export function isOfOneJob({ transactionId }: Pick<Run, "transactionId">): boolean {
  return transactionId.startsWith(ONE_JOB);
}

/** The run id of a further person. One trigger of another system may start runs of several persons. */
export function sharedRunId({ transactionId, distinctId }: RunKey): string {
  return `${transactionId}${sharedBy(distinctId)}`;
}

/**
 * The transaction id of a part of a run at Novu. For a run that another system triggered also the subscriber, because
 * its transaction may have several. Null for a run of which only one Novu job is known.
 */
export function atNovu({
  transactionId,
  workflow,
  distinctId,
  part = 0,
}: RunKey & { workflow: string; part?: number | undefined }): RunAtNovu | null {
  // This app triggers every further part.
  if (part > 0) return { transactionId: partId(transactionId, part) };
  if (isOfOneJob({ transactionId })) return null;
  if (isTriggeredHere({ transactionId, workflow })) return { transactionId };
  const shared = sharedBy(distinctId);
  const isShared = transactionId.endsWith(shared);
  return { transactionId: isShared ? transactionId.slice(0, -shared.length) : transactionId, subscriberId: distinctId };
}

export interface RunAtNovu {
  transactionId: string;
  subscriberId?: string;
}

/** Whether this app triggered the run: its id has a form that `transactionIdOf` makes. */
export function isTriggeredHere({ transactionId, workflow }: { transactionId: string; workflow: string }): boolean {
  return eventUuidOf(transactionId, workflow) !== null || HASH.test(transactionId);
}

function sharedBy(distinctId: string): string {
  // Hashed, because a distinct id may be an email address, and run ids are logged.
  return `:for:${hashOf(distinctId)}`;
}

/** The uuid of the event that started a run; null if the run's id does not contain a uuid. */
export function eventUuidOf(transactionId: string, workflow: string): string | null {
  if (!transactionId.endsWith(`:${workflow}`)) return null;
  return transactionId.slice(0, -workflow.length - 1).replace(OF_RECIPIENT, "");
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** An event, or a fact that follows from it, with the order of its arrival. */
export interface Arrived {
  /** ISO 8601 */
  occurredAt: string;
  /** A number that grows with each event; null or absent counts as unknown. */
  arrival?: number | null;
}

/** PostHog and Segment correct the clocks of devices by seconds. Within this time, the order of arrival counts. */
const SKEW_MS = 2 * MINUTE_MS;

/**
 * Whether an exit is late enough to end a run: it happened later or at the same time, or up to `SKEW_MS` earlier but
 * arrived later.
 */
export function isSince(exit: Arrived, run: Arrived): boolean {
  if (exit.occurredAt >= run.occurredAt) return true;
  return (exit.arrival ?? 0) > (run.arrival ?? Infinity) && exit.occurredAt >= earliestExit(run.occurredAt);
}

/** The earliest time of an exit that ends a run of this time, ISO 8601. */
export function earliestExit(occurredAt: string): string {
  return new Date(Date.parse(occurredAt) - SKEW_MS).toISOString();
}

/** The latest time of a run that an exit of this time ends, ISO 8601. */
export function latestStart(occurredAt: string): string {
  return new Date(Date.parse(occurredAt) + SKEW_MS).toISOString();
}
