import { z } from "zod";
import { HOUR_MS } from "../lib/durations.ts";
import { PermanentError } from "../lib/errors.ts";
import { parseJson } from "../lib/json.ts";
import { Decision } from "./decision.ts";
import { DeviceList } from "./device.ts";
import { NextPart, waitIn } from "./event-wait.ts";
import { Report } from "./report.ts";
import { Exit, MergeRequest, Profile, Start } from "./routing.ts";
import { Run } from "./run.ts";

/** The queues of jobs. A service that is down, or a burst of changed subscribers, delays only its own queue. */
export const QUEUES = ["novu", "subscribers", "receipts", "persons", "posthog"] as const;
export type Queue = (typeof QUEUES)[number];

/** After a trigger or the end of a wait, the next bridge call of the run is overdue if it takes longer than this. */
export const CALL_WITHIN_MS = HOUR_MS;

const RunOfWorkflow = Run.pick({ transactionId: true, distinctId: true }).extend({ workflow: z.string().min(1) });

/** A run whose next bridge call is overdue. */
const Overdue = Run.pick({ transactionId: true, distinctId: true }).extend({
  /** The end of the run's present wait, ISO 8601; absent for a run that is not waiting. */
  waitEndsAt: z.iso.datetime().optional(),
});
export type Overdue = z.infer<typeof Overdue>;

/** Sends Novu the present address of a person before the next message is due. */
const Refresh = Run.pick({
  transactionId: true,
  distinctId: true,
  source: true,
  occurredAt: true,
  timeZone: true,
}).extend({
  /** Whether a bridge call has shown that Novu has another address. */
  isWrong: z.boolean(),
  /** The time when the message is decided, ISO 8601. A refresh after that time is of no use. */
  until: z.iso.datetime().optional(),
});
export type Refresh = z.infer<typeof Refresh>;

/** Topics whose opt-outs have changed. The job sends the opt-outs that the person has when the job runs. */
const ChangedTopics = z.object({
  distinctId: z.string().min(1),
  topics: z.array(z.string().min(1)),
  /** ISO 8601 */
  at: z.iso.datetime(),
});
export type ChangedTopics = z.infer<typeof ChangedTopics>;

/** A changed list of device tokens. The job sends the tokens that the list has when the job runs. */
const ChangedDevices = DeviceList.extend({
  distinctId: z.string().min(1),
  /** ISO 8601 */
  at: z.iso.datetime(),
});
export type ChangedDevices = z.infer<typeof ChangedDevices>;

/** The body of each kind of job. */
interface Bodies {
  /** Start a workflow at Novu. */
  start: Start;
  /** Cancel the runs of a person after an exit event. */
  exit: Exit;
  /** Make the next part due of each run that waits for this event. */
  "awaited event": Exit;
  /** Start the next part of a run at Novu, after its wait for an event. */
  "next part": NextPart;
  /** End a run that Novu has ended at a throttle, which Novu does not report. */
  throttle: z.infer<typeof RunOfWorkflow>;
  /** Ask Novu for the receipt of a message, and report it to PostHog. */
  receipt: Decision;
  /** Archive the unread notes of a run that an exit event has ended. */
  withdraw: z.infer<typeof RunOfWorkflow>;
  /** Ask Novu for the state of an overdue run. */
  overdue: Overdue;
  /** Upsert a subscriber at Novu. */
  "upsert subscriber": Profile;
  /** Read a person at the source, and send Novu a changed address, phone or locale. */
  "refresh subscriber": Refresh;
  /** Merge two ids, if the source has merged them, and ingest the ignored events of the previous id again. */
  merge: MergeRequest;
  /** Send a list of device tokens to Novu. */
  devices: ChangedDevices;
  /** Send the preferences of these topics to Novu. */
  preferences: ChangedTopics;
  /** Set the opt-outs on PostHog's person. */
  "opt-outs": ChangedTopics;
  /** Report a status of a message to PostHog. */
  report: Report;
}

export type JobKind = keyof Bodies;
export type BodyOf<Kind extends JobKind> = Bodies[Kind];
type JobOf<Kind extends JobKind> = { [One in Kind]: { kind: One; body: Bodies[One] } }[Kind];

/** One thing to do at Novu or PostHog, stored until it is done. */
export type Job = JobOf<JobKind>;

/** The person of a job, and its workflow and run where it has one. */
export interface JobSubject {
  distinctId: string;
  workflow: string | null;
  transactionId: string | null;
}

interface Definition<Body> {
  schema: z.ZodType<Body>;
  /** The service that the job waits for. */
  queue: Queue;
  /** Unique among the jobs of this kind: the store keeps one of two jobs with the same key. */
  key(body: Body): string;
  subject(body: Body): JobSubject;
}

const DEFINITIONS: { [Kind in JobKind]: Definition<Bodies[Kind]> } = {
  start: {
    schema: Start,
    queue: "novu",
    key: ({ run }) => run.transactionId,
    subject: ({ run, workflow }) => ofRun({ ...run, workflow }),
  },
  exit: {
    schema: Exit,
    queue: "novu",
    key: ({ eventUuid, workflow }) => `${eventUuid}:${workflow}`,
    subject: ({ distinctId, workflow }) => ({ distinctId, workflow, transactionId: null }),
  },
  "awaited event": {
    schema: Exit,
    queue: "novu",
    key: ({ eventUuid, workflow }) => `${eventUuid}:${workflow}`,
    subject: ({ distinctId, workflow }) => ({ distinctId, workflow: waitIn(workflow).workflow, transactionId: null }),
  },
  "next part": {
    schema: NextPart,
    queue: "novu",
    key: ({ run, wait }) => `${run.transactionId}:${wait}`,
    subject: ({ run, workflow }) => ofRun({ ...run, workflow }),
  },
  throttle: { schema: RunOfWorkflow, queue: "novu", key: ({ transactionId }) => transactionId, subject: ofRun },
  receipt: {
    schema: Decision,
    queue: "receipts",
    key: ({ transactionId, step }) => `${transactionId}:${step}`,
    subject: ofRun,
  },
  withdraw: { schema: RunOfWorkflow, queue: "receipts", key: ({ transactionId }) => transactionId, subject: ofRun },
  overdue: { schema: Overdue, queue: "receipts", key: ({ transactionId }) => transactionId, subject: ofRun },
  "upsert subscriber": {
    schema: Profile,
    queue: "subscribers",
    key: ({ eventUuid }) => eventUuid,
    subject: ({ subscriber }) => ofPerson(subscriber.subscriberId),
  },
  "refresh subscriber": {
    schema: Refresh,
    queue: "persons",
    // A run may have two refreshes at a time: a correction, due at once, and a refresh before its next message.
    key: ({ transactionId, isWrong }) => `${transactionId}${isWrong ? ":correction" : ""}`,
    subject: ofRun,
  },
  merge: {
    schema: MergeRequest,
    queue: "persons",
    key: ({ eventUuid }) => eventUuid,
    subject: ({ currentId }) => ofPerson(currentId),
  },
  devices: {
    schema: ChangedDevices,
    queue: "subscribers",
    key: ({ distinctId, provider, at }) => `${distinctId}:${provider}:${at}`,
    subject: ({ distinctId }) => ofPerson(distinctId),
  },
  preferences: { schema: ChangedTopics, queue: "subscribers", key: keyOfTopics, subject: topicsOfPerson },
  "opt-outs": { schema: ChangedTopics, queue: "posthog", key: keyOfTopics, subject: topicsOfPerson },
  report: {
    schema: Report,
    queue: "posthog",
    key: ({ transactionId, step, status }) => `${transactionId}:${step ?? ""}:${status}`,
    subject: ofRun,
  },
};

const JOB_KINDS = Object.keys(DEFINITIONS) as JobKind[];

const StoredJob = z.object({ kind: z.enum(JOB_KINDS), body: z.unknown() });

/** A job that this process has leased. */
export interface ClaimedJob {
  id: number;
  /** The job as JSON; another version may have written it. */
  body: string;
  /** The failed attempts so far; postponed attempts do not count. */
  attempts: number;
  /** Whether the job was retried or postponed before. */
  isTried: boolean;
  /**
   * How often the service has answered an attempt with an error. The idempotency key contains this number, because Novu
   * answers the same key with the same error.
   */
  refusals: number;
}

/** Reads a stored job. Throws a PermanentError that names the unreadable fields, but not their values. */
export function parseJob(text: string): Job {
  const stored = StoredJob.safeParse(parseJson(text));
  if (!stored.success) throw new PermanentError("a stored job has no kind that this version knows");
  const { kind, body } = stored.data;
  const parsed = DEFINITIONS[kind].schema.safeParse(body);
  if (parsed.success) return { kind, body: parsed.data } as Job;
  const fields = parsed.error.issues.map(({ path }) => path.join(".")).join(", ");
  throw new PermanentError(`a stored job "${kind}" cannot be read: ${fields}`);
}

export function queueOf({ kind }: Pick<Job, "kind">): Queue {
  return DEFINITIONS[kind].queue;
}

/** The key of the start of a run is this text and the transaction id of the run. */
export const START_KEY = "start:";

/** The key of the next part of a run is this text, the transaction id of the run, ":" and the wait. */
export const NEXT_PART_KEY = "next part:";

/** The kind and the key of a job, unique in the store. */
export function keyOf<Kind extends JobKind>({ kind, body }: JobOf<Kind>): string {
  return `${kind}:${DEFINITIONS[kind].key(body)}`;
}

export function subjectOf<Kind extends JobKind>({ kind, body }: JobOf<Kind>): JobSubject {
  return DEFINITIONS[kind].subject(body);
}

function ofRun(run: { transactionId: string; distinctId: string; workflow?: string }): JobSubject {
  return { distinctId: run.distinctId, workflow: run.workflow ?? null, transactionId: run.transactionId };
}

function ofPerson(distinctId: string): JobSubject {
  return { distinctId, workflow: null, transactionId: null };
}

function topicsOfPerson({ distinctId }: ChangedTopics): JobSubject {
  return ofPerson(distinctId);
}

function keyOfTopics({ distinctId, at }: ChangedTopics): string {
  return `${distinctId}:${at}`;
}
