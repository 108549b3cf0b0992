import { z } from "zod";
import { HOUR_MS } from "../lib/durations.ts";
import { Capture } from "./capture.ts";
import { Decision } from "./decision.ts";
import { Exit, MergeRequest, Profile, Start } from "./routing.ts";
import { Run } from "./run.ts";

/** Whom the work is with, and what it is about. None holds up another: not one that is down, nor a flood of profiles. */
export const QUEUES = ["novu", "profiles", "receipts", "persons", "posthog"] as const;
export type Queue = (typeof QUEUES)[number];

/** A run that Novu may have ended by itself. */
const Unheard = z.object({
  transactionId: z.string().min(1),
  workflow: z.string().min(1),
  distinctId: z.string().min(1),
});

/** After its trigger, or the end of a wait, something is heard of a run within that time. */
export const HEARD_WITHIN_MS = HOUR_MS;

/** A run of which something must have been heard by now. */
const Overdue = z.object({
  transactionId: z.string().min(1),
  /** When the wait that the run is in should end; ISO 8601. Absent where it is in none. */
  waitEndsAt: z.iso.datetime().optional(),
});
export type Overdue = z.infer<typeof Overdue>;

/** A person whose next message is due: Novu is to have the address that they have now. */
const Refresh = Run.pick({
  transactionId: true,
  distinctId: true,
  source: true,
  occurredAt: true,
  timeZone: true,
}).extend({
  /** Whether a step has seen that Novu has another address. */
  isWrong: z.boolean(),
  /** Later than that nobody waits for it any more, ISO 8601: each step looks for itself. */
  until: z.iso.datetime().optional(),
});
export type Refresh = z.infer<typeof Refresh>;

/** A person wants these, or does not want them any more; what is told is what holds by then. */
export const Chosen = z.object({
  distinctId: z.string().min(1),
  topics: z.array(z.string().min(1)),
  /** ISO 8601 */
  at: z.iso.datetime(),
});
export type Chosen = z.infer<typeof Chosen>;

/** One thing to do at Novu or PostHog, kept until it is done. */
export const Job = z.discriminatedUnion("kind", [
  /** Start a workflow at Novu. */
  z.object({ kind: z.literal("start"), body: Start }),
  /** End the runs of a person who has left. */
  z.object({ kind: z.literal("exit"), body: Exit }),
  /** Note that Novu has ended a run at a throttle, which it tells nobody, when it has not gone on by then. */
  z.object({ kind: z.literal("unheard"), body: Unheard }),
  /** Ask Novu what became of a message, and tell PostHog. */
  z.object({ kind: z.literal("receipt"), body: Decision }),
  /** Ask Novu what became of a run of which nothing was heard. */
  z.object({ kind: z.literal("overdue"), body: Overdue }),
  /** Tell Novu what is known of a person. */
  z.object({ kind: z.literal("profile"), body: Profile }),
  /** Read a person, and tell Novu of the address, phone and locale that have changed. */
  z.object({ kind: z.literal("refresh"), body: Refresh }),
  /** Make two ids one person, if the source has, and look again at what was ignored of the former. */
  z.object({ kind: z.literal("join"), body: MergeRequest }),
  /** Tell Novu which of these topics a person wants. */
  z.object({ kind: z.literal("preferences"), body: Chosen }),
  /** Tell PostHog's person what it does not want. */
  z.object({ kind: z.literal("unwanted"), body: Chosen }),
  /** Tell PostHog what was decided. */
  z.object({ kind: z.literal("report"), body: Decision }),
  /** Tell PostHog what else became of a message. */
  z.object({ kind: z.literal("capture"), body: Capture }),
]);
export type Job = z.infer<typeof Job>;

export function queueOf({ kind }: Job): Queue {
  if (kind === "refresh" || kind === "join") return "persons";
  if (kind === "receipt" || kind === "overdue") return "receipts";
  if (kind === "profile" || kind === "preferences") return "profiles";
  return kind === "report" || kind === "capture" || kind === "unwanted" ? "posthog" : "novu";
}

/** The key of the work that reads the person of a run before its next message. */
export function refreshKey(transactionId: string): string {
  return `refresh:${transactionId}`;
}

/** The key of the work that corrects the person's address at Novu, which a step of a run has seen to be another one. */
export function correctionKey(transactionId: string): string {
  return `correction:${transactionId}`;
}

/** The key of the work that asks Novu what became of a message. */
export function receiptKey({ transactionId, step }: Pick<Decision, "transactionId" | "step">): string {
  return `receipt:${transactionId}:${step}`;
}

/** The key of the work that looks what became of a run, when something must have been heard of it. */
export function overdueKey(transactionId: string): string {
  return `overdue:${transactionId}`;
}

/** The key of the work that sees to a run of which nothing may be heard any more. */
export function unheardKey(transactionId: string): string {
  return `unheard:${transactionId}`;
}
