import { z } from "zod";
import { COHORT_ENTERED, type LifecycleEvent, SweptProperties, USER_INACTIVE } from "../contracts/event.ts";
import type { SameValue } from "../contracts/exit-match.ts";
import { type PersonProperties, readPerson, trackUnreadable } from "../contracts/person.ts";
import { firstReadable, number } from "../contracts/property-types.ts";
import { Occurrence } from "../contracts/routing.ts";
import type { MatcherFacts, WorkflowRoutes } from "../contracts/workflow.ts";
import { setAtPath } from "../lib/json.ts";
import { type Duration, toMs } from "./duration.ts";
import { fallbackFor } from "./web-url.ts";

/** A matcher of the events that start or end a workflow; `event` is the event's name at PostHog. */
interface EventMatcher extends Omit<MatcherFacts, "does" | "same" | "emailIn"> {
  /**
   * Whether an event of that name matches; `unreadable` if the matcher's condition used a property of the person that
   * cannot be read. Throws only if the condition throws.
   */
  wants(event: LifecycleEvent): boolean | "unreadable";
  occurrence: Occurrence | null;
  /** Set where the daily sweep looks for absent people. */
  inactiveForDays?: number;
  /** Only an event of `exitOn` may have it. */
  same?: undefined;
  /** Only an event of `on` may have it. */
  emailIn?: undefined;
}

/** A matcher of the events that start runs, which may name the event's property with the email address of its person. */
export interface StartMatcher extends Omit<EventMatcher, "emailIn"> {
  emailIn?: string | undefined;
}

/** A matcher of the events that end runs: all runs of the person, or only those with the same value of a field. */
export interface ExitMatcher<Field extends string> extends Omit<EventMatcher, "same"> {
  same?: SameValue<Field> | undefined;
}

interface Which<Properties extends z.ZodObject> {
  /** The event's properties that `where` reads. An event that does not fit this schema does not match. */
  properties?: Properties;
  /** The condition, on the event's own properties and the person properties in the event. */
  where?(facts: { properties: z.output<Properties>; person: PersonProperties }): boolean;
  /** A run starts only at the nth such event of a person within this time. */
  occurrence?: { nth: number; within: Duration };
}

interface Ends<Field extends string> {
  /**
   * Ends only the runs with the same value: of the payload's field and the event's property of this name, or of two
   * names. An event without a number or text there ends all runs of its person.
   */
  same: Field | { payload: Field; event: string };
  /** "anyone": ends the matching runs of all persons, not only those of its own person. */
  of?: "anyone";
}

interface Starts {
  /**
   * The event's property with the email address of its person. The run's emails go there while the person has no
   * address at the source. Not for a property that may have the address of somebody else.
   */
  emailIn: string;
}

type NoProperties = z.ZodObject<Record<never, never>>;

/** Matches events that end only some runs. For `exitOn`. */
export function event<const Field extends string, Properties extends z.ZodObject = NoProperties>(
  name: string,
  which: Which<Properties> & Ends<Field> & { emailIn?: never },
): ExitMatcher<Field>;
/** Matches events that have an email address of their person. For `on`. */
export function event<Properties extends z.ZodObject = NoProperties>(
  name: string,
  which: Which<Properties> & Starts & { same?: never; of?: never },
): StartMatcher;
/** Matches all events of a name, or only those that the options allow. */
export function event<Properties extends z.ZodObject = NoProperties>(
  name: string,
  which?: Which<Properties> & { same?: never; of?: never; emailIn?: never },
): EventMatcher;
export function event<Properties extends z.ZodObject>(
  name: string,
  { properties, where, occurrence, same, of, emailIn }: Which<Properties> & Partial<Ends<string> & Starts> = {},
): Omit<ExitMatcher<string>, "emailIn"> & Pick<StartMatcher, "emailIn"> {
  if (of !== undefined && same === undefined)
    throw new Error(`event("${name}") has \`of: "${of}"\`, so it needs \`same\`, which says which runs it ends`);
  if (name === COHORT_ENTERED) throw new Error(`"${name}" is an event of this app itself: use cohort(…)`);
  return {
    event: name,
    occurrence: occurrence === undefined ? null : occurrenceOf(name, occurrence),
    same: same === undefined ? undefined : sameOf(same, of),
    ...(emailIn !== undefined && { emailIn }),
    isConditional: properties !== undefined || where !== undefined,
    mistyped: (event) => (properties === undefined ? [] : mistypedIn(event.properties, properties)),
    wants(event) {
      const read = properties?.safeParse(event.properties) ?? { success: true, data: {} };
      if (!read.success) return false;
      if (where === undefined) return true;
      const { properties: person, usedUnreadable } = trackUnreadable(readPerson(event.personProperties ?? {}));
      const isMatch = where({ properties: read.data as z.output<Properties>, person });
      return usedUnreadable().length > 0 ? "unreadable" : isMatch;
    },
  };
}

function sameOf(same: Ends<string>["same"], of: SameValue["of"] = "person"): SameValue {
  return { ...(typeof same === "string" ? { payload: same, event: same } : same), of };
}

/** A value that is not in an enum, or out of a range, has the right type. */
function mistypedIn(properties: Record<string, unknown>, schema: z.ZodObject): string[] {
  const issues = schema.safeParse(properties).error?.issues ?? [];
  const names = issues.flatMap(({ code, path: [name] }) => {
    const property = String(name ?? "");
    return code === "invalid_type" || properties[property] == null ? [property] : [];
  });
  return [...new Set(names)];
}

/** Throws when the workflow is made, and not when its first event arrives. */
function occurrenceOf(name: string, { nth, within }: { nth: number; within: Duration }): Occurrence {
  const occurrence = Occurrence.safeParse({ nth, withinMs: toMs(within) });
  if (occurrence.success) return occurrence.data;
  throw new Error(`the occurrence of "${name}" cannot be counted: ${z.prettifyError(occurrence.error)}`);
}

/**
 * Matches people without any event of the workflow's `exitOn` for this many days. A daily sweep finds these people. A
 * `user_inactive` event from PostHog matches too, unless its `days_inactive` is lower.
 */
export function inactivity({ days }: { days: number }): EventMatcher {
  if (!(Number.isInteger(days) && days > 0)) throw new Error(`inactivity takes whole days, not ${days}`);
  return {
    event: USER_INACTIVE,
    occurrence: null,
    inactiveForDays: days,
    isConditional: false,
    mistyped: () => [],
    wants: ({ properties }) => (firstReadable(number, properties.days_inactive) ?? days) >= days,
  };
}

/**
 * Matches people who enter a cohort of PostHog; `id` is the number in the cohort's address there. A daily sweep finds
 * these people. With `members: "start too"` it also matches those who are in the cohort at the first sweep.
 */
export function cohort(id: number, { members }: { members?: "start too" } = {}): EventMatcher {
  if (!(Number.isSafeInteger(id) && id > 0))
    throw new Error(`cohort takes the number in the cohort's address at PostHog, not ${id}`);
  return {
    event: COHORT_ENTERED,
    occurrence: null,
    cohort: { id, startsMembers: members === "start too" },
    isConditional: true,
    mistyped: () => [],
    // Anybody can send an event of this name to PostHog.
    wants: ({ source, properties }) => source === "sweep" && SweptProperties.parse(properties).cohort_id === id,
  };
}

/** A workflow's payload from an event. A link to a host that is not allowed becomes its fallback, with a note. */
export function eventPayload(
  event: LifecycleEvent,
  { from, schema }: { from(event: LifecycleEvent): object; schema: z.ZodObject },
): ReturnType<WorkflowRoutes["payloadOf"]> {
  try {
    return fitted(from(event), schema);
  } catch {
    // The error's message may quote the event.
    return { misfit: "its `from` fails on this event" };
  }
}

/** The fields that do not fit, and why; never their values. */
export function misfitOf(error: z.ZodError): string {
  return error.issues.map(reasonOf).join("; ");
}

function fitted(raw: object, schema: z.ZodObject): ReturnType<WorkflowRoutes["payloadOf"]> {
  const read = schema.safeParse(raw);
  if (read.success) return { payload: read.data };
  const fallbacks = read.error.issues.map((issue) => ({ path: issue.path, url: fallbackFor(issue) }));
  if (fallbacks.some(({ url }) => url === undefined)) return { misfit: misfitOf(read.error) };
  const replaced = fallbacks.reduce<unknown>((payload, { path, url }) => setAtPath(payload, path, url), raw);
  const payload = schema.safeParse(replaced);
  return payload.success
    ? { payload: payload.data, notes: read.error.issues.map(reasonOf) }
    : { misfit: misfitOf(payload.error) };
}

function reasonOf({ path, message }: z.core.$ZodIssue): string {
  return `${path.join(".")}: ${message}`;
}
