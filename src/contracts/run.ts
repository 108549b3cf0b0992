import { createHash } from "node:crypto";
import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";
import { Source } from "./event.ts";
import { PersonProperties } from "./person.ts";

/** A run of which Novu says for longer that it waits keeps nobody out, and counts as lost. */
export const LONGEST_RUN_MS = 60 * DAY_MS;

/**
 * One workflow for one person. These facts travel to Novu and back in the payload, under the key
 * `run`, because Novu tells the bridge neither the transaction id nor the event.
 */
export const Run = z.object({
  transactionId: z.string().min(1),
  eventUuid: z.string().min(1),
  eventName: z.string().min(1),
  distinctId: z.string().min(1),
  /** Who told of it. The runs of earlier versions are PostHog's. */
  source: Source.default("posthog"),
  /** When the starting event happened, ISO 8601. */
  occurredAt: z.iso.datetime(),
  /** The declared properties as they were at the event. */
  snapshot: PersonProperties,
  /** The time zone in which the starting event happened, IANA; it counts after the person's own. */
  timeZone: z.string().optional(),
  /** Those that were there and could not be read; none when left out. */
  unreadable: z.array(z.string()).optional(),
  /** The id of the shape that the workflow had when the run was triggered. The runs of earlier versions have none. */
  shape: z.string().optional(),
});
export type Run = z.infer<typeof Run>;

const HASH = /^[0-9a-f]{64}$/;
const ONE_JOB = "novu-job:";

/** The header `Idempotency-Key` carries it and a bit more: printable ASCII, of 255 at most. A space in front would be lost on the way. */
const SENDABLE = /^[\x21-\x7e][\x20-\x7e]{0,199}$/;

/** The same event and workflow always make the same id, so that a repeated trigger is the same trigger. */
export function transactionIdOf(eventUuid: string, workflow: string): string {
  const id = `${eventUuid}:${workflow}`;
  return SENDABLE.test(id) ? id : hashOf(id);
}

/** A run of one job alone: its trigger did not come from here, and Novu did not say in time of which run the job is. */
export function oneJobRunId(call: { jobId: string | null; workflow: string; distinctId: string }): string {
  return `${ONE_JOB}${call.jobId ?? hashOf(`${call.workflow}:${call.distinctId}`)}`;
}

/** Whether the other steps of the run at Novu are not of this run. */
export function isOfOneJob({ transactionId }: Pick<Run, "transactionId">): boolean {
  return transactionId.startsWith(ONE_JOB);
}

/** The run of one person, where one trigger that did not come from here has several, and another one has its id. */
export function sharedRunId({ transactionId, distinctId }: Pick<Run, "transactionId" | "distinctId">): string {
  return `${transactionId}${sharedBy(distinctId)}`;
}

/**
 * A run as Novu has it: its transaction, and whose part of that it is, where the trigger did not come from here and
 * may have several people. Null of a run of one job alone.
 */
export function atNovu({
  transactionId,
  workflow,
  distinctId,
}: Pick<Run, "transactionId" | "distinctId"> & { workflow: string }): RunAtNovu | null {
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

/** Whether the run has an id as `transactionIdOf` makes it. */
export function isTriggeredHere({ transactionId, workflow }: { transactionId: string; workflow: string }): boolean {
  return eventUuidOf(transactionId, workflow) !== null || HASH.test(transactionId);
}

function sharedBy(distinctId: string): string {
  // A distinct id may be an address, and a run's id is logged.
  return `:for:${hashOf(distinctId)}`;
}

/** The event that started a run; null for the rare id that is a hash and does not name it. */
export function eventUuidOf(transactionId: string, workflow: string): string | null {
  return transactionId.endsWith(`:${workflow}`) ? transactionId.slice(0, -workflow.length - 1) : null;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
