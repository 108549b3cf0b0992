import { z } from "zod";
import { HOUR_MS } from "../lib/durations.ts";
import { Capture } from "./capture.ts";
import { Decision } from "./decision.ts";
import { Exit, MergeRequest, Profile, Start } from "./routing.ts";
import { Run } from "./run.ts";

/** One for each service and purpose. A service that is down, or a flood of profiles, does not delay the other queues. */
export const QUEUES = ["novu", "profiles", "receipts", "persons", "posthog"] as const;
export type Queue = (typeof QUEUES)[number];

/** A run that Novu may have ended at a throttle. */
const Unheard = z.object({
  transactionId: z.string().min(1),
  workflow: z.string().min(1),
  distinctId: z.string().min(1),
});

/** A run has its next bridge call within this time after its trigger, or after the end of a wait. */
export const HEARD_WITHIN_MS = HOUR_MS;

/** A run whose next bridge call is overdue. */
const Overdue = z.object({
  transactionId: z.string().min(1),
  distinctId: z.string().min(1),
  /** The end of the wait that the run is in, ISO 8601; absent where it is in none. */
  waitEndsAt: z.iso.datetime().optional(),
});
export type Overdue = z.infer<typeof Overdue>;

/** A person whose next message is due: their present address is sent to Novu before. */
const Refresh = Run.pick({
  transactionId: true,
  distinctId: true,
  source: true,
  occurredAt: true,
  timeZone: true,
}).extend({
  /** Whether a bridge call has shown that Novu has another address. */
  isWrong: z.boolean(),
  /** After this the refresh is of no use, ISO 8601: the message is decided. */
  until: z.iso.datetime().optional(),
});
export type Refresh = z.infer<typeof Refresh>;

/** Topics whose opt-out has changed. The state that is sent is the one at the time of sending. */
export const Chosen = z.object({
  distinctId: z.string().min(1),
  topics: z.array(z.string().min(1)),
  /** ISO 8601 */
  at: z.iso.datetime(),
});
export type Chosen = z.infer<typeof Chosen>;

/** One thing to do at Novu or PostHog, stored until it is done. */
export const Job = z.discriminatedUnion("kind", [
  /** Start a workflow at Novu. */
  z.object({ kind: z.literal("start"), body: Start }),
  /** Cancel the runs of a person after an exit event. */
  z.object({ kind: z.literal("exit"), body: Exit }),
  /** End a run that Novu has ended at a throttle, which Novu does not report. */
  z.object({ kind: z.literal("unheard"), body: Unheard }),
  /** Ask Novu for the receipt of a message, and report it to PostHog. */
  z.object({ kind: z.literal("receipt"), body: Decision }),
  /** Ask Novu for the state of an overdue run. */
  z.object({ kind: z.literal("overdue"), body: Overdue }),
  /** Upsert a subscriber at Novu. */
  z.object({ kind: z.literal("profile"), body: Profile }),
  /** Read a person at the source, and send Novu a changed address, phone or locale. */
  z.object({ kind: z.literal("refresh"), body: Refresh }),
  /** Merge two ids, if the source has, and ingest the ignored events of the previous one again. */
  z.object({ kind: z.literal("join"), body: MergeRequest }),
  /** Send the preferences of these topics to Novu. */
  z.object({ kind: z.literal("preferences"), body: Chosen }),
  /** Set the opt-outs on PostHog's person. */
  z.object({ kind: z.literal("unwanted"), body: Chosen }),
  /** Report a decision to PostHog. */
  z.object({ kind: z.literal("report"), body: Decision }),
  /** Report another status of a message to PostHog. */
  z.object({ kind: z.literal("capture"), body: Capture }),
]);
export type Job = z.infer<typeof Job>;

/** The service that the job waits for. */
export function queueOf({ kind }: Pick<Job, "kind">): Queue {
  if (kind === "refresh" || kind === "join") return "persons";
  if (kind === "receipt" || kind === "overdue") return "receipts";
  if (kind === "profile" || kind === "preferences") return "profiles";
  return kind === "report" || kind === "capture" || kind === "unwanted" ? "posthog" : "novu";
}

/** Two jobs with the same key are the same job: the store has one of them. */
export function keyOf({ kind, body }: Job): string {
  switch (kind) {
    case "start":
      return `start:${body.run.transactionId}`;
    case "exit":
      return `exit:${body.eventUuid}:${body.workflow}`;
    case "unheard":
    case "overdue":
      return `${kind}:${body.transactionId}`;
    case "receipt":
      return `receipt:${body.transactionId}:${body.step}`;
    case "profile":
    case "join":
      return `${kind}:${body.eventUuid}`;
    case "refresh":
      return `${body.isWrong ? "correction" : "refresh"}:${body.transactionId}`;
    case "preferences":
    case "unwanted":
      return `${kind}:${body.distinctId}:${body.at}`;
    case "report":
      return `report:${body.transactionId}:${body.step}:${body.outcome}`;
    case "capture":
      return `report:${body.transactionId}:${body.step ?? ""}:${body.status}`;
  }
}

/** The person of a job, and its workflow and run where it has one. */
export interface JobSubject {
  distinctId: string;
  workflow: string | null;
  transactionId: string | null;
}

export function subjectOf({ kind, body }: Job): JobSubject {
  switch (kind) {
    case "start":
      return { distinctId: body.run.distinctId, workflow: body.workflow, transactionId: body.run.transactionId };
    case "exit":
      return { distinctId: body.distinctId, workflow: body.workflow, transactionId: null };
    case "profile":
      return { distinctId: body.subscriber.subscriberId, workflow: null, transactionId: null };
    case "join":
      return { distinctId: body.currentId, workflow: null, transactionId: null };
    case "preferences":
    case "unwanted":
      return { distinctId: body.distinctId, workflow: null, transactionId: null };
    case "overdue":
    case "refresh":
      return { distinctId: body.distinctId, workflow: null, transactionId: body.transactionId };
    default:
      return { distinctId: body.distinctId, workflow: body.workflow, transactionId: body.transactionId };
  }
}
