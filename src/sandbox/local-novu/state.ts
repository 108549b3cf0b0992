// What the local Novu remembers: plain data, so that it can be kept in a file.

export type JobStatus = "pending" | "running" | "delayed" | "completed" | "failed" | "canceled" | "skipped";

export interface Job {
  id: string;
  stepId: string;
  type: string;
  status: JobStatus;
  /** What later steps are told of this one. */
  outputs: Record<string, unknown>;
  error: string | null;
  /** When a delayed job wakes; milliseconds since 1970. */
  wakesAt: number | null;
  /** When it came to an end, or began to wait; milliseconds since 1970. */
  changedAt: number | null;
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
}

/** What a subscriber chose, by channel; "" holds for every workflow. */
export type Preferences = Record<string, Record<string, boolean>>;

export interface Message {
  id: string;
  transactionId: string;
  workflowId: string;
  stepId: string;
  subscriberId: string;
  channel: string;
  /** The address it went to; null where the channel has none. */
  to: string | null;
  content: Record<string, unknown>;
  sentAt: number;
  seen: boolean;
  read: boolean;
}

export interface PublishedWorkflow {
  workflowId: string;
  name: string | null;
  steps: Array<{ stepId: string; type: string }>;
}

export interface NovuState {
  bridgeUrl: string | null;
  workflows: PublishedWorkflow[];
  subscribers: Record<string, NovuSubscriber>;
  preferences: Record<string, Preferences>;
  runs: NovuRun[];
  messages: Message[];
}

export function emptyNovuState(): NovuState {
  return { bridgeUrl: null, workflows: [], subscribers: {}, preferences: {}, runs: [], messages: [] };
}
