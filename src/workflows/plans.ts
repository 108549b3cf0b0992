interface Plan {
  name: string;
  /** As phrases: "unlimited reports". */
  unlocked: string[];
}

/** What people pay for, by what `plan` says in PostHog. Yours to change. */
const PAID_PLANS = new Map<string, Plan>([
  ["pro", { name: "Pro", unlocked: ["unlimited reports", "scheduled reports", "two years of history"] }],
  ["team", { name: "Team", unlocked: ["everything in Pro", "alerts for the whole team", "single sign-on"] }],
]);

export function isPaid(plan: string | undefined): boolean {
  return plan !== undefined && PAID_PLANS.has(plan);
}

/** A plan by its key; one that is not listed is called by its key, and nothing is said of what it unlocks. */
export function planOf(key: string): Plan {
  return PAID_PLANS.get(key) ?? { name: key, unlocked: [] };
}
