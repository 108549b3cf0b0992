import type { Channel } from "../../contracts/channel.ts";
import { type Difference, KINDS, type Kind, type Shapes } from "./differences.ts";
import { addShift, newShifts, type Shift, type Shifts, shiftOf } from "./shifts.ts";
import { add, type Count, getOrMake, listed, sum, type Tally } from "./tally.ts";

/** The differences of one kind in one workflow, over all people. */
export interface Change {
  kind: Kind;
  workflow: string;
  /** The name of the event for a start or an exit; the step that was added or removed, or has another channel. */
  about: string | null;
  /** The people with a message of this change. */
  people: number;
  /** The runs that start or end differently; 0 for other kinds. */
  runs: number;
  channels: Array<Count<Channel>>;
  steps: Count[];
  reasons: Count[];
  earlier: Shift | null;
  later: Shift | null;
}

export interface Changes {
  /** The differences of one person. */
  add(differences: Difference[]): void;
  /** The largest first. */
  listed(): Change[];
}

interface ChangeTally extends Pick<Change, "kind" | "workflow" | "about" | "people" | "runs"> {
  channels: Tally<Channel>;
  steps: Tally;
  reasons: Tally;
  earlier: Shifts;
  later: Shifts;
}

type ChangeId = Pick<Change, "kind" | "workflow" | "about">;

/** Starts with the workflows and steps that only one side has, because no message may show them. */
export function createChanges(shapes: Shapes): Changes {
  const tallies = new Map<string, ChangeTally>();
  const tallyOf = (id: ChangeId) => getOrMake(tallies, keyOf(id), () => newTally(id));
  for (const id of shapeChanges(shapes)) tallyOf(id);
  return {
    add(differences) {
      const seen = new Set<ChangeTally>();
      for (const difference of differences) {
        const tally = tallyOf(difference);
        if (difference.message !== null) seen.add(tally);
        addDifference(tally, difference);
      }
      for (const tally of seen) tally.people++;
    },
    listed: () =>
      [...tallies.values()].map(changeOf).sort((one, other) => weightOf(other) - weightOf(one) || order(one, other)),
  };
}

/** Differences with the same key belong to the same change. */
export function keyOf({ kind, workflow, about }: ChangeId): string {
  return `${workflow}\n${kind}\n${about ?? ""}`;
}

/**
 * The number of messages, to put the largest change first. Other content comes after everything else, because it is
 * mostly on purpose; before it come runs that start or end differently without a message.
 */
export function weightOf({ kind, channels, runs }: Change): number {
  const messages = sum(channels);
  if (kind === "reason") return messages / 1_000_000_000;
  if (kind === "content") return messages / 1_000_000;
  return messages + runs / 1_000;
}

function order(one: ChangeId, other: ChangeId): number {
  if (one.kind !== other.kind) return KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind);
  return keyOf(one) < keyOf(other) ? -1 : 1;
}

function newTally({ kind, workflow, about }: ChangeId): ChangeTally {
  const counts = { channels: new Map(), steps: new Map(), reasons: new Map() };
  return { kind, workflow, about, people: 0, runs: 0, ...counts, earlier: newShifts(), later: newShifts() };
}

function addDifference(tally: ChangeTally, { message, shift, reason }: Difference): void {
  if (message === null) {
    tally.runs++;
    return;
  }
  add(tally.channels, message.channel);
  add(tally.steps, message.step);
  if (reason !== null) add(tally.reasons, reason);
  if (shift !== 0) addShift(shift < 0 ? tally.earlier : tally.later, Math.abs(shift));
}

function changeOf(tally: ChangeTally): Change {
  return {
    ...tally,
    channels: listed(tally.channels),
    steps: listed(tally.steps),
    reasons: listed(tally.reasons),
    earlier: shiftOf(tally.earlier),
    later: shiftOf(tally.later),
  };
}

/** The workflows, steps and channels that only one side has. A side without a list of workflows shows none. */
function* shapeChanges({ against, now }: Shapes): Generator<ChangeId> {
  if (against.size === 0 || now.size === 0) return;
  for (const workflow of against.keys())
    if (!now.has(workflow)) yield { kind: "workflow removed", workflow, about: null };
  for (const [workflow, steps] of now) {
    const before = against.get(workflow);
    if (before === undefined) {
      yield { kind: "workflow added", workflow, about: null };
      continue;
    }
    for (const [step, channel] of steps) {
      if (!before.has(step)) yield { kind: "step added", workflow, about: step };
      else if (before.get(step) !== channel) yield { kind: "channel", workflow, about: step };
    }
    for (const step of before.keys()) if (!steps.has(step)) yield { kind: "step removed", workflow, about: step };
  }
}
