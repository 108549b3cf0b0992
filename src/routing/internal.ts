import type { LifecycleEvent } from "../contracts/event.ts";
import type { InternalRule } from "../contracts/internal-users.ts";

/** Why an event belongs to a colleague or a test; null for a customer's. The reason has no address in it. */
export function whyInternal(event: LifecycleEvent, rules: InternalRule[]): string | null {
  // PostHog's "Test" button.
  if (event.properties.this_is_an_example_event === true) return "PostHog's example event";
  const email = event.personProperties?.email;
  const names = [event.distinctId, ...(typeof email === "string" ? [email] : [])];
  const index = rules.findIndex((rule) => names.some((name) => matches(name, rule)));
  return index === -1 ? null : `an internal user, by rule ${index + 1} of INTERNAL_USERS`;
}

function matches(name: string, rule: InternalRule): boolean {
  if ("pattern" in rule) return rule.pattern.test(name);
  const lower = name.toLowerCase();
  return "domain" in rule ? lower.endsWith(`@${rule.domain}`) : lower === rule.exactly;
}
