// What the local Novu remembers: plain data, so that it can be kept in a file.

export type JobStatus = "pending" | "running" | "delayed" | "merged" | "completed" | "failed" | "canceled" | "skipped";

export interface Job {
  id: string;
  stepId: string;
  type: string;
  status: JobStatus;
  /** What a custom step returned; of the other types later steps are told by step-state.ts. */
  outputs: Record<string, unknown>;
  error: string | null;
  /** When a delayed job wakes; milliseconds since 1970. */
  wakesAt: number | null;
  /** When it came to an end, or began to wait; milliseconds since 1970. */
  changedAt: number | null;
  /** Novu's words on how it ended; none when an earlier version saved it. */
  details?: JobDetail[];
  /** Of a digest that was asked: what it gathers by ("" for all), and the waiting digest that took it in. */
  digest?: { key: string; mergedInto: string | null };
  /** Of a throttle that let its run pass: the window it counts in; milliseconds since 1970. */
  window?: { key: string; endsAt: number };
}

/** One execution detail of a job, in Novu's own words. */
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
  /** Where push and chat reach them. */
  channels?: SubscriberChannel[];
}

export interface SubscriberChannel {
  providerId: string;
  /** Which of several accounts at that provider; the provider's own name when there is one only. */
  _integrationId: string;
  credentials: { deviceTokens?: string[] | undefined; webhookUrl?: string | undefined };
}

/** What a subscriber chose, by channel; "" holds for every workflow. */
export type Preferences = Record<string, Record<string, boolean>>;

/** The hours in which a subscriber takes emails, SMS and push messages. */
export interface Schedule {
  isEnabled: boolean;
  weeklySchedule?: Partial<Record<Weekday, DaySchedule>> | undefined;
}

/** Of the hours, such as `{ start: "09:00 AM", end: "05:00 PM" }`, one may end the next day. */
export interface DaySchedule {
  isEnabled: boolean;
  hours?: Array<{ start: string; end: string }> | undefined;
}

export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** What the provider of an email was told besides subject and HTML. */
export interface MailParts {
  headers: Record<string, string>;
  /** Null when it was left to the provider. */
  text: string | null;
}

export interface Message {
  id: string;
  transactionId: string;
  workflowId: string;
  stepId: string;
  subscriberId: string;
  channel: string;
  /** Of push and chat, whom it went through; null for the other channels. */
  providerId: string | null;
  /** The address it went to, several device tokens with commas between; null where the channel has none. */
  to: string | null;
  content: Record<string, unknown>;
  /** What an email has besides; none when an earlier version saved it. */
  mail?: MailParts | null;
  sentAt: number;
  /** The provider's words when it did not take the message; absent when it did. */
  errorText?: string;
  seen: boolean;
  read: boolean;
  /** ISO 8601. */
  lastSeenDate: string | null;
  lastReadDate: string | null;
}

export interface PublishedWorkflow {
  workflowId: string;
  name: string | null;
  description?: string | null;
  tags?: string[];
  /** Whether a sync brought it, or somebody made it in the dashboard. */
  origin?: "external" | "novu-cloud";
  steps: Array<{ stepId: string; type: string; controls?: { schema?: ControlSchema } | undefined }>;
  preferences?: WorkflowPreferences | undefined;
  /** "none", where it is left out. */
  severity?: string | undefined;
  payload?: { schema?: PayloadSchema } | undefined;
}

/** JSON schema of what a trigger brings. */
export interface PayloadSchema {
  properties?: Record<
    string,
    { type?: string; enum?: unknown[]; default?: unknown; anyOf?: Array<{ type?: string; enum?: unknown[] }> }
  >;
  required?: string[];
}

/** JSON schema of what a colleague can change of a step. */
export interface ControlSchema {
  properties?: Record<string, { type?: string; title?: string; default?: unknown }>;
}

/** What the workflow's code says about its channels. */
export interface WorkflowPreferences {
  all?: { enabled?: boolean; readOnly?: boolean };
  channels?: Record<string, { enabled?: boolean }>;
}

export interface NovuState {
  bridgeUrl: string | null;
  workflows: PublishedWorkflow[];
  subscribers: Record<string, NovuSubscriber>;
  preferences: Record<string, Preferences>;
  /** By subscriber. */
  schedules: Record<string, Schedule>;
  runs: NovuRun[];
  messages: Message[];
  /** What colleagues have changed, by workflow and step. */
  controls: Record<string, Record<string, Record<string, unknown>>>;
}

export function emptyNovuState(): NovuState {
  return {
    bridgeUrl: null,
    workflows: [],
    subscribers: {},
    preferences: {},
    schedules: {},
    runs: [],
    messages: [],
    controls: {},
  };
}
