import type { LifecycleEvent } from "../contracts/event.ts";
import type { Merge } from "../contracts/notification.ts";

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
  name,
  distinctId,
  properties,
}: Pick<LifecycleEvent, "distinctId" | "properties"> & { name?: string }): string | null {
  const why = whyNoPersonsId(distinctId);
  if (why !== null) return why;
  if (name === "$groupidentify") return "about a group, and not a person";
  if (properties.$process_person_profile === false) return "anonymous";
  if (typeof properties.$is_identified === "boolean") return properties.$is_identified ? null : "anonymous";
  return properties.$device_id === distinctId ? "anonymous" : null;
}

/**
 * The merge that an event tells of, with its own distinct id as the one that is kept; null when it
 * tells of none. No placeholder ever makes two people one. An id that was anonymous until now
 * counts as well, because a server may have captured by it what starts or ends a run.
 * Source: https://posthog.com/docs/data/identify#alias-assigning-multiple-distinct-ids-to-the-same-user
 */
export function mergeOf({ name, distinctId, properties, occurredAt }: LifecycleEvent): Merge | null {
  const former = FORMER_ID[name] && properties[FORMER_ID[name]];
  if (typeof former !== "string" && typeof former !== "number") return null;
  const formerId = String(former);
  if (formerId === distinctId || whyNoPersonsId(formerId) !== null) return null;
  // Not every database keeps these.
  if (!formerId.isWellFormed() || formerId.includes("\0")) return null;
  return { formerId, keptId: distinctId, occurredAt };
}

/** Why nobody can have this distinct id; null when somebody may. */
function whyNoPersonsId(distinctId: string): string | null {
  if (ILLEGAL_IDS.has(distinctId.toLowerCase()) || ILLEGAL_EXACTLY.has(distinctId) || distinctId.trim() === "")
    return "the distinct id is a placeholder";
  return distinctId.startsWith("$") ? "the distinct id is not a person's" : null;
}

/** Where each event that merges says the id that is given up. */
const FORMER_ID: Record<string, string> = {
  $identify: "$anon_distinct_id",
  $create_alias: "alias",
  $merge_dangerously: "alias",
};
