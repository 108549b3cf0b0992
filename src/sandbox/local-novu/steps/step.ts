import type { NOVU_PLANS } from "../../../contracts/novu.ts";
import type { Job, JobStatus, Message, NovuRun, NovuState, NovuSubscriber } from "../state.ts";

export type Plan = (typeof NOVU_PLANS)[keyof typeof NOVU_PLANS];

/** A step that the bridge has answered. */
export interface AnsweredStep {
  state: NovuState;
  plan: Plan;
  run: NovuRun;
  job: Job;
  /** As of before the call to the bridge: a later change does not affect this message. */
  subscriber: NovuSubscriber | undefined;
  outputs: Record<string, unknown>;
  /** The provider overrides in the answer of the bridge. */
  providers?: unknown;
  refusal: ProviderRefusal;
  /** Milliseconds since 1970. */
  now: number;
}

/** The error text of a provider that refuses the message; null when it accepts it. */
export type ProviderRefusal = (message: Message) => string | null;

/** The changes to a job. Novu calls the bridge again for a job that is still "running". */
export interface StepResult
  extends Partial<Pick<Job, "outputs" | "error" | "wakesAt" | "digest" | "window" | "details">> {
  status: JobStatus;
  /** The status of the later jobs; absent when they run. */
  rest?: JobStatus;
}
