import { z } from "zod";

// A history is a file of JSON lines, in the order of arrival. A rehearsal plays it.

const Body = z.record(z.string(), z.unknown());
const at = z.iso.datetime();
/** When the event arrived; ISO 8601 in UTC. */
const arrival = { at };

/** An event as its source sends it. An event of a sweep has the form of PostHog's webhook body. */
const EventLine = z.object({ ...arrival, source: z.enum(["posthog", "segment", "sweep"]), body: Body });

/** Something that a person did with a message, or an opt-out. A rehearsal plays it only with `--replies recorded`. */
const ReplyLine = z.object({
  ...arrival,
  source: z.literal("reply"),
  body: z.discriminatedUnion("kind", [
    z.object({
      kind: z.enum(["seen", "read"]),
      distinct_id: z.string(),
      transaction_id: z.string(),
      step: z.string(),
    }),
    /** `topic` is "all", a topic, or one workflow as `workflow:<id>`. */
    z.object({ kind: z.literal("opt-out"), distinct_id: z.string(), topic: z.string(), is_out: z.boolean() }),
  ]),
});

export const HistoryLine = z.discriminatedUnion("source", [EventLine, ReplyLine]);
export type HistoryLine = z.infer<typeof HistoryLine>;
