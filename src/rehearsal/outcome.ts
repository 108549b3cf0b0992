import { z } from "zod";
import { Channel } from "../contracts/channel.ts";
import { RUN_STATUSES } from "../contracts/history.ts";

// The result of a rehearsal: a file of JSON lines, one for each person, in the order of the person's id. Times are
// milliseconds since 1970.

/** The folder of the store, in the data folder of a process of a rehearsal. */
export const STORE = "store";

/** The decision about one message. */
const MessageOutcome = z.object({
  step: z.string(),
  channel: Channel,
  at: z.number(),
  outcome: z.enum(["sent", "skipped", "failed"]),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
  /** Whether it was sent although an exit event had ended the run. */
  isAfterExit: z.boolean().default(false),
  /** The hash of the message's content, without links and dates that change from run to run; null if not sent. */
  content: z.string().nullable().default(null),
});
export type MessageOutcome = z.infer<typeof MessageOutcome>;

const RunOutcome = z.object({
  transactionId: z.string(),
  workflow: z.string(),
  /** The event that started the run; null if it is not known. */
  event: z.string().nullable(),
  /** When the starting event happened. */
  at: z.number(),
  status: z.enum(RUN_STATUSES),
  endedAt: z.number().nullable(),
  /** The name of the exit event; null if none ended the run. */
  exit: z.string().nullable(),
  messages: z.array(MessageOutcome),
});
export type RunOutcome = z.infer<typeof RunOutcome>;

export const PersonOutcome = z.object({
  person: z.string(),
  /** IANA. */
  timeZone: z.string(),
  runs: z.array(RunOutcome),
});
export type PersonOutcome = z.infer<typeof PersonOutcome>;

/** The facts about a side of a rehearsal besides its people. */
export const SideFacts = z.object({
  /** The git ref, or "the working tree". */
  ref: z.string(),
  /** From the first event, or `--since`, until the end of the history. */
  from: z.number(),
  until: z.number(),
  events: z.number().int(),
  /** The events without an effect, by reason. */
  ignored: z.record(z.string(), z.number().int()),
  people: z.number().int(),
  seconds: z.number(),
  /** The most memory of a process, in bytes. */
  memory: z.number(),
  /** The limits of what the rehearsal knows, as sentences. */
  limits: z.array(z.string()),
  /** The workflows that the side has, in order, with the ids and channels of their messages. */
  workflows: z.array(z.object({ id: z.string(), messages: z.array(z.object({ step: z.string(), channel: Channel })) })),
});
export type SideFacts = z.infer<typeof SideFacts>;
