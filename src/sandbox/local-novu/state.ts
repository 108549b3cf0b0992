import type { SandboxMessage, SandboxStep } from "../../contracts/sandbox.ts";
import { createLookup } from "../lookup.ts";

// The data of the local Novu, which `npm run dev` saves as JSON.

export type JobStatus = "pending" | "running" | "delayed" | "merged" | "completed" | "failed" | "canceled" | "skipped";

const OVER: JobStatus[] = ["completed", "failed", "canceled", "skipped", "merged"];

export function isOver({ status }: Pick<Job, "status">): boolean {
  return OVER.includes(status);
}

export interface Job extends SandboxStep {
  status: JobStatus;
  /** The outputs of a custom step. worker.ts makes the outputs of all other types. */
  outputs: Record<string, unknown>;
  details?: JobDetail[];
  /** Only of a digest: its key ("" for all events), and the id of the waiting digest into which it was merged. */
  digest?: { key: string; mergedInto: string | null };
  /** Only of a throttle that let its run continue: the window in which the run counts; milliseconds since 1970. */
  window?: { key: string; endsAt: number };
}

/** An execution detail, with the texts of Novu. */
export interface JobDetail {
  detail: string;
  status: "Success" | "Warning" | "Failed";
  /** JSON. */
  raw?: string;
  providerId?: string | null;
}

export interface NovuRun {
  transactionId: string;
  workflowId: string;
  subscriberId: string;
  payload: Record<string, unknown>;
  /** The address in the trigger to which the run's emails go, before the subscriber's. */
  toRecipient?: string;
  /** The id of each context, by its type; absent for none. */
  context?: Record<string, string>;
  startedAt: number;
  jobs: Job[];
}

export interface NovuSubscriber {
  subscriberId: string;
  email?: string | null;
  firstName?: string | null;
  lastName?: string | null;
  phone?: string | null;
  avatar?: string | null;
  locale?: string | null;
  timezone?: string | null;
  data?: Record<string, unknown> | null;
  /** The subscriber's addresses for push and chat. */
  channels?: SubscriberChannel[];
}

export interface SubscriberChannel {
  providerId: string;
  /** Identifies one of several accounts at the provider; by default the provider's id. */
  _integrationId: string;
  credentials: { deviceTokens?: string[] | undefined; webhookUrl?: string | undefined };
}

/** The preferences of a subscriber by workflow and channel. The workflow "" means all workflows. */
export type Preferences = Record<string, Record<string, boolean>>;

/** The hours in which Novu sends a subscriber email, SMS and push. */
export interface Schedule {
  isEnabled: boolean;
  weeklySchedule?: Partial<Record<Weekday, DaySchedule>> | undefined;
}

/** Hours such as `{ start: "09:00 AM", end: "05:00 PM" }`; a range may end the next day. */
export interface DaySchedule {
  isEnabled: boolean;
  hours?: Array<{ start: string; end: string }> | undefined;
}

export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** The parts of an email besides subject and HTML. */
export interface MailParts {
  headers: Record<string, string>;
  /** Null when the provider makes the text. */
  text: string | null;
  /** The names of the files. */
  attachments: string[];
}

export interface Message extends SandboxMessage {
  /** The provider of push and chat; null on other channels. Several device tokens in `to` are separated by commas. */
  providerId: string | null;
  mail: MailParts | null;
  /** The provider's error text; absent when the provider accepted the message. */
  errorText?: string;
  /** ISO 8601. */
  lastSeenDate: string | null;
  lastReadDate: string | null;
  /** The buttons that were clicked in the Inbox. */
  completed?: { primary?: boolean; secondary?: boolean };
}

export interface PublishedWorkflow {
  workflowId: string;
  name: string | null;
  description?: string | null;
  tags?: string[];
  /** "external" from a sync, "novu-cloud" from the dashboard. */
  origin?: "external" | "novu-cloud";
  steps: Array<{ stepId: string; type: string; controls?: { schema?: ControlSchema } | undefined }>;
  preferences?: WorkflowPreferences | undefined;
  /** "none" when absent. */
  severity?: string | undefined;
  payload?: { schema?: PayloadSchema } | undefined;
}

/** JSON schema of the payload of a trigger. */
export interface PayloadSchema {
  properties?: Record<
    string,
    { type?: string; enum?: unknown[]; default?: unknown; anyOf?: Array<{ type?: string; enum?: unknown[] }> }
  >;
  required?: string[];
}

/** JSON schema of the controls of a step. */
export interface ControlSchema {
  properties?: Record<string, { type?: string; title?: string; default?: unknown }>;
}

/** The channel preferences in the workflow's code. */
export interface WorkflowPreferences {
  all?: { enabled?: boolean; readOnly?: boolean };
  channels?: Record<string, { enabled?: boolean }>;
}

export interface NovuState {
  bridgeUrl: string | null;
  workflows: PublishedWorkflow[];
  subscribers: Record<string, NovuSubscriber>;
  preferences: Record<string, Preferences>;
  /** By subscriber id. */
  schedules: Record<string, Schedule>;
  /** The data of each context, by "type:id". */
  contexts: Record<string, Record<string, unknown>>;
  runs: NovuRun[];
  messages: Message[];
  /** The changed controls, by workflow and step. */
  controls: Record<string, Record<string, Record<string, unknown>>>;
}

export function emptyNovuState(): NovuState {
  return {
    bridgeUrl: null,
    workflows: [],
    subscribers: {},
    preferences: {},
    schedules: {},
    contexts: {},
    runs: [],
    messages: [],
    controls: {},
  };
}

const lookups = new WeakMap<NovuState, ReturnType<typeof lookupsOf>>();

/** The runs and messages of a state by their ids. */
export function find(state: NovuState) {
  const known = lookups.get(state);
  if (known !== undefined) return known;
  const made = lookupsOf(state);
  lookups.set(state, made);
  return made;
}

function lookupsOf(state: NovuState) {
  const runs = createLookup(
    () => state.runs,
    ({ transactionId }) => [transactionId],
  );
  const besides = createLookup(() => state.runs, personAndWorkflow);
  const messages = createLookup(
    () => state.messages,
    ({ id, transactionId }) => [`id ${id}`, `run ${transactionId}`],
  );
  return {
    runs: (transactionId: string) => runs.all(transactionId),
    /** The runs of the same subscriber and workflow, this run included. */
    runsLike: (run: NovuRun) => besides.all(personAndWorkflow(run)[0] ?? ""),
    message: (id: string) => messages.last(`id ${id}`),
    messagesOf: (transactionId: string) => messages.all(`run ${transactionId}`),
  };
}

function personAndWorkflow({ subscriberId, workflowId }: NovuRun): string[] {
  return [JSON.stringify([subscriberId, workflowId])];
}
