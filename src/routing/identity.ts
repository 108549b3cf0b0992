import { isSoundId, type LifecycleEvent } from "../contracts/event.ts";
import type { Merge, MergeRequest } from "../contracts/routing.ts";
import { isPersonSource, SOURCES } from "../contracts/sources.ts";

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
const ILLEGAL_EXACTLY = new Set(["NaN", "0"]);
/** Texts that programs write for a missing value, once for each part of an id. */
const NO_VALUES =
  /^[\s:|/,;._@()[\]{}<>"'-]*((undefined|null|none|nil|n\/a|unknown|object object)[\s:|/,;._@()[\]{}<>"'-]*)+$/i;
const ZEROS = /^0{8}-?0{4}-?0{4}-?0{4}-?0{12}$/;
/** Such as {{user.id}}, ${userId}, <user_id>, <%= user.id %> and %USER_ID%. A uuid may stand in braces. */
const UNFILLED = /^(\{\{.*\}\}|[$#]\{.*\}|[{[][a-z_.\s]+[\]}]|<[a-z_.\s=%-]+>|%+[a-z][\w.-]*%+)$/is;
const QUOTES_AROUND = /^[\s\p{DI}"'`\\“”‘’]+|[\s\p{DI}"'`\\“”‘’]+$/gu;

/** The fast path: no placeholder has a digit other than 0, and most ids have one. */
const ORDINARY = /^[a-z0-9_.@+-]*[1-9][a-z0-9_.@+-]*$/i;

/** Why an event belongs to no known person; null when it belongs to one. */
export function whyNoPerson({
  distinctId,
  noPersonReason,
}: Pick<LifecycleEvent, "distinctId" | "noPersonReason">): string | null {
  return whyNoPersonId(distinctId) ?? noPersonReason ?? null;
}

/**
 * The merge of an event's distinct id with its previous id; null when it names none. A placeholder never merges
 * two people. An anonymous previous id counts too, because a server may have used it in an event that starts or
 * ends a run.
 */
export function mergeOf({
  distinctId,
  previousId,
  occurredAt,
}: Pick<LifecycleEvent, "distinctId" | "previousId" | "occurredAt">): Merge | null {
  if (previousId === undefined || previousId === distinctId || !isSoundId(previousId)) return null;
  if (whyNoPersonId(previousId) !== null) return null;
  return { previousId, currentId: distinctId, occurredAt };
}

/**
 * The other id that an event names for its person; null when it names none. A device's id merges no persons, but its
 * anonymous events may be this person's.
 */
export function mergeRequestOf(event: LifecycleEvent): MergeRequest | null {
  const { source, uuid: eventUuid, distinctId, previousId, deviceId, occurredAt, receivedAt = occurredAt } = event;
  if (previousId === undefined && deviceId === undefined) return null;
  const about = { occurredAt, receivedAt, eventUuid };
  const merge = mergeOf(event);
  if (merge !== null) {
    const checkAt = isPersonSource(source) && SOURCES[source].checksMerges && !event.forcesMerge ? source : null;
    return { ...merge, ...about, checkAt, merge: true };
  }
  const device = mergeOf({ distinctId, occurredAt, previousId: deviceId });
  return device && { ...device, ...about, checkAt: null, merge: false };
}

/** Why no person can have this distinct id; null when one can. */
function whyNoPersonId(distinctId: string): string | null {
  if (ORDINARY.test(distinctId)) return null;
  if (isPlaceholder(distinctId.replace(QUOTES_AROUND, ""))) return "the distinct id is a placeholder";
  return distinctId.startsWith("$") ? "the distinct id is not a person's" : null;
}

function isPlaceholder(id: string): boolean {
  if (ILLEGAL_IDS.has(id.toLowerCase()) || ILLEGAL_EXACTLY.has(id)) return true;
  const hasContent = /[\p{L}\p{N}\p{S}]/u.test(id);
  return !hasContent || NO_VALUES.test(id) || ZEROS.test(id) || UNFILLED.test(id);
}
