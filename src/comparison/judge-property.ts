import type { EventProblem } from "../contracts/comparison.ts";
import type { WorkflowRoutes } from "../contracts/workflow.ts";
import { lettersOf, nearestName } from "../lib/nearest-name.ts";
import { type Outcome, outcomeOf, withProperty } from "./outcome.ts";
import { allOf, ENOUGH_EVENTS, grouped, problem, type Sampled, SHARE } from "./sample.ts";

/** So many events of a kind show whether a value is read, and how many of them are wrong. */
const TRIED = 50;

const KIND_WORDS = { text: "text", number: "a number", flag: "true or false", list: "a list", object: "an object" };
type Kind = keyof typeof KIND_WORDS;

/** The kind that a value has by PostHog's type of its property. A DateTime may be text or a number. */
const KIND_OF_TYPE: Record<string, Kind> = { String: "text", Numeric: "number", Boolean: "flag" };

/** The input of the checks of one property. */
export interface Reading {
  workflow: WorkflowRoutes;
  property: string;
  sampled: Sampled[];
  /** PostHog's type of each property that it has seen on this event, by name; null if it is not known. */
  types: Map<string, string | null> | null;
  /** All properties that the workflow reads. */
  reads: string[];
  /** Gets the events with a problem that was found. */
  explained: Set<Sampled>;
}

/** The problems with one property that the workflow reads. */
export function problemsOfProperty(reading: Reading): EventProblem[] {
  const { property, sampled } = reading;
  const byKind = grouped(sampled, ({ event }) => kindOf(event.properties[property]));
  const missing = byKind.get(null) ?? [];
  const present = [...byKind].flatMap(([kind, of]) => (kind === null ? [] : [{ kind, of }]));
  const [usual, ...others] = present.sort((a, b) => b.of.length - a.of.length);
  if (usual === undefined) return neverSeen(reading);
  const isUsed = usual.of.slice(0, TRIED).some((one) => isRead(one, reading));
  return [
    ...neverRead(reading, { usual, isUsed }),
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
    (sampled.length >= ENOUGH_EVENTS && sampled.every(({ outcome }) => isLacked(outcome, property)));
  if (nearest === null && !isNeeded) return [];
  const instead = nearest === null ? "" : `; they have "${nearest}"`;
  return [
    problem("property never seen", reading, {
      nearest,
      text: `${workflow.id} reads "${property}", which ${allOf(sampled)} do not have${instead}`,
    }),
  ];
}

/** The workflow can read the property in no event: its type has changed, or has never been right. */
function neverRead(reading: Reading, { usual, isUsed }: { usual: OfKind; isUsed: boolean }): EventProblem[] {
  const { workflow, property, sampled, types } = reading;
  if (isUsed) return [];
  const before = KIND_OF_TYPE[types?.get(property) ?? ""];
  const isChanged = before !== undefined && before !== usual.kind;
  const isNeeded =
    usual.of.every(({ outcome }) => outcome.mistyped.includes(property)) ||
    (sampled.length >= ENOUGH_EVENTS && usual.of.every(({ outcome }) => isLacked(outcome, property)));
  if (!isChanged && !isNeeded) return [];
  explain(reading, usual.of);
  const was = isChanged ? ` and was ${KIND_WORDS[before]} when PostHog first saw it; ` : " and ";
  return [
    problem("property type", reading, {
      text: `"${property}" is ${KIND_WORDS[usual.kind]} in ${usual.of.length} of ${allOf(sampled)},${was}${workflow.id} cannot read it`,
    }),
  ];
}

/** Whether the event starts the workflow, and the payload's field of the same name is empty. */
function isLacked({ starts, empty }: Outcome, property: string): boolean {
  return starts && empty.includes(property);
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
  explain(reading, other.of);
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
  explain(reading, missing);
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

/** Null for a missing or empty value. */
function kindOf(value: unknown): Kind | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  if (typeof value === "boolean") return "flag";
  return Array.isArray(value) ? "list" : "object";
}

function explain({ explained }: Reading, events: Sampled[]): void {
  for (const one of events) explained.add(one);
}
