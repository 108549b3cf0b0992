import { z } from "zod";
import { Channel } from "./channel.ts";

/** The variant of a run; `default` where PostHog returned none. */
export interface RunVariant {
  variant: string;
  source: "posthog" | "default";
}

/** The value of a PostHog feature flag for one person; a text is the variant. False if PostHog has no such flag. */
export const FlagValue = z.union([z.boolean(), z.string()]);
export type FlagValue = z.infer<typeof FlagValue>;

/** The result of reading flags: the value of each flag, or "unavailable" if no value is known. */
export type FlagAnswer<Key extends string = string> =
  | { outcome: "answered"; values: Record<Key, FlagValue> }
  | { outcome: "unavailable"; why: string };

/** Whether a holdout's flag holds a person out: it is on, or has the variant "holdout". */
export function holdsOut(value: FlagValue | undefined): boolean {
  return value === true || value === "holdout";
}

/** The reason why a message was not sent. Each such decision has exactly one. */
const Reason = z.enum([
  /** An exit event arrived, such as checkout_completed; the detail names it. */
  "exited",
  /** The run could not start at Novu within the workflow's `startWithin`. */
  "too late",
  /** The person has entered the workflow before, and the workflow's `entry` does not allow another run now. */
  "entered before",
  /** The message's `skip` returned a reason, or a colleague turned the message off in Novu; the detail says which. */
  "not needed",
  /** The message's `skip` used properties of the person that cannot be read; the detail names them. */
  "unreadable",
  /** The source does not have this person, or has deleted the person. */
  "person not found",
  /** The person could not be read, and the workflow's `whenPersonUnavailable` is "then skip". */
  "person unavailable",
  /** The person has opted out; the detail is the topic or workflow. */
  "opted out",
  /** The bridge call of the step failed; the detail is the code of the error. */
  "error",
  /** The person has no usable address for this channel. */
  "unreachable",
  /**
   * The person has a new address, and this message cannot replace the one to which Novu would send. Novu gets the new
   * address for the next message; in a run with its event's address (`eventEmail`), for the next part of the run.
   */
  "address changed",
  /** The person is in a holdout, the group without messages that the others are compared to; the detail is the flag. */
  "held out",
  /** The person has had as many messages as the frequency cap allows. */
  "over the cap",
  /** A digest put this run into another run of the person; the detail is the other run, if it is known. */
  "digested",
  /** Novu ended the run at a throttle. */
  "throttled",
  /** The subscriber has turned this channel off at Novu, or the workflow's own `preferences` turn it off. */
  "opted out at Novu",
  /** The message was due outside the subscriber's Schedule at Novu. */
  "outside the schedule",
  /** The provider refused the message; the detail is the provider's reason. */
  "provider failed",
  /** The run ended at Novu before this message; the detail is Novu's reason. */
  "lost at Novu",
  /** The step was added to the workflow after this run had begun. */
  "added later",
  /** The step was removed from the workflow while this run was in progress. */
  "removed",
  /** The run's payload does not fit the workflow's schema any more; the detail names the fields. */
  "payload does not fit",
]);

/**
 * Whether Novu handed a message to its provider. `confirmed`: yes. `corrected`: no, and the decision has Novu's reason
 * now. `no answer`: unknown.
 */
const Receipt = z.enum(["confirmed", "corrected", "no answer"]);

/** The decision about one sending step of one run. */
export const Decision = z.object({
  transactionId: z.string().min(1),
  workflow: z.string().min(1),
  step: z.string().min(1),
  channel: Channel,
  distinctId: z.string().min(1),
  /** `failed` may not be final (see `isFinal`): another decision may replace it after a retry. */
  outcome: z.enum(["sent", "skipped", "failed"]),
  reason: Reason.nullable(),
  detail: z.string().nullable(),
  /** The origin of the person that was used; null where none was read. */
  personSource: z.enum(["posthog", "segment", "own", "snapshot"]).nullable(),
  /** The names of the person's properties that could not be read. */
  unreadable: z.array(z.string()).default([]),
  /** The `addressHash` of the address, and how the provider got the address; null for a message without an address. */
  address: z
    .object({ via: z.enum(["subscriber", "provider", "event"]), hash: z.string() })
    .nullable()
    .default(null),
  /** The name of the email's component; null on other channels, and where no email was made. */
  template: z.string().nullable().default(null),
  /** The variant of each experiment that the message used, and the value of each holdout flag, by flag. */
  variants: z.record(z.string(), FlagValue).default({}),
  /** The flags in `variants` for which PostHog gave no value, so that the default was used. */
  defaults: z.array(z.string()).default([]),
  /** The flags to which this message exposes the person; PostHog gets one exposure for each flag and run. */
  exposures: z.array(z.string()).default([]),
  /**
   * A short hash of each declared property that the person had (`propertyHashes`). A rehearsal shows by it that a person
   * had other properties than their events say. Absent where no person was read.
   */
  propertyHashes: z.record(z.string(), z.string()).optional(),
  /** The part of the run in which it was made (`partOf`); absent for the first part. */
  part: z.number().optional(),
  /** The Novu job whose bridge call made the decision; absent without a call. No second job may send the message. */
  jobId: z.string().optional(),
  /** The controls from Novu's dashboard that could not be used, so that the code's defaults applied. */
  unusableControls: z.array(z.string()).optional(),
  /** Absent before the receipt was read, and for a message that was never sent. */
  receipt: Receipt.optional(),
  /** ISO 8601 */
  decidedAt: z.iso.datetime(),
});
export type Decision = z.infer<typeof Decision>;

/** False if a retry by Novu may still change the decision. */
export function isFinal({ outcome, reason, receipt }: Pick<Decision, "outcome" | "reason" | "receipt">): boolean {
  return outcome !== "failed" || receipt !== undefined || reason === "lost at Novu";
}

/** The fields of a decision that was made without reading the person. */
export const NOTHING_COMPOSED = {
  personSource: null,
  unreadable: [],
  address: null,
  template: null,
  variants: {},
  defaults: [],
  exposures: [],
} satisfies Partial<Decision>;

/** The reason against a message. */
export type Objection = { reason: NonNullable<Decision["reason"]>; detail: string | null };
