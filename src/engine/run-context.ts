import { z } from "zod";
import type { Channel } from "../contracts/channel.ts";
import type { Decision } from "../contracts/decision.ts";
import { type Person, readPerson } from "../contracts/person.ts";
import { Run } from "../contracts/run.ts";
import type { Send } from "../contracts/send.ts";
import type { Experiments } from "./experiment.ts";
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

/** Any object in the published schema: the app adds it to each trigger. */
export const RunInPayload = z.looseObject({}).optional().meta({ description: "Filled in by the bridge" });

/** The run of a bridge call; `rehearsal` where a trigger from Novu's dashboard has none. */
type CurrentRun = Run & { workflow: string; rehearsal: boolean };

export function runOf({
  payload,
  subscriber,
  workflow,
  now,
}: {
  payload: Record<string, unknown>;
  subscriber: { subscriberId?: string; email?: string | null; firstName?: string | null };
  workflow: string;
  now: number;
}): CurrentRun {
  const facts = RunInPayload.parse(payload.run);
  // A run that cannot be parsed throws: without it a message would go out unguarded.
  if (facts?.transactionId !== undefined) {
    const run = Run.parse(facts);
    // It may be of an earlier version with other property types.
    return { ...run, snapshot: readPerson({ ...run.snapshot }).properties, workflow, rehearsal: false };
  }

  const distinctId = subscriber?.subscriberId ?? "";
  return {
    workflow,
    rehearsal: true,
    transactionId: "",
    eventUuid: "",
    eventName: "",
    source: "posthog",
    distinctId,
    occurredAt: new Date(now).toISOString(),
    snapshot: readPerson({ email: subscriber?.email, name: subscriber?.firstName }).properties,
  };
}

/** The fields of a call's subscriber that the engine reads. Novu sends more of them than the framework's type has. */
export function novuSubscriber(subscriber: object | undefined): {
  addresses: Send["addresses"];
  timeZone: string | undefined;
} {
  const { email, phone, channels, timezone } = (subscriber ?? {}) as Pick<Send["addresses"], "email" | "phone"> & {
    channels?: unknown;
    timezone?: unknown;
  };
  return {
    addresses: {
      email,
      phone,
      channels: Array.isArray(channels) ? channels.filter((one) => typeof one === "object" && one !== null) : undefined,
    },
    timeZone: typeof timezone === "string" ? timezone : undefined,
  };
}
