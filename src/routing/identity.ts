import type { LifecycleEvent } from "../contracts/event.ts";

/** Distinct ids that PostHog itself refuses to identify people by, https://posthog.com/docs/product-analytics/identify */
const ILLEGAL_IDS = new Set([
  "anonymous",
  "guest",
  "distinctid",
  "distinct_id",
  "id",
  "not_authenticated",
  "email",
  "undefined",
  "true",
  "false",
]);
const ILLEGAL_EXACTLY = new Set(["[object Object]", "NaN", "None", "none", "null", "0"]);

/**
 * Why an event is nobody's to write to; null when it is a known person's. PostHog's own word comes
 * first, because server libraries never set `$is_identified` and user ids may well be UUIDs.
 */
export function whyNobody({
  distinctId,
  properties,
}: Pick<LifecycleEvent, "distinctId" | "properties">): string | null {
  if (ILLEGAL_IDS.has(distinctId.toLowerCase()) || ILLEGAL_EXACTLY.has(distinctId) || distinctId.trim() === "")
    return "the distinct id is a placeholder";
  if (distinctId.startsWith("$")) return "the distinct id is not a person's";
  if (properties.$process_person_profile === false) return "anonymous";
  if (typeof properties.$is_identified === "boolean") return properties.$is_identified ? null : "anonymous";
  return properties.$device_id === distinctId ? "anonymous" : null;
}
