import { z } from "zod";
import { DAY_MS } from "../lib/durations.ts";

/** The frequency cap: how many messages a person gets in a time, over all workflows. */
export interface Cap {
  most: number;
  withinMs: number;
}

/** A cap as in a setting: "3 in 7 days". */
export const Cap = z
  .string()
  .regex(/^[1-9]\d{0,3} in [1-9]\d{0,2} days?$/, 'expected how many in how long, such as "3 in 7 days"')
  .transform((text): Cap => {
    const [most = 0, days = 0] = (text.match(/\d+/g) ?? []).map(Number);
    return { most, withinMs: days * DAY_MS };
  });
