import type { Client } from "@novu/framework";
import { Channel } from "../contracts/channel.ts";
import { DAY_MS } from "../lib/durations.ts";
import { NOVU_UNITS_MS } from "../lib/novu-units.ts";

type Step = ReturnType<Client["discover"]>["workflows"][number]["steps"][number];

/**
 * How long a run may be in progress before its first message is decided, in milliseconds: the sum of the waits before
 * it. A wait for the sending hours, or of unknown length, counts as a day.
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
    return amount === undefined ? DAY_MS : amount * (NOVU_UNITS_MS[unit ?? ""] ?? DAY_MS);
  } catch {
    return DAY_MS;
  }
}
