import { z } from "zod";
import { Decision } from "./decision.ts";
import { Exit, Start } from "./notification.ts";

/** Whom the work is with. One that is down does not hold up the other. */
export type Lane = "novu" | "posthog";

/** One thing to do at Novu or PostHog, kept until it is done. */
export const Work = z.discriminatedUnion("kind", [
  /** Start a workflow at Novu. */
  z.object({ kind: z.literal("start"), body: Start }),
  /** End the runs of a person who has left. */
  z.object({ kind: z.literal("exit"), body: Exit }),
  /** Tell PostHog what was decided. */
  z.object({ kind: z.literal("report"), body: Decision }),
]);
export type Work = z.infer<typeof Work>;

export function laneOf({ kind }: Work): Lane {
  return kind === "report" ? "posthog" : "novu";
}
