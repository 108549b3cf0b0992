import { z } from "zod";
import { Decision } from "./decision.ts";
import { Exit, Profile, Start } from "./notification.ts";

/** Whom the work is with, and what it is about. None holds up another: not one that is down, nor a flood of profiles. */
export const LANES = ["novu", "profiles", "posthog"] as const;
export type Lane = (typeof LANES)[number];

/** One thing to do at Novu or PostHog, kept until it is done. */
export const Work = z.discriminatedUnion("kind", [
  /** Start a workflow at Novu. */
  z.object({ kind: z.literal("start"), body: Start }),
  /** End the runs of a person who has left. */
  z.object({ kind: z.literal("exit"), body: Exit }),
  /** Tell Novu what is known of a person. */
  z.object({ kind: z.literal("profile"), body: Profile }),
  /** Tell PostHog what was decided. */
  z.object({ kind: z.literal("report"), body: Decision }),
]);
export type Work = z.infer<typeof Work>;

export function laneOf({ kind }: Work): Lane {
  if (kind === "profile") return "profiles";
  return kind === "report" ? "posthog" : "novu";
}
