import { z } from "zod";
import { Channel } from "./channel.ts";
import { type Decision, FlagValue } from "./decision.ts";

/** The `$lib` of our reports to PostHog. */
export const OUR_LIB = "posthog-novu-bridge";

/**
 * The statuses of a message. `triggered` belongs to the whole run, `sent` and `skipped` are our own decisions,
 * `clicked` and `unsubscribed` come from our links, `withdrawn` is a note that was archived after an exit, and the others from Novu's webhooks, on the plans that have them.
 */
export const STATUSES = [
  "triggered",
  "sent",
  "skipped",
  "clicked",
  "unsubscribed",
  "withdrawn",
  "delivered",
  "seen",
  "read",
  "bounced",
  "complained",
  "failed",
] as const;

/** A report to PostHog about a message: the event `notification <status>`, once for each run, step and status. */
export const Report = z.object({
  status: z.enum(STATUSES),
  distinctId: z.string().min(1),
  workflow: z.string().min(1),
  transactionId: z.string().min(1),
  /** Null for a status of the whole run. */
  step: z.string().min(1).nullable(),
  channel: Channel.nullable(),
  /** The name of the email's component; null on other channels. */
  template: z.string().nullable().default(null),
  /** The values of PostHog's flags for this run, by flag. */
  variants: z.record(z.string(), FlagValue).default({}),
  /** The flags in `variants` to which this message exposes the person. PostHog gets one more event for each. */
  exposures: z.array(z.string()).optional(),
  /** Further properties of this status, such as the reason of `skipped`. */
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).default({}),
  /** ISO 8601 */
  at: z.iso.datetime(),
});
export type Report = z.infer<typeof Report>;

/** The report of a decision to PostHog. Only a final decision is reported (`isFinal`). */
export function reportOf(decision: Decision): Report {
  const { outcome, transactionId, workflow, step, channel, distinctId, decidedAt, template, exposures } = decision;
  const { reason, detail, personSource, variants, defaults, receipt } = decision;
  const shown = Object.entries(variants);
  return {
    status: outcome,
    ...{ transactionId, workflow, step, channel, distinctId, template, exposures },
    // A default is not a value of PostHog, so it is not reported as one.
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

/** The name of the event that reports a status. */
export function eventNameOf(status: (typeof STATUSES)[number]): string {
  return `notification ${status}`;
}

const OUR_EVENTS = new Set<string>(STATUSES.map(eventNameOf));

/** Whether an event is one of our own reports that PostHog forwarded to us. */
export function isEcho({ name, properties }: { name: string; properties: Record<string, unknown> }): boolean {
  return properties.$lib === OUR_LIB || OUR_EVENTS.has(name);
}
