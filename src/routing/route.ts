import { ANONYMOUS, type Cause, COHORT_ENTERED, type InternalRule, type LifecycleEvent } from "../contracts/event.ts";
import { waitName } from "../contracts/event-wait.ts";
import { ALL_RUNS } from "../contracts/exit-match.ts";
import { isEcho } from "../contracts/report.ts";
import type { Exit, Routing, Start } from "../contracts/routing.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { changesProfile, mergeOf, mergeRequestOf, profileOf, traitsIn, whyNoPerson } from "./person.ts";
import { whyInternal } from "./recipients.ts";
import { failedWhere, type Problem, startsOf } from "./starts.ts";

type Route = (event: LifecycleEvent) => Routing & { problems: Problem[] };

/** Pure: the same event always has the same effects. An event without effects has a problem with the reason. */
export function createRoute(workflows: WorkflowRoutes[], internalUsers: InternalRule[] = []): Route {
  const listeners = listenersByEvent(workflows);
  return (event) => {
    if (isEcho(event)) return ignored("echo", `"${event.name}" is a report of this bridge itself`);
    const internal = whyInternalEvent(event, internalUsers);
    if (internal !== null) return ignored("internal", internal);
    const listening = listeners.get(event.name) ?? [];
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

function listenersByEvent(workflows: WorkflowRoutes[]): Map<string, WorkflowRoutes[]> {
  const names = new Set(workflows.flatMap(({ events }) => events));
  return new Map([...names].map((name) => [name, workflows.filter(({ events }) => events.includes(name))]));
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
