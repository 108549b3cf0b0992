import { isSoundId, type LifecycleEvent } from "../contracts/event.ts";
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

/** Why an event is nobody's to write to; null when it is a known person's. */
export function whyNobody({ distinctId, nobody }: Pick<LifecycleEvent, "distinctId" | "nobody">): string | null {
  return whyNoPersonsId(distinctId) ?? nobody ?? null;
}

/**
 * The merge that an event tells of, with its own distinct id as the one that is kept; null when it
 * tells of none. No placeholder ever makes two people one. An id that was anonymous until now
 * counts as well, because a server may have captured by it what starts or ends a run.
 */
export function mergeOf({ distinctId, formerId, occurredAt }: LifecycleEvent): Merge | null {
  if (formerId === undefined || formerId === distinctId || whyNoPersonsId(formerId) !== null) return null;
  if (!isSoundId(formerId)) return null;
  return { formerId, keptId: distinctId, occurredAt };
}

/** Why nobody can have this distinct id; null when somebody may. */
function whyNoPersonsId(distinctId: string): string | null {
  if (ILLEGAL_IDS.has(distinctId.toLowerCase()) || ILLEGAL_EXACTLY.has(distinctId) || distinctId.trim() === "")
    return "the distinct id is a placeholder";
  return distinctId.startsWith("$") ? "the distinct id is not a person's" : null;
}
