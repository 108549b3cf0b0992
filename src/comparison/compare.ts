import type { Comparison, EventProblem, Rhythm } from "../contracts/comparison.ts";
import { COHORT_ENTERED, type LifecycleEvent, USER_INACTIVE } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { DAY_MS, formatDuration, HOUR_MS } from "../lib/durations.ts";
import { describeError } from "../lib/errors.ts";
import { nearestName } from "../lib/nearest-name.ts";
import { problemsOf } from "./judge.ts";
import { createNotes, type Part } from "./notes.ts";
import { isSilent, rhythmOf } from "./rhythm.ts";

/** From `since` until just before `until`, in milliseconds since 1970. */
interface Period {
  since: number;
  until: number;
}

/** Reads of PostHog; each may reject, and then its part is left out with a note. */
export interface PostHogReads {
  /** When each event that PostHog has ever seen, and surely each of `names`, was seen last; null if it does not say. */
  events(names: string[]): Promise<Map<string, number | null>>;
  /** PostHog's type of each property of this event; null if it has none. */
  properties(event: string): Promise<Map<string, string | null>>;
  personProperties(): Promise<Map<string, string | null>>;
  hours(query: Period & { events: string[] }): Promise<Map<string, Array<{ hour: number; count: number }>>>;
  /** The newest events of one name, without those that belong to no person. */
  newest(query: Period & { event: string; limit: number }): Promise<LifecycleEvent[]>;
}

interface Parts {
  workflows: WorkflowRoutes[];
  /** The declared person properties. Many products lack those that are not expected. */
  personProperties: Array<{ name: string; isExpected: boolean }>;
  /** Null without PostHog. */
  posthog: PostHogReads | null;
  /** The rhythm of each event that arrived here, by name. */
  arrivedHere(): Promise<Map<string, Rhythm>>;
  /** The most events of one name that are read. */
  sample: number;
  now: number;
}

const PERIOD_MS = 30 * DAY_MS;
/** PostHog runs three queries of a project at once. */
const AT_ONCE = 2;

/**
 * Compares the workflows with the events of the last 30 days, and with the names that PostHog has ever seen. Never
 * rejects.
 */
export async function compareWorkflows({
  workflows,
  personProperties,
  posthog,
  arrivedHere,
  sample,
  now,
}: Parts): Promise<Comparison> {
  const notes = createNotes();
  const listeners = listenersOf(workflows);
  const names = [...listeners.keys()];
  const period = { since: now - PERIOD_MS, until: now };
  const here = await attempt("the events that arrived here", arrivedHere);
  const [defined, hours, persons] = await Promise.all([
    attempt("the names of events", posthog && (() => posthog.events(names))),
    attempt("the events of the last 30 days", posthog && (() => posthog.hours({ events: names, ...period }))),
    attempt("person properties", posthog?.personProperties),
  ]);
  if (posthog === null)
    notes.add(
      "POSTHOG_PROJECT_ID and POSTHOG_PERSONAL_API_KEY are not set, so only the events that arrived here are checked",
    );

  const rhythms = new Map(names.map((name) => [name, rhythmAt(name) ?? here?.get(name) ?? null]));
  const isNew = names.every((name) => !defined?.has(name) && rhythms.get(name) == null);
  if (isNew && names.length > 0 && defined !== null) notes.add("none of the events of the workflows has come yet");
  const ofNames = names.flatMap((name) => nameProblem(name) ?? []);
  const ofProperties = hours === null || posthog === null ? [] : await propertyProblems(posthog, hours);
  const ofPersons = persons === null || persons.size === 0 ? [] : personProblems(personProperties, persons);
  return { problems: [...ofNames, ...ofProperties, ...ofPersons], ...notes.all(), events: names.length };

  function rhythmAt(name: string): Rhythm | null {
    return rhythmOf((hours?.get(name) ?? []).map(({ hour }) => hour));
  }

  function nameProblem(event: string): EventProblem | null {
    const rhythm = rhythms.get(event) ?? null;
    const lastSeen = defined?.get(event) ?? null;
    const base = { workflows: listeners.get(event)?.map(({ id }) => id) ?? [], event, property: null };
    if (rhythm === null && defined !== null && !defined.has(event)) {
      const nearest = nearestName(
        event,
        [...defined.keys()].filter((name) => !listeners.has(name)),
      );
      if (isNew && nearest === null) return null;
      const text = `"${event}" was never seen`;
      return {
        kind: "never seen",
        ...base,
        nearest,
        text: nearest === null ? text : `${text}; PostHog has "${nearest}"`,
      };
    }
    if (rhythm !== null && isSilent(rhythm, now)) {
      const [silence, pause] = [now - rhythm.lastHour - HOUR_MS, rhythm.longestPauseMs].map(formatDuration);
      const text = `"${event}" has not come for ${silence}; its longest pause in the 30 days before was ${pause}`;
      return { kind: "stopped", ...base, nearest: null, text };
    }
    if (rhythm !== null || hours === null || lastSeen === null || lastSeen >= period.since) return null;
    const text = `"${event}" has not come for ${formatDuration(now - lastSeen)}`;
    return { kind: "stopped", ...base, nearest: null, text };
  }

  async function propertyProblems(
    { newest, properties }: PostHogReads,
    seen: NonNullable<typeof hours>,
  ): Promise<EventProblem[]> {
    const found = new Map<string, EventProblem[]>();
    const propertiesOf = new Map<string, Set<string>>();
    const waiting = names.filter((name) => seen.has(name));
    await Promise.all(Array.from({ length: AT_ONCE }, readOn));
    return names.flatMap((name) => found.get(name) ?? []).filter((one) => !isOfAnotherEvent(one));

    /** A workflow with several events may read a property that only one of them has. */
    function isOfAnotherEvent({ kind, nearest, property, event, workflows: [workflow] }: EventProblem): boolean {
      if (kind !== "property never seen" || nearest !== null || property === null) return false;
      const others = names.filter((name) => name !== event && listeners.get(name)?.some(({ id }) => id === workflow));
      return others.some((name) => propertiesOf.get(name)?.has(property));
    }

    async function readOn(): Promise<void> {
      for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
        const since = sinceFor(seen.get(event) ?? [], sample);
        const query = { event, since: Math.max(period.since, since), until: period.until, limit: sample };
        const listening = listeners.get(event) ?? [];
        const problems = await attempt("the properties of events", async () => {
          const sample = await newest(query);
          const types =
            sample.length === 0 ? null : await attempt("the types of properties", () => properties(query.event));
          const inSample = sample.flatMap((one) => Object.keys(one.properties));
          propertiesOf.set(query.event, new Set([...inSample, ...(types?.keys() ?? [])]));
          const found: EventProblem[] = [];
          for (const workflow of listening) found.push(...(await problemsOf(workflow, sample, types)));
          return found;
        });
        found.set(event, problems ?? []);
      }
    }
  }

  /** Null, with a note, if the read fails or does not exist. */
  async function attempt<Value>(part: Part, read: (() => Promise<Value>) | null | undefined): Promise<Value | null> {
    if (read == null) return null;
    try {
      return await read();
    } catch (error) {
      notes.addFailure(part, describeError(error));
      return null;
    }
  }
}

/** The workflows that listen to each event. Our own sweep makes the events of inactive people and of cohorts. */
function listenersOf(workflows: WorkflowRoutes[]): Map<string, WorkflowRoutes[]> {
  const listeners = new Map<string, WorkflowRoutes[]>();
  for (const workflow of workflows)
    for (const event of new Set(workflow.events)) {
      if (event === COHORT_ENTERED || (event === USER_INACTIVE && workflow.absences.length > 0)) continue;
      listeners.set(event, [...(listeners.get(event) ?? []), workflow]);
    }
  return listeners;
}

/** The names of the events that the workflows wait for. */
export function listenedNames(workflows: WorkflowRoutes[]): string[] {
  return [...listenersOf(workflows).keys()];
}

/** The start of the newest hours that have enough events together. */
function sinceFor(hours: Array<{ hour: number; count: number }>, enough: number): number {
  let count = 0;
  const first = hours.toReversed().find((one) => {
    count += one.count;
    return count >= enough;
  });
  return first?.hour ?? 0;
}

/** A property that is not expected counts only if PostHog has it under a similar name. */
function personProblems(declared: Parts["personProperties"], seen: Map<string, unknown>): EventProblem[] {
  const letters = new Set([...seen.keys()].map((name) => name.trim().toLowerCase()));
  return declared.flatMap(({ name, isExpected }) => {
    if (letters.has(name.toLowerCase())) return [];
    const others = [...seen.keys()].filter((one) => !declared.some((other) => other.name === one));
    const nearest = nearestName(name, others);
    if (nearest === null && !isExpected) return [];
    const text = `the person property "${name}" was never seen${nearest === null ? "" : `; PostHog has "${nearest}"`}`;
    return [{ kind: "person property never seen", workflows: [], event: null, property: name, nearest, text }];
  });
}
