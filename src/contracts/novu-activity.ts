/** One message as Novu lists it; a step that reaches several devices has several. */
export interface NovuMessageRecord {
  transactionId: string;
  /** Absent from an older Novu. */
  stepId?: string | undefined;
  channel: string;
  /** "sent", "error" or "warning"; empty where Novu has none. */
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
  /** Novu's records of the step, the earliest first. */
  details: Array<{ detail: string; raw?: string | null | undefined }>;
}

/** A run as Novu lists it. */
export interface NovuRunRecord {
  transactionId: string;
  /** ISO 8601 */
  createdAt: string | null;
}

/** Reads of runs and messages at Novu, on every plan. One attempt per call; each throws when Novu does not answer. */
export interface NovuActivity {
  /** One page of the messages of these runs, the newest first; the first page is 0. */
  messages(transactionIds: string[], page: number): Promise<{ messages: NovuMessageRecord[]; hasMore: boolean }>;
  /**
   * The steps of a run, in their order; of a transaction id that Novu took several times, those of each. Empty where
   * Novu has no such run. With `subscriberId`, those of this subscriber alone.
   */
  jobs(transactionId: string, subscriberId?: string): Promise<NovuJobRecord[]>;
  /** The run of one job, among the latest runs of its subscriber; null where Novu does not list it. */
  runOfJob(subscriberId: string, jobId: string): Promise<NovuRunRecord | null>;
  /** Whether the subscriber has a channel of a workflow on; null where Novu does not list the workflow. */
  isWanted(subscriberId: string, workflow: string, channel: string): Promise<boolean | null>;
}
