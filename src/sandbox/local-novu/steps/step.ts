import type { NOVU_PLANS } from "../../../contracts/novu-plan.ts";
import type { Job, JobStatus, Message, NovuRun, NovuState, NovuSubscriber } from "../state.ts";

export type Plan = (typeof NOVU_PLANS)[keyof typeof NOVU_PLANS];

/** A step that the bridge has answered. */
export interface AnsweredStep {
  state: NovuState;
  plan: Plan;
  run: NovuRun;
  job: Job;
  /** As Novu loaded them before it called the bridge: a change during the call is too late for this message. */
  subscriber: NovuSubscriber | undefined;
  outputs: Record<string, unknown>;
  /** What the providers are told besides, as the bridge answered it. */
  providers?: unknown;
  /** The provider's words when it does not take a message; null when it does. */
  refusedBy: ProviderRefusal;
  /** Milliseconds since 1970. */
  now: number;
}

/** The words of a provider about a message that it does not take; null for one that it takes. */
export type ProviderRefusal = (message: Message) => string | null;

/** What becomes of a step. One that is still "running" is asked again. */
export interface Outcome extends Partial<Pick<Job, "outputs" | "error" | "wakesAt" | "digest" | "window" | "details">> {
  status: JobStatus;
  /** What becomes of the steps behind it; left out when they have their turn. */
  rest?: JobStatus;
}
