import { isSoundId, type LifecycleEvent } from "../contracts/event.ts";
import type { Join, Merge } from "../contracts/notification.ts";

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
/** Programs write these where they have no value, once for each part of an id. */
const NO_VALUES =
  /^[\s:|/,;._@()[\]{}<>"'-]*((undefined|null|none|nil|n\/a|unknown|object object)[\s:|/,;._@()[\]{}<>"'-]*)+$/i;
const ZEROS = /^0{8}-?0{4}-?0{4}-?0{4}-?0{12}$/;
/** Such as {{user.id}}, ${userId}, <user_id>, <%= user.id %> and %USER_ID%. A uuid may stand in braces. */
const UNFILLED = /^(\{\{.*\}\}|[$#]\{.*\}|[{[][a-z_.\s]+[\]}]|<[a-z_.\s=%-]+>|%+[a-z][\w.-]*%+)$/is;
const QUOTES_AROUND = /^[\s\p{DI}"'`\\“”‘’]+|[\s\p{DI}"'`\\“”‘’]+$/gu;

/** No placeholder has a digit other than 0, and most ids have one. */
const ORDINARY = /^[a-z0-9_.@+-]*[1-9][a-z0-9_.@+-]*$/i;

/** Why an event is nobody's to write to; null when it is a known person's. */
export function whyNobody({ distinctId, nobody }: Pick<LifecycleEvent, "distinctId" | "nobody">): string | null {
  return whyNoPersonsId(distinctId) ?? nobody ?? null;
}

/**
 * The merge that an event tells of, with its own distinct id as the one that is kept; null when it
 * tells of none. No placeholder ever makes two people one. An id that was anonymous until now
 * counts as well, because a server may have captured by it what starts or ends a run.
 */
export function mergeOf({
  distinctId,
  formerId,
  occurredAt,
}: Pick<LifecycleEvent, "distinctId" | "formerId" | "occurredAt">): Merge | null {
  if (formerId === undefined || formerId === distinctId || !isSoundId(formerId)) return null;
  if (whyNoPersonsId(formerId) !== null) return null;
  return { formerId, keptId: distinctId, occurredAt };
}

/**
 * The id that an event says is its person's as well; null when it says none. PostHog is asked about it, unless
 * it merges whoever it is. A device's id merges nobody: its events may still turn out to be this person's.
 */
export function joinOf(event: LifecycleEvent): Join | null {
  const { source, uuid: eventUuid, distinctId, formerId, deviceId, occurredAt, receivedAt = occurredAt } = event;
  if (formerId === undefined && deviceId === undefined) return null;
  const about = { occurredAt, receivedAt, eventUuid };
  const merge = mergeOf(event);
  if (merge !== null) return { ...merge, ...about, ask: source === "posthog" && !event.mergesAnybody, merge: true };
  const device = mergeOf({ distinctId, occurredAt, formerId: deviceId });
  return device && { ...device, ...about, ask: false, merge: false };
}

/** Why nobody can have this distinct id; null when somebody may. */
function whyNoPersonsId(distinctId: string): string | null {
  if (ORDINARY.test(distinctId)) return null;
  if (isPlaceholder(distinctId.replace(QUOTES_AROUND, ""))) return "the distinct id is a placeholder";
  return distinctId.startsWith("$") ? "the distinct id is not a person's" : null;
}

function isPlaceholder(id: string): boolean {
  if (ILLEGAL_IDS.has(id.toLowerCase()) || ILLEGAL_EXACTLY.has(id)) return true;
  const saysSomething = /[\p{L}\p{N}\p{S}]/u.test(id);
  return !saysSomething || NO_VALUES.test(id) || ZEROS.test(id) || UNFILLED.test(id);
}
