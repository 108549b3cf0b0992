import type { Channel } from "../../contracts/channel.ts";
import { MINUTE_MS } from "../../lib/durations.ts";
import type { MessageOutcome, RunOutcome, SideFacts } from "../outcome.ts";
import type { Pair } from "./join.ts";
import { isEntered, reasonOf } from "./measure.ts";

/**
 * The cause of a difference. Each message has one, except that its time and its content can change together.
 * - `sends`, `does not send`: the message is sent on one side only, and none of the other causes explains it
 * - `reason`: it is sent on neither side, for different reasons
 */
export const KINDS = [
  "workflow added",
  "workflow removed",
  "starts",
  "does not start",
  "exit removed",
  "exit added",
  "step added",
  "step removed",
  "sends",
  "does not send",
  "channel",
  "time",
  "content",
  "reason",
] as const;
export type Kind = (typeof KINDS)[number];

/** More, fewer or other messages than on the other side; null if no message differs. */
export type Effect = "more" | "fewer" | "other" | null;

/** Queues and rate limits move a message by seconds, so such times count as the same. */
const SAME_TIME_MS = MINUTE_MS;
const NOT_DUE = "not due in this time";

/** A difference of a run, without `message`, or of one message in it. */
export interface Difference {
  kind: Kind;
  workflow: string;
  transactionId: string;
  /** The name of the event for a start or an exit; the step that was added or removed, or has another channel. */
  about: string | null;
  message: { step: string; channel: Channel; effect: Effect } | null;
  /** For `time`: milliseconds, negative if the message is earlier. */
  shift: number;
  /** The reason on the side without the message; for `reason` both. */
  reason: string | null;
}

/** The workflows and steps that each side has. */
export interface Shapes {
  against: Shape;
  now: Shape;
}
type Shape = Map<string, Map<string, Channel>>;

export function shapeOf({ workflows }: SideFacts): Shape {
  return new Map(
    workflows.map(({ id, messages }) => [id, new Map(messages.map(({ step, channel }) => [step, channel]))]),
  );
}

type Side = keyof Shapes;
const OTHER: Record<Side, Side> = { against: "now", now: "against" };
/** The cause that a side has and the other side does not have. */
const ONLY_ON = {
  workflow: { against: "workflow removed", now: "workflow added" },
  run: { against: "does not start", now: "starts" },
  step: { against: "step removed", now: "step added" },
  message: { against: "does not send", now: "sends" },
  /** An exit that only one side has keeps messages from being sent on that side. */
  exit: { against: "exit removed", now: "exit added" },
} as const satisfies Record<string, Record<Side, Kind>>;

/** The differences of one person, run after run. */
export function differencesOf({ against, now }: Pair, shapes: Shapes): Difference[] {
  const runs = new Map<string, Partial<Record<Side, RunOutcome>>>();
  for (const run of against?.runs ?? []) runs.set(run.transactionId, { against: run });
  for (const run of now?.runs ?? []) runs.set(run.transactionId, { ...runs.get(run.transactionId), now: run });
  return [...runs.values()].flatMap((sides) => differencesOfRun(sides, shapes));
}

function differencesOfRun(sides: Partial<Record<Side, RunOutcome>>, shapes: Shapes): Difference[] {
  for (const side of ["against", "now"] as const) {
    const [run, other] = [sides[side], sides[OTHER[side]]];
    if (run === undefined || !isEntered(run) || (other !== undefined && isEntered(other))) continue;
    const has = (shape: Shape) => shape.size === 0 || shape.has(run.workflow);
    const isKept = has(shapes[OTHER[side]]) || !has(shapes[side]);
    return onlyOn(side, run, isKept ? "run" : "workflow");
  }
  const { against, now } = sides;
  return against === undefined || now === undefined ? [] : differencesOfBoth({ against, now }, shapes);
}

function onlyOn(side: Side, run: RunOutcome, what: "run" | "workflow"): Difference[] {
  const about = what === "run" ? run.event : null;
  const change = { ...unchanged(run), kind: ONLY_ON[what][side], about };
  const effect = side === "now" ? "more" : "fewer";
  const messages = run.messages.filter(isSent).map((one) => ({ ...change, message: withEffect(one, effect) }));
  return [change, ...messages];
}

function differencesOfBoth(runs: Record<Side, RunOutcome>, shapes: Shapes): Difference[] {
  const found: Difference[] = [];
  const exits: Partial<Record<Side, number>> = {};
  for (const side of ["against", "now"] as const) {
    const { exit, endedAt } = runs[side];
    if (exit === null || endedAt === null || !goesOn(runs[OTHER[side]], exit, endedAt)) continue;
    exits[side] = endedAt;
    found.push({ ...unchanged(runs.now), kind: ONLY_ON.exit[side], about: exit });
  }
  const [against, now] = [byStep(runs.against), byStep(runs.now)];
  for (const step of new Set([...against.keys(), ...now.keys()])) {
    const messages = { against: against.get(step), now: now.get(step) };
    found.push(...differencesOfMessage(messages, { runs, exits, shapes }));
  }
  return found;
}

function byStep({ messages }: RunOutcome): Map<string, MessageOutcome> {
  return new Map(messages.map((message) => [message.step, message]));
}

/** Whether a run is in progress after the exit event that ends it on the other side. */
function goesOn(run: RunOutcome, exit: string, at: number): boolean {
  if (run.endedAt === null) return run.status === "in progress" || run.status === "pending";
  return run.exit !== exit && run.endedAt > at + SAME_TIME_MS;
}

interface RunContext {
  runs: Record<Side, RunOutcome>;
  /** The time of the exit that only this side has. */
  exits: Partial<Record<Side, number>>;
  shapes: Shapes;
}

type Messages = Record<Side, MessageOutcome | undefined>;

function differencesOfMessage(messages: Messages, context: RunContext): Difference[] {
  const run = context.runs.now;
  for (const side of ["against", "now"] as const) {
    const [message, other] = [messages[side], messages[OTHER[side]]];
    if (message === undefined || !isSent(message) || isSent(other)) continue;
    const effect = side === "now" ? "more" : "fewer";
    const reason = other === undefined ? NOT_DUE : reasonOf(other);
    return [{ ...unchanged(run), ...causeOf(side, message, context), message: withEffect(message, effect), reason }];
  }
  const { against, now } = messages;
  if (against === undefined || now === undefined) return [];
  return isSent(now) ? differencesOfSent(run, against, now) : differencesOfReason(run, against, now);
}

/** Why a message is sent on one side only. */
function causeOf(side: Side, { step, at }: MessageOutcome, { runs, exits, shapes }: RunContext) {
  const has = (one: Side) => shapes[one].get(runs[side].workflow)?.has(step) ?? false;
  if (has(side) && !has(OTHER[side])) return { kind: ONLY_ON.step[side], about: step };
  const exitedAt = exits[OTHER[side]];
  if (exitedAt !== undefined && at > exitedAt)
    return { kind: ONLY_ON.exit[OTHER[side]], about: runs[OTHER[side]].exit };
  return { kind: ONLY_ON.message[side], about: null };
}

function differencesOfSent(run: RunOutcome, against: MessageOutcome, now: MessageOutcome): Difference[] {
  const found: Difference[] = [];
  const same = { ...unchanged(run), message: withEffect(now, "other") };
  const shift = now.at - against.at;
  if (against.channel !== now.channel) found.push({ ...same, kind: "channel", about: now.step });
  if (Math.abs(shift) >= SAME_TIME_MS) found.push({ ...same, kind: "time", shift });
  const isOther = against.content !== null && now.content !== null && against.content !== now.content;
  if (isOther && against.channel === now.channel) found.push({ ...same, kind: "content" });
  return found;
}

function differencesOfReason(run: RunOutcome, against: MessageOutcome, now: MessageOutcome): Difference[] {
  if (against.reason === now.reason && against.outcome === now.outcome) return [];
  const reason = `${reasonOf(against)} → ${reasonOf(now)}`;
  return [{ ...unchanged(run), kind: "reason", message: withEffect(now, null), reason }];
}

function unchanged({ workflow, transactionId }: RunOutcome): Omit<Difference, "kind"> {
  return { workflow, transactionId, about: null, message: null, shift: 0, reason: null };
}

function withEffect({ step, channel }: MessageOutcome, effect: Effect): Difference["message"] {
  return { step, channel, effect };
}

function isSent(message: MessageOutcome | undefined): boolean {
  return message?.outcome === "sent";
}
