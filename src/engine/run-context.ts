import type { Channel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import type { Person } from "../contracts/person.ts";
import type { Run } from "../contracts/run.ts";
import type { Send } from "../contracts/send.ts";
import type { Experiments } from "./experiment.ts";
import type { CurrentRun } from "./run-in-payload.ts";
import type { StepDependencies } from "./step-dependencies.ts";

/** Where the person cannot be read: send by the event's snapshot, or let Novu retry the step and, after its last retry, send or skip. */
export type WhenUnreadable = "send" | { hold: "then send" | "then skip" };

/** The rules for all messages of a workflow. */
export interface Rules extends Pick<Send, "topic" | "holdout"> {
  workflow: string;
  whenUnreadable: WhenUnreadable;
  /** The channels that the workflow's own preferences have off; a subscriber may turn them on, unless `isLocked`. */
  off: { channels: Channel[]; isLocked: boolean };
  experiments: Experiments;
}

/** One run of a workflow in one bridge call, as its steps see it. */
export interface RunContext {
  run: CurrentRun;
  rules: Rules;
  deps: StepDependencies;
  payload: Record<string, unknown>;
  /** The subscriber's time zone at Novu. */
  novuTimeZone: string | undefined;
  /** The subscriber's addresses at Novu. */
  addresses: Send["addresses"];
  /** Read once per bridge call. */
  person(): Promise<Person | null>;
  /** The decisions of the call's step. The bridge records them when it has the step's answer. */
  decisions: Decision[];
  /** The person's other runs that a digest has put into this one. */
  digested: Run[];
}
