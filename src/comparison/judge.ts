import { setImmediate } from "node:timers/promises";
import type { EventProblem } from "../contracts/comparison.ts";
import type { LifecycleEvent } from "../contracts/event.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { lettersOf, nearestName } from "./nearest-name.ts";
import { type Outcome, outcomeOf, readsIn, withProperty } from "./outcome.ts";

/** A smaller share of the events may be wrong by chance. */
const SHARE = 0.01;
/** In fewer events, a rare condition or property may be missing by chance. */
const ENOUGH_EVENTS = 20;
/** So many events of a kind show whether a value is read, and how many of them are wrong. */
const TRIED = 50;
/** So many events show the properties that a workflow reads. */
const RUN_FOR_READS = 200;
const SLICE = 50;

const KIND_WORDS = { text: "text", number: "a number", flag: "true or false", list: "a list", object: "an object" };
type Kind = keyof typeof KIND_WORDS;

/** The kind that a value has by PostHog's type of its property. A DateTime may be text or a number. */
const KIND_OF_TYPE: Record<string, Kind> = { String: "text", Numeric: "number", Boolean: "flag" };

interface Sampled {
  event: LifecycleEvent;
  outcome: Outcome;
}

/** The input of the checks of one property. */
interface Reading {
  workflow: WorkflowRoutes;
  property: string;
  sampled: Sampled[];
  /** PostHog's type of each property that it has seen on this event, by name; null if it is not known. */
  types: Map<string, string | null> | null;
  /** All properties that the workflow reads. */
  reads: string[];
}

/**
 * The problems of one workflow with these events, which have the same name. Tests each finding by its effect. Pauses
 * every few milliseconds, because the running app answers webhooks meanwhile.
 */
export async function problemsOf(
  workflow: WorkflowRoutes,
  events: LifecycleEvent[],
  types: Map<string, string | null> | null,
): Promise<EventProblem[]> {
  if (events.length === 0) return [];
  const sampled = await inSlices(events, (event) => ({ event, outcome: outcomeOf(workflow, event) }));
  const every = Math.ceil(events.length / RUN_FOR_READS);
  const forReads = events.filter((_, index) => index % every === 0);
  const reads = [...new Set((await inSlices(forReads, (event) => readsIn(workflow, event))).flat())];
  const ofProperties: EventProblem[] = [];
  for (const property of reads) {
    ofProperties.push(...problemOf({ workflow, property, sampled, types, reads }));
    await setImmediate();
  }
  const explained = ofProperties.some(({ kind }) => kind !== "property never seen");
  return [...ofProperties, ...(explained ? [] : misfits(workflow, sampled)), ...idleConditions(workflow, sampled)];
}

async function inSlices<Item, Result>(items: Item[], run: (item: Item) => Result): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < items.length; at += SLICE) {
    results.push(...items.slice(at, at + SLICE).map(run));
    await setImmediate();
  }
  return results;
}

function problemOf(reading: Reading): EventProblem[] {
  const { property, sampled } = reading;
  const byKind = grouped(sampled, ({ event }) => kindOf(event.properties[property]));
  const missing = byKind.get(null) ?? [];
  const present = [...byKind].flatMap(([kind, of]) => (kind === null ? [] : [{ kind, of }]));
  const [usual, ...others] = present.sort((a, b) => b.of.length - a.of.length);
  if (usual === undefined) return neverSeen(reading);
  const isUsed = usual.of.slice(0, TRIED).some((one) => isRead(one, reading));
  return [
    ...typeChanged(reading, { usual, isUsed }),
    ...others.flatMap((other) => otherType(reading, { usual, other, isUsed })),
    // A property that most events lack is missing on purpose.
    ...(missing.length > sampled.length / 2 ? [] : sometimesMissing(reading, { usual, missing })),
  ];
}

interface OfKind {
  kind: Kind;
  of: Sampled[];
}

/**
 * A property that no event has may be rare, or an alternative of another name. So it is a problem only if PostHog has
 * a similar name that the workflow does not read, or if the workflow has nothing in its place.
 */
function neverSeen(reading: Reading): EventProblem[] {
  const { workflow, property, sampled, types, reads } = reading;
  if (types?.has(property)) return [];
  const seen = new Set([...(types?.keys() ?? []), ...sampled.flatMap(({ event }) => Object.keys(event.properties))]);
  const isAlternative = reads.some((one) => seen.has(one) && lettersOf(one) === lettersOf(property));
  if (isAlternative) return [];
  const nearest = nearestName(
    property,
    [...seen].filter((name) => !reads.includes(name)),
  );
  const isNeeded =
    sampled.every(({ outcome: { mistyped, misfit } }) => mistyped.includes(property) || misfit?.includes(property)) ||
    (sampled.length >= ENOUGH_EVENTS &&
      sampled.every(({ outcome }) => outcome.starts && outcome.empty.includes(property)));
  if (nearest === null && !isNeeded) return [];
  const instead = nearest === null ? "" : `; they have "${nearest}"`;
  return [
    problem("property never seen", reading, {
      nearest,
      text: `${workflow.id} reads "${property}", which ${allOf(sampled)} do not have${instead}`,
    }),
  ];
}

/** All events have another type than the first one had, and the workflow cannot read it. */
function typeChanged(reading: Reading, { usual, isUsed }: { usual: OfKind; isUsed: boolean }): EventProblem[] {
  const { workflow, property, sampled, types } = reading;
  const before = KIND_OF_TYPE[types?.get(property) ?? ""];
  if (isUsed || before === undefined || before === usual.kind) return [];
  return [
    problem("property type", reading, {
      text: `"${property}" is ${KIND_WORDS[usual.kind]} in ${usual.of.length} of ${allOf(sampled)}, and was ${KIND_WORDS[before]} when PostHog first saw it; ${workflow.id} cannot read it`,
    }),
  ];
}

/** Some events have another type than most, and the workflow cannot read it there. */
function otherType(
  reading: Reading,
  { usual, other, isUsed }: { usual: OfKind; other: OfKind; isUsed: boolean },
): EventProblem[] {
  const { workflow, property, sampled } = reading;
  const isReadThere = other.of.slice(0, TRIED).some((one) => isRead(one, reading));
  const count = countOf(other.of, (one) => isHarmed(one, reading, usual) || (isUsed && !isReadThere));
  if (count <= sampled.length * SHARE) return [];
  return [
    problem("property type", reading, {
      text: `"${property}" is ${KIND_WORDS[other.kind]} in ${count} of ${allOf(sampled)}, and ${KIND_WORDS[usual.kind]} in most others; ${workflow.id} cannot read it there`,
    }),
  ];
}

function sometimesMissing(reading: Reading, { usual, missing }: { usual: OfKind; missing: Sampled[] }): EventProblem[] {
  const { workflow, property, sampled } = reading;
  const count = countOf(missing, (one) => isHarmed(one, reading, usual));
  if (count <= sampled.length * SHARE) return [];
  return [
    problem("property missing", reading, {
      text: `"${property}" is missing in ${count} of ${allOf(sampled)}, and ${workflow.id} cannot use these`,
    }),
  ];
}

/** The number of events for which this is true, by the first few of them. */
function countOf(all: Sampled[], isSo: (one: Sampled) => boolean): number {
  const tried = all.slice(0, TRIED);
  return tried.length === 0 ? 0 : Math.round((tried.filter(isSo).length / tried.length) * all.length);
}

/** Whether the event would fit, or fit better, with a usual value of the property. */
function isHarmed({ event, outcome }: Sampled, { workflow, property }: Reading, usual: OfKind): boolean {
  if (outcome.mistyped.includes(property)) return true;
  if (outcome.misfit === null) return false;
  const value = usual.of.find((one) => one.outcome.misfit === null)?.event.properties[property];
  return value !== undefined && outcomeOf(workflow, withProperty(event, property, value)).misfit !== outcome.misfit;
}

/** Whether the value has an effect: without it, the same event matches differently or has another payload. */
function isRead({ event, outcome }: Sampled, { workflow, property }: Reading): boolean {
  if (outcome.mistyped.includes(property) || outcome.misfit !== null) return false;
  return outcomeOf(workflow, withProperty(event, property, undefined)).text !== outcome.text;
}

/** Events that match, but whose payload does not fit for a reason that no property's type explains. */
function misfits(workflow: WorkflowRoutes, sampled: Sampled[]): EventProblem[] {
  const reasons = sampled.flatMap(({ outcome: { misfit } }) => misfit ?? []);
  if (reasons.length <= sampled.length * SHARE) return [];
  const counts = [...grouped(reasons, (reason) => reason)].sort(([, a], [, b]) => b.length - a.length);
  const most = counts[0]?.[0] ?? "";
  const text = `${reasons.length} of ${allOf(sampled)} do not fit ${workflow.id}: ${most}`;
  return [problem("does not fit", { workflow, property: null, sampled }, { text })];
}

function idleConditions(workflow: WorkflowRoutes, sampled: Sampled[]): EventProblem[] {
  if (sampled.length < ENOUGH_EVENTS) return [];
  const name = sampled[0]?.event.name;
  const matchers = workflow.matchers.filter(({ event }) => event === name);
  return matchers.flatMap(({ isConditional, does }, index) => {
    if (!isConditional || sampled.some(({ outcome }) => outcome.matches[index] === true)) return [];
    const text = `the condition under which "${name}" ${does} ${workflow.id} held in none of ${allOf(sampled)}`;
    return [problem("condition never held", { workflow, property: null, sampled }, { text })];
  });
}

function problem(
  kind: EventProblem["kind"],
  { workflow, property, sampled }: { workflow: WorkflowRoutes; property: string | null; sampled: Sampled[] },
  { nearest = null, text }: { nearest?: string | null; text: string },
): EventProblem {
  return { kind, workflows: [workflow.id], event: sampled[0]?.event.name ?? null, property, nearest, text };
}

function allOf(sampled: Sampled[]): string {
  return `the newest ${sampled.length} "${sampled[0]?.event.name}"`;
}

/** Null for a missing or empty value. */
function kindOf(value: unknown): Kind | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "flag";
  return Array.isArray(value) ? "list" : "object";
}

function grouped<Item, Key>(items: Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
