import type { Client } from "@novu/framework";
import { Channel } from "../contracts/decision.ts";

type Step = ReturnType<Client["discover"]>["workflows"][number]["steps"][number];

const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;
/** As Novu calls them. */
const UNITS: Record<string, number> = {
  seconds: SECOND_MS,
  minutes: 60 * SECOND_MS,
  hours: 60 * 60 * SECOND_MS,
  days: DAY_MS,
  weeks: 7 * DAY_MS,
};

/**
 * How long a run may be under way before its first message is decided, by the waits that stand before it, in
 * milliseconds. One for the person's own hours, or of which that cannot be told, counts as a day.
 */
export async function firstMessageMs(steps: Step[]): Promise<number> {
  let totalMs = 0;
  for (const [index, step] of steps.entries()) {
    if (Channel.safeParse(step.type).success) break;
    if (step.type !== "delay" && step.type !== "digest") continue;
    totalMs += step.stepId === `${steps[index + 1]?.stepId}-hours` ? DAY_MS : await lengthOf(step);
  }
  return totalMs;
}

async function lengthOf({ resolve }: Step): Promise<number> {
  try {
    const { amount, unit } = (await resolve({})) as { amount?: number; unit?: string };
    return amount === undefined ? DAY_MS : amount * (UNITS[unit ?? ""] ?? DAY_MS);
  } catch {
    return DAY_MS;
  }
}
