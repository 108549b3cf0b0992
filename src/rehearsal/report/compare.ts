import type { PersonOutcome, SideFacts } from "../outcome.ts";
import { type Change, createChanges } from "./changes.ts";
import { type Difference, differencesOf, type Effect, shapeOf } from "./differences.ts";
import { inOrder, joined, type Pair } from "./join.ts";
import { createMeter, type SideMeasure } from "./measure.ts";
import { createSample, type SamplePerson } from "./sample.ts";
import { add, type Count, getOrMake, listed, type Tally } from "./tally.ts";

export interface Side {
  /** One or more lists, each in the order of the people's ids. */
  people: Array<AsyncIterable<PersonOutcome>>;
  facts: SideFacts;
}

export interface ReportOptions {
  /** More messages than this in 7 days are too many for one person. */
  mostPerWeek?: number;
  /** The number of people whose timelines are shown. */
  sample?: number;
}

type Effects = Record<NonNullable<Effect>, number>;

export interface WorkflowComparison {
  id: string;
  /** The people with other messages. */
  people: Effects;
  messages: Effects;
  /** The runs that entered on one side only. */
  runs: { onlyAgainst: number; onlyNow: number };
  /** The runs that an exit event ended on one side only, and that went on for longer on the other side. */
  exits: { onlyAgainst: Count[]; onlyNow: Count[] };
}

export interface Comparison {
  /** The people with other messages. */
  people: number;
  messages: { more: number; fewer: number; time: number; channel: number; content: number };
  workflows: WorkflowComparison[];
  /** The largest first. */
  changes: Change[];
  /** The reasons that only one side has, by workflow. */
  reasons: Array<{ workflow: string; reason: string; against: number; now: number }>;
  sample: SamplePerson[];
}

export interface Report {
  mostPerWeek: number;
  now: SideMeasure;
  /** Null if the rehearsal has one side. */
  against: SideMeasure | null;
  comparison: Comparison | null;
}

/** Reads each side once, and keeps no person besides the sample. */
export async function makeReport(
  { now, against }: { now: Side; against?: Side | undefined },
  { mostPerWeek = 3, sample = 5 }: ReportOptions = {},
): Promise<Report> {
  const meter = createMeter(now.facts, mostPerWeek);
  if (against === undefined) {
    for await (const person of inOrder(now.people)) meter.add(person);
    return { mostPerWeek, now: meter.measure(), against: null, comparison: null };
  }
  const other = createMeter(against.facts, mostPerWeek);
  const comparing = createComparing({ against: against.facts, now: now.facts }, sample);
  for await (const pair of joined(inOrder(against.people), inOrder(now.people))) {
    if (pair.against !== null) other.add(pair.against);
    if (pair.now !== null) meter.add(pair.now);
    comparing.add(pair);
  }
  const measures = { against: other.measure(), now: meter.measure() };
  return { mostPerWeek, ...measures, comparison: comparing.comparison(measures) };
}

interface WorkflowTally {
  people: Effects;
  messages: Effects;
  runs: WorkflowComparison["runs"];
  exits: { onlyAgainst: Tally; onlyNow: Tally };
}

function createComparing(facts: Record<"against" | "now", SideFacts>, size: number) {
  const shapes = { against: shapeOf(facts.against), now: shapeOf(facts.now) };
  const [changes, sample] = [createChanges(shapes), createSample(size)];
  const messages = { more: 0, fewer: 0, time: 0, channel: 0, content: 0 };
  const workflows = new Map<string, WorkflowTally>();
  let people = 0;
  return {
    add(pair: Pair) {
      const differences = differencesOf(pair, shapes);
      if (differences.length === 0) return;
      if (differences.some(({ message }) => (message?.effect ?? null) !== null)) people++;
      changes.add(differences);
      sample.add(pair, differences);
      for (const difference of differences) addTotal(messages, difference);
      addToWorkflows(workflows, differences);
    },
    comparison: (sides: Record<"against" | "now", SideMeasure>): Comparison => {
      const all = changes.listed();
      return {
        people,
        messages,
        workflows: [...workflows].map(([id, tally]) => ({ id, ...tally, exits: exitsOf(tally) })),
        changes: all,
        reasons: [...reasonsOnOneSide(sides)],
        sample: sample.chosen(all),
      };
    },
  };
}

function addTotal(messages: Comparison["messages"], { kind, message }: Difference): void {
  if (message === null || message.effect === null) return;
  if (message.effect !== "other") messages[message.effect]++;
  else if (kind === "time" || kind === "channel" || kind === "content") messages[kind]++;
}

function addToWorkflows(workflows: Map<string, WorkflowTally>, differences: Difference[]): void {
  const seen = new Set<string>();
  for (const difference of differences) {
    const tally = getOrMake(workflows, difference.workflow, newWorkflow);
    addToWorkflow(tally, difference);
    const effect = difference.message?.effect ?? null;
    const [person, message] = [
      `${difference.workflow} ${effect}`,
      `${difference.transactionId} ${difference.message?.step}`,
    ];
    if (effect !== null && !seen.has(person)) tally.people[effect]++;
    // A message at another time with other content is one message.
    if (effect !== null && !seen.has(message)) tally.messages[effect]++;
    seen.add(person).add(message);
  }
}

function newWorkflow(): WorkflowTally {
  const effects = () => ({ more: 0, fewer: 0, other: 0 });
  return {
    people: effects(),
    messages: effects(),
    runs: { onlyAgainst: 0, onlyNow: 0 },
    exits: { onlyAgainst: new Map(), onlyNow: new Map() },
  };
}

function addToWorkflow({ runs, exits }: WorkflowTally, { kind, message, about }: Difference): void {
  if (message !== null) return;
  if (kind === "starts" || kind === "workflow added") runs.onlyNow++;
  if (kind === "does not start" || kind === "workflow removed") runs.onlyAgainst++;
  if (kind === "exit added") add(exits.onlyNow, about ?? "");
  if (kind === "exit removed") add(exits.onlyAgainst, about ?? "");
}

function exitsOf({ exits }: WorkflowTally): WorkflowComparison["exits"] {
  return { onlyAgainst: listed(exits.onlyAgainst), onlyNow: listed(exits.onlyNow) };
}

function* reasonsOnOneSide({ against, now }: Record<"against" | "now", SideMeasure>) {
  for (const workflow of new Set([...against.workflows, ...now.workflows].map(({ id }) => id))) {
    const of = (side: SideMeasure) => side.workflows.find(({ id }) => id === workflow)?.notSent ?? [];
    for (const reason of new Set([...of(against), ...of(now)].map(({ name }) => name))) {
      const count = (side: SideMeasure) => of(side).find(({ name }) => name === reason)?.count ?? 0;
      const counts = { against: count(against), now: count(now) };
      if (counts.against === 0 || counts.now === 0) yield { workflow, reason, ...counts };
    }
  }
}
