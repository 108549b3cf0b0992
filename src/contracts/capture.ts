import { z } from "zod";
import { Channel } from "./channel.ts";
import type { Decision } from "./decision.ts";
import { FlagValue } from "./flag.ts";
import { eventUuidOf } from "./run.ts";

/**
 * What becomes of a message: `triggered` is of the whole run, `sent` and `skipped` are our own
 * decisions, `clicked` and `unsubscribed` what the person did by our links, and the rest what Novu
 * tells by its webhooks, on the plans that have them.
 */
export const STATUSES = [
  "triggered",
  "sent",
  "skipped",
  "clicked",
  "unsubscribed",
  "delivered",
  "seen",
  "read",
  "bounced",
  "complained",
  "failed",
] as const;

/** What PostHog is told of a message, as `notification <status>` of its person; once for each run, step and status. */
export const Capture = z.object({
  status: z.enum(STATUSES),
  distinctId: z.string().min(1),
  workflow: z.string().min(1),
  transactionId: z.string().min(1),
  /** Null where it is of the whole run. */
  step: z.string().min(1).nullable(),
  channel: Channel.nullable(),
  /** Which email it was; null on other channels. */
  template: z.string().nullable().default(null),
  /** What PostHog's flags said for this run, by flag. */
  variants: z.record(z.string(), FlagValue).default({}),
  /** Those of these flags that the person is exposed to by it, which PostHog is told in events of their own; none when left out. */
  exposures: z.array(z.string()).optional(),
  /** What belongs to this status alone, such as the reason of `skipped`. */
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  /** ISO 8601 */
  at: z.iso.datetime(),
});
export type Capture = z.infer<typeof Capture>;

/** The report of a decision to PostHog; one that is not final is not reported. */
export function captureOf(decision: Decision): Capture {
  const { outcome, transactionId, workflow, step, channel, distinctId, decidedAt, template, exposures } = decision;
  const { reason, detail, personSource, variants, defaults, receipt } = decision;
  const shown = Object.entries(variants);
  return {
    status: outcome,
    ...{ transactionId, workflow, step, channel, distinctId, template, exposures },
    // What PostHog did not say must not pass for its answer.
    variants: Object.fromEntries(shown.filter(([flag]) => !defaults.includes(flag))),
    properties: {
      reason,
      detail,
      person_source: personSource,
      ...(outcome === "sent" && receipt !== undefined && { receipt }),
      ...(shown.length > 0 && {
        variant: shown.map(([flag, variant]) => `${flag}: ${variant}`).join(", "),
        variant_source: defaults.length > 0 ? "default" : "posthog",
      }),
    },
    at: decidedAt,
  };
}

/** The properties that every `notification …` event has. */
export function propertiesOf({ workflow, step, channel, transactionId, template, variants, properties }: Capture) {
  return {
    workflow,
    step,
    channel,
    transaction_id: transactionId,
    event_uuid: eventUuidOf(transactionId, workflow),
    template,
    ...Object.fromEntries(Object.entries(variants).map(([flag, variant]) => [`$feature/${flag}`, variant])),
    ...properties,
  };
}
