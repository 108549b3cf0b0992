import type { Lab, LabSource } from "../contracts/lab.ts";

/** Everybody once, by one id. */
export function everybody(lab: Lab): string[] {
  return [...new Set(lab.people().flatMap(({ distinctIds }) => distinctIds.slice(0, 1)))];
}

/** The source that a form or an address names; PostHog when it names none. */
export function sourceIn({ source }: Record<string, string>): LabSource {
  return source === "segment" ? "segment" : "posthog";
}
