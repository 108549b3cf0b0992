import { z } from "zod";
import type { Locale, Texts } from "../contracts/locale.ts";
import { firstReadable, lowerCase, text } from "../contracts/property-types.ts";
import { shownName } from "../lib/names.ts";

interface Plan {
  name: string;
  /** The features of the plan, as phrases: "unlimited reports". */
  unlocked: Texts<string[]>;
}

/** The plans, by the value of `plan` at PostHog. Yours to change. */
const PAID_PLANS = new Map<string, Plan>([
  [
    "pro",
    {
      name: "Pro",
      unlocked: {
        en: ["unlimited reports", "scheduled reports", "two years of history"],
        de: ["unbegrenzt viele Berichte", "geplante Berichte", "Daten aus zwei Jahren"],
      },
    },
  ],
  [
    "team",
    {
      name: "Team",
      unlocked: {
        en: ["everything in Pro", "alerts for the whole team", "single sign-on"],
        de: ["alles aus Pro", "Alarme für das ganze Team", "Single Sign-on"],
      },
    },
  ],
]);

export function isPaid(plan: string | undefined): boolean {
  return plan !== undefined && PAID_PLANS.has(plan);
}

/**
 * The plan in an event. Anybody can send an event, so a plan that is not listed has to look like a name. Previews show
 * the default.
 */
export const PlanName = z
  .string()
  .refine((said) => listed(said) !== undefined || shownName(said) !== undefined, "is neither listed nor like a name")
  .meta({ default: "Pro" });

/** The plan as a message shows it. A plan that is not listed gets the name from the event, and no features. */
export function planIn(locale: Locale, said: string): { name: string; unlocked: string[] } {
  const plan = listed(said);
  return { name: plan?.name ?? shownName(said) ?? "paid", unlocked: plan?.unlocked[locale] ?? [] };
}

function listed(said: string): Plan | undefined {
  return PAID_PLANS.get(firstReadable(lowerCase(text), said) ?? "");
}
