import type { NOVU_PLANS } from "../../../contracts/novu.ts";
import type { Job, JobStatus, Message, NovuRun, NovuState, NovuSubscriber } from "../state.ts";

export type Plan = (typeof NOVU_PLANS)[keyof typeof NOVU_PLANS];

/** A step for which the bridge has answered. */
export interface AnsweredStep {
  state: NovuState;
  plan: Plan;
  run: NovuRun;
  job: Job;
  /** As of before the call to the bridge. A later change of the subscriber does not affect this message. */
  subscriber: NovuSubscriber | undefined;
  outputs: Record<string, unknown>;
  /** The provider overrides in the answer of the bridge. */
  providers?: unknown;
  refusal: ProviderRefusal;
  /** Milliseconds since 1970. */
  now: number;
}

/** Returns the provider's error text if the provider refuses the message, or null. */
export type ProviderRefusal = (message: Message) => string | null;

/** The changes to a job. Novu calls the bridge again for a job whose status stays "running". */
export interface StepResult
  extends Partial<Pick<Job, "outputs" | "error" | "wakesAt" | "digest" | "window" | "details">> {
  status: JobStatus;
  /** The new status of the run's later jobs; absent when they will run. */
  rest?: JobStatus;
}
