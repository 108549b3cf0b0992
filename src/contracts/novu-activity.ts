import type { NovuAnswer } from "./novu-answer.ts";

/** One message as Novu lists it; a step that reaches several devices has several. */
export interface NovuMessageRecord {
  transactionId: string;
  /** Absent from an older Novu. */
  stepId?: string | undefined;
  channel: string;
  /** "sent", "error" or "warning"; empty where Novu does not say. */
  status: string;
  errorText?: string | undefined;
}

/** One step of a run as Novu lists it. */
export interface NovuJobRecord {
  id: string;
  step: string | null;
  type: string;
  /** "pending", "queued", "running", "delayed", "merged", "completed", "failed", "canceled" or "skipped" */
  status: string;
  /** Novu's words on what happened, the earliest first. */
  details: Array<{ detail: string; raw?: string | null | undefined }>;
}

/** A run as Novu lists it. */
export interface NovuRunRecord {
  transactionId: string;
  /** ISO 8601 */
  createdAt: string | null;
}

/** Novu's answer to one read; without `found` it is why there is none. */
export type NovuRead<Found> = { found: Found } | NovuAnswer;

/** Reads of what became of runs and messages, on every plan. One try per call. */
export interface NovuActivity {
  /** One page of the messages of these runs, the newest first; the first page is 0. */
  messages(
    transactionIds: string[],
    page: number,
  ): Promise<NovuRead<{ messages: NovuMessageRecord[]; hasMore: boolean }>>;
  /** The steps of a run, in their order; of a transaction id that Novu took several times, those of each. Empty where Novu has no such run. Of one subscriber alone, where it is said. */
  jobs(transactionId: string, subscriberId?: string): Promise<NovuRead<NovuJobRecord[]>>;
  /** The run that one job is of, among the latest of its subscriber; null where Novu does not list it. */
  runOfJob(subscriberId: string, jobId: string): Promise<NovuRead<NovuRunRecord | null>>;
  /** Whether the subscriber has a channel of a workflow on; null where Novu does not say. */
  isWanted(subscriberId: string, workflow: string, channel: string): Promise<NovuRead<boolean | null>>;
}
