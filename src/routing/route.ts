import { ANONYMOUS, type Cause, COHORT_ENTERED, type InternalRule, type LifecycleEvent } from "../contracts/event.ts";
import { waitName } from "../contracts/event-wait.ts";
import { ALL_RUNS } from "../contracts/exit-match.ts";
import { readPerson } from "../contracts/person.ts";
import { email } from "../contracts/property-types.ts";
import { isEcho } from "../contracts/report.ts";
import type { Exit, Routing, Start } from "../contracts/routing.ts";
import { recipientIdOf, transactionIdOf } from "../contracts/run.ts";
import { SOURCES } from "../contracts/sources.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { readLocale } from "../lib/locale.ts";
import { isTimeZone, zoned } from "../lib/time-zone.ts";
import { changesProfile, mergeOf, mergeRequestOf, profileOf, subscriberOf, traitsIn, whyNoPerson } from "./person.ts";
import { recipientsOf, whyInternal } from "./recipients.ts";

/** The reason why an event has no effects, or not all that it could have. */
interface Problem {
  cause: Cause;
  reason: string;
}

type Route = (event: LifecycleEvent) => Routing & { problems: Problem[] };

/** Pure: the same event always has the same effects. An event without effects has a problem with the reason. */
export function createRoute(workflows: WorkflowRoutes[], internalUsers: InternalRule[] = []): Route {
  return (event) => {
    if (isEcho(event)) return ignored("echo", `"${event.name}" is a report of this bridge itself`);
    const internal = whyInternalEvent(event, internalUsers);
    if (internal !== null) return ignored("internal", internal);
    const listening = workflows.filter(({ events }) => events.includes(event.name));
    const isAboutProfile = changesProfile(event);
    if (listening.length === 0 && !isAboutProfile && !event.isIdentityEvent)
      return ignored("no workflow", `no workflow listens to "${event.name}"`);
    const noPerson = whyNoPerson(event);
    if (noPerson !== null) return routeOfNobody(event, noPerson, { listening, internalUsers });

    const { starts, exits, awaited, problems } = runsOf(event, { listening, internalUsers });
    const merge = mergeOf(event);
    const merges = merge !== null && event.forcesMerge ? [merge] : [];
    const mergeRequests = listOf(mergeRequestOf(event));
    // The start of a run sends the profile too.
    const profiles = listOf(isAboutProfile && starts.length === 0 ? profileOf(event) : null);
    const concernsNoRun = starts.length + exits.length + awaited.length + problems.length === 0;
    const traits = listOf(event.isIdentityEvent || !concernsNoRun ? traitsIn(event) : null);
    const concernsNobody = profiles.length + mergeRequests.length + traits.length === 0;
    // An event to which a workflow listens counts as filtered even when it changes a profile.
    if (concernsNoRun && (concernsNobody || listening.length > 0))
      problems.push({ cause: "filtered", reason: whyFiltered(event, listening) });
    return {
      starts,
      exits,
      ...(awaited.length > 0 && { awaited }),
      profiles,
      merges,
      ...(mergeRequests.length > 0 && { mergeRequests }),
      ...(traits.length > 0 && { traits }),
      problems,
    };
  };
}

interface Listening {
  listening: WorkflowRoutes[];
  internalUsers: InternalRule[];
}

/**
 * An event that belongs to no person, such as one of a group, starts only runs of the people whom it names. An anonymous
 * event starts none, because it is ingested again when its visitor becomes a person.
 */
function routeOfNobody(
  event: LifecycleEvent,
  reason: string,
  { listening, internalUsers }: Listening,
): ReturnType<Route> {
  const naming = listening.filter(({ recipients }) => recipients !== undefined);
  const made = event.noPersonReason === ANONYMOUS ? [] : naming.map((one) => startsOf(event, one, internalUsers));
  const starts = made.flatMap((one) => one.starts);
  const problems = made.flatMap((one) => one.problems);
  if (starts.length + problems.length === 0) return ignored("no person", reason);
  if (naming.length < listening.length) problems.push({ cause: "no person", reason });
  return { starts, exits: [], profiles: [], merges: [], problems };
}

/** The runs that an event starts and ends, and the waits that it ends. */
function runsOf(
  event: LifecycleEvent,
  { listening, internalUsers }: Listening,
): Pick<ReturnType<Route>, "starts" | "exits" | "problems"> & { awaited: Exit[] } {
  const starts: Start[] = [];
  const exits: Exit[] = [];
  const awaited: Exit[] = [];
  const problems: Problem[] = [];
  for (const workflow of listening) {
    const { matches, hasFailed } = workflow.exitBy(event);
    if (matches.length > 0) exits.push(exitOf(event, workflow.id, matches));
    const ended = workflow.waitsEndedBy(event);
    for (const { wait, matches } of ended.waits) awaited.push(exitOf(event, waitName(workflow.id, wait), matches));
    if (hasFailed || ended.hasFailed) problems.push(failedWhere(workflow));
    const made = startsOf(event, workflow, internalUsers);
    starts.push(...made.starts);
    problems.push(...made.problems);
  }
  return { starts, exits, awaited, problems };
}

/** The runs of one workflow that an event starts: one for its person, or one for each recipient. */
function startsOf(
  event: LifecycleEvent,
  workflow: WorkflowRoutes,
  internalUsers: InternalRule[],
): Pick<ReturnType<Route>, "starts" | "problems"> {
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
function failedWhere({ id }: WorkflowRoutes): Problem {
  return { cause: "does not fit", reason: `does not fit ${id}: its \`where\` fails on this event` };
}

function listOf<Item>(item: Item | null): Item[] {
  return item === null ? [] : [item];
}

function ignored(cause: Cause, reason: string): ReturnType<Route> {
  return { starts: [], exits: [], profiles: [], merges: [], problems: [{ cause, reason }] };
}

function whyFiltered({ name, source }: LifecycleEvent, listening: WorkflowRoutes[]): string {
  if (name === COHORT_ENTERED && source !== "sweep")
    return `"${name}" counts only from the daily sweep of this app, because anybody can send it`;
  if (listening.length === 0) return `"${name}" changes no property that Novu stores, and merges no ids`;
  return `not one of the "${name}" that ${listening.map(({ id }) => id).join(", ")} asks for`;
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

function exitOf(
  { distinctId, uuid, name, occurredAt }: LifecycleEvent,
  workflow: string,
  matches: NonNullable<Exit["matches"]>,
): Exit {
  const isForAll = matches.every(({ key }) => key === ALL_RUNS.key);
  return { workflow, distinctId, eventUuid: uuid, eventName: name, occurredAt, ...(!isForAll && { matches }) };
}

/** Why an event belongs to a colleague or a test; null for the event of a customer. The reason contains no address. */
function whyInternalEvent(event: LifecycleEvent, rules: InternalRule[]): string | null {
  // PostHog's "Test" button sends this event.
  if (event.properties.this_is_an_example_event === true) return "PostHog's example event";
  const email = event.personProperties?.email;
  return whyInternal([event.distinctId, ...(typeof email === "string" ? [email] : [])], rules);
}
