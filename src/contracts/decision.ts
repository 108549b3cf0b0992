import { z } from "zod";
import { FlagValue } from "./flag.ts";

/** Why a message was not sent. Each decision not to send has exactly one. */
const Reason = z.enum([
  /** An exit event arrived, such as checkout_completed; the detail names it. */
  "exited",
  /** The event came to us, or got to Novu, long after it happened. */
  "too late",
  /** This person has entered the workflow before, and its `entry` lets nobody in again, or not so soon. */
  "entered before",
  /** The workflow's own condition on the person; the detail is its words. */
  "not needed",
  /** The workflow's own condition asked for properties of the person that cannot be read; the detail names them. */
  "unreadable",
  /** There is no such person (any more) where persons are read. */
  "person not found",
  /** The person could not be asked for, and the workflow does not send without it. */
  "person unavailable",
  /** The person does not want such messages; the detail is what they turned off. */
  "opted out",
  /** The step could not be made; the detail is the code of the failure. */
  "error",
  /** Nothing to reach the person by on this channel. */
  "unreachable",
  /** The person has another address now than Novu, and this message cannot be sent to it; Novu is told for the next one. */
  "address changed",
  /** The person is in the group that gets nothing, so that the effect can be measured; the detail is the flag. */
  "held out",
  /** The person was sent as many messages as one gets in that time. */
  "over the cap",
  /** Another run of the person says it, together with its own; the detail is that run. */
  "digested",
  /** Novu ended the run at a throttle. */
  "throttled",
  /** The subscriber, or the workflow's own `preferences`, have this channel turned off at Novu. */
  "opted out at Novu",
  /** It came outside the hours of the Schedule that the subscriber set at Novu. */
  "outside the schedule",
  /** The provider did not take the message; the detail is the provider's word. */
  "provider failed",
  /** The run ended at Novu before this message; the detail is Novu's word. */
  "lost at Novu",
  /** The step came into the workflow after this run had begun. */
  "added later",
  /** The step was taken out of the workflow while this run was in progress. */
  "removed",
  /** The run's payload does not fit the workflow's schema any more; the detail names the fields. */
  "payload does not fit",
]);

/**
 * Novu's answer to the question whether a message was handed to its provider: `confirmed`, it was;
 * `corrected`, it was not, and the decision says so; `no answer`, it is not known.
 */
const Receipt = z.enum(["confirmed", "corrected", "no answer"]);
export type Receipt = z.infer<typeof Receipt>;

export const Channel = z.enum(["email", "in_app", "push", "sms", "chat"]);
export type Channel = z.infer<typeof Channel>;

/** What happened at one sending step of one run. */
export const Decision = z.object({
  transactionId: z.string().min(1),
  workflow: z.string().min(1),
  step: z.string().min(1),
  channel: Channel,
  distinctId: z.string().min(1),
  /** `failed` may be not final, by `isFinal`: Novu may ask again, and then something else is decided. */
  outcome: z.enum(["sent", "skipped", "failed"]),
  reason: Reason.nullable(),
  detail: z.string().nullable(),
  /** Which person it rests on; null when none was asked for. */
  personSource: z.enum(["posthog", "segment", "own", "snapshot"]).nullable(),
  /** The names of the person's properties that could not be read. */
  unreadable: z.array(z.string()).default([]),
  /** The address that it was sent to, by `addressHash`, and how Novu was given it; null where there is none. */
  address: z
    .object({ via: z.enum(["subscriber", "provider"]), hash: z.string() })
    .nullable()
    .default(null),
  /** Which email it was, by the name of its component; null on other channels, and of what was not made. */
  template: z.string().nullable().default(null),
  /** What was shown for each experiment, and what each holdout said, by flag. */
  variants: z.record(z.string(), FlagValue).default({}),
  /** Those of these flags of which PostHog did not say it, so that it is the default. */
  defaults: z.array(z.string()).default([]),
  /** Those of which this is the first that the person gets, or is kept from, in this run: PostHog is told of it. */
  exposures: z.array(z.string()).default([]),
  /** Novu's job that asked for the step. The first job that sends owns the step; absent where no call of Novu's decided. */
  jobId: z.string().optional(),
  /** Controls set in Novu's dashboard that cannot be used, so that the code's default stood in their place; none when left out. */
  unusableControls: z.array(z.string()).optional(),
  /** Absent before Novu was asked, and of what was not sent to begin with. */
  receipt: Receipt.optional(),
  /** ISO 8601 */
  decidedAt: z.iso.datetime(),
});
export type Decision = z.infer<typeof Decision>;

/** Whether no later call of Novu is expected to decide otherwise. */
export function isFinal({ outcome, reason, receipt }: Pick<Decision, "outcome" | "reason" | "receipt">): boolean {
  return outcome !== "failed" || receipt !== undefined || reason === "lost at Novu";
}

/** What a decision says that was made without a look at the person. */
export const NOTHING_COMPOSED = {
  personSource: null,
  unreadable: [],
  address: null,
  template: null,
  variants: {},
  defaults: [],
  exposures: [],
} satisfies Partial<Decision>;

/** Why something is not sent. */
export type Objection = { reason: NonNullable<Decision["reason"]>; detail: string | null };
