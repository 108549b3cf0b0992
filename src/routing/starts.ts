import type { Cause, InternalRule, LifecycleEvent } from "../contracts/event.ts";
import { readPerson } from "../contracts/person.ts";
import { email } from "../contracts/property-types.ts";
import type { Start } from "../contracts/routing.ts";
import { recipientIdOf, transactionIdOf } from "../contracts/run.ts";
import { SOURCES } from "../contracts/sources.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { readLocale } from "../lib/locale.ts";
import { isTimeZone, zoned } from "../lib/time-zone.ts";
import { subscriberOf } from "./person.ts";
import { recipientsOf, whyInternal } from "./recipients.ts";

/** The reason why an event has no effects, or not all that it could have. */
export interface Problem {
  cause: Cause;
  reason: string;
}

/** The runs of one workflow that an event starts: one for its person, or one for each recipient. */
export function startsOf(
  event: LifecycleEvent,
  workflow: WorkflowRoutes,
  internalUsers: InternalRule[],
): { starts: Start[]; problems: Problem[] } {
  const { id } = workflow;
  try {
    const started = workflow.startedBy(event);
    const mapped = started && workflow.payloadOf(event);
    if (started === null || mapped === null) return { starts: [], problems: [] };
    if ("misfit" in mapped) return { starts: [], problems: [misfit(id, mapped.misfit)] };
    const { payload, notes = [] } = mapped;
    const problems = notes.map((note): Problem => ({ cause: "replaced", reason: `replaced for ${id}: ${note}` }));
    const { occurrence, emailIn } = started;
    const address = emailIn === undefined ? "absent" : email(event.properties[emailIn]);
    if (address === "unreadable")
      problems.push({ cause: "left out", reason: `left out for ${id}: ${emailIn}: is no email address` });
    const eventEmail = typeof address === "string" ? undefined : address.value;

    const about = workflow.contextOf?.(event) ?? { context: {} };
    if ("misfit" in about) return { starts: [], problems: [misfit(id, about.misfit)] };
    const recipients = recipientsOf(workflow, event);
    if ("misfit" in recipients) return { starts: [], problems: [misfit(id, recipients.misfit)] };
    const { distinctIds } = recipients;
    if (distinctIds.length === 0)
      return { starts: [], problems: [{ cause: "filtered", reason: `no recipients for ${id}: the list is empty` }] };
    const starts = distinctIds.flatMap((distinctId) => {
      const internal = distinctId === event.distinctId ? null : whyInternal([distinctId], internalUsers);
      if (internal !== null) problems.push({ cause: "internal", reason: `a recipient for ${id} is ${internal}` });
      const isOneOfSeveral = distinctIds.length > 1;
      const facts = { distinctId, isOneOfSeveral, payload, ...about, occurrence, eventEmail };
      return internal === null ? [startOf(event, workflow, facts)] : [];
    });
    return { starts, problems };
  } catch {
    return { starts: [], problems: [failedWhere(workflow)] };
  }
}

function misfit(workflow: string, why: string): Problem {
  return { cause: "does not fit", reason: `does not fit ${workflow}: ${why}` };
}

/** The reason does not contain the error's message, which may quote the event. */
export function failedWhere({ id }: WorkflowRoutes): Problem {
  return { cause: "does not fit", reason: `does not fit ${id}: its \`where\` fails on this event` };
}

function startOf(
  event: LifecycleEvent,
  workflow: WorkflowRoutes,
  {
    distinctId,
    isOneOfSeveral,
    payload,
    context,
    occurrence,
    eventEmail,
  }: Pick<Start, "payload" | "occurrence"> & {
    distinctId: string;
    isOneOfSeveral: boolean;
    context: Record<string, string>;
    eventEmail: string | undefined;
  },
): Start {
  const { uuid, name, source, occurredAt, receivedAt: since = occurredAt } = event;
  // The properties of an event are not those of another person.
  const isOwn = distinctId === event.distinctId;
  const { properties: snapshot, unreadable } = readPerson((isOwn && event.personProperties) || {});
  // An address that cannot be read is an address too.
  const mayUseEventEmail = isOwn && snapshot.email === undefined && !unreadable.includes("email");
  const timeZone = isOwn ? timeZoneOf(event) : undefined;
  const locale = isOwn ? localeOf(event) : undefined;
  const { id, startWithinMs, addressWithinMs, entry } = workflow;
  const matchKeys = workflow.matchKeysOf(payload);
  return {
    workflow: id,
    payload,
    ...(Object.keys(matchKeys).length > 0 && { matchKeys }),
    entry,
    occurrence,
    ...(Object.keys(context).length > 0 && { context }),
    ...(isOneOfSeveral && { isOneOfSeveral }),
    addressWait: { since, forMs: addressWithinMs },
    startBy: startWithinMs === null ? null : new Date(Date.parse(occurredAt) + startWithinMs).toISOString(),
    // Where we store the persons, the profile is sent before the trigger, from all stored properties.
    to: SOURCES[source].storesPersons
      ? { subscriberId: distinctId }
      : subscriberOf(distinctId, zoned(snapshot, timeZone)),
    run: {
      transactionId: isOwn ? transactionIdOf(uuid, id) : recipientIdOf({ eventUuid: uuid, workflow: id, distinctId }),
      eventUuid: uuid,
      eventName: name,
      source,
      distinctId,
      occurredAt,
      snapshot,
      ...(timeZone !== undefined && { timeZone }),
      ...(locale !== undefined && { locale }),
      ...(eventEmail !== undefined && mayUseEventEmail && { eventEmail }),
      ...(unreadable.length > 0 && { unreadable }),
      ...(!isOwn && { isOthersEvent: true }),
    },
  };
}

/** posthog-js sends the browser's time zone with each event. */
function timeZoneOf({ properties: { $timezone } }: LifecycleEvent): string | undefined {
  return typeof $timezone === "string" && isTimeZone($timezone) ? $timezone : undefined;
}

/** posthog-js sends the browser's language with each event, and the libraries for phones the device's. */
function localeOf({ properties: { $browser_language, $locale } }: LifecycleEvent): string | undefined {
  const written = $browser_language ?? $locale;
  return typeof written === "string" ? readLocale(written)?.baseName : undefined;
}
