import type { Decision } from "../contracts/decision.ts";
import type { RunRecord } from "../contracts/history.ts";
import { CHANNEL_NAMES } from "../explain/words.ts";
import type { StepFacts } from "./facts.ts";

/** The next message of a run, as far as the code and the earlier decisions say. */
export interface NextMessage {
  step: string;
  channel: NonNullable<StepFacts["channel"]>;
  /** In milliseconds since 1970; null if the code finds the length of a wait in each run. */
  dueAt: number | null;
  /** Whether it can be due earlier, because an event ends a wait before it. */
  isAtLatest: boolean;
  /** Whether it waits for the sending hours. */
  hasHours: boolean;
}

/** Null if no message is left. `decisions` are those of the run, and `steps` those of the workflow in the code. */
export function nextMessage(
  { enteredAt }: Pick<RunRecord, "enteredAt">,
  decisions: Array<Pick<Decision, "step" | "decidedAt">>,
  steps: StepFacts[],
): NextMessage | null {
  const last = steps.findLastIndex(({ step }) => decisions.some((one) => one.step === step));
  const nextAt = steps.findIndex(({ channel }, index) => index > last && channel !== null);
  const next = steps[nextAt];
  if (next === undefined || next.channel === null) return null;
  const before = steps.slice(last + 1, nextAt);
  const hours = hoursBefore(next.step);
  const waits = before.filter(
    ({ step, type, atMostMs }) => step !== hours && (TAKE_TIME.has(type) || atMostMs !== null),
  );
  const lengths = waits.map(({ waitMs, atMostMs }) => waitMs ?? atMostMs);
  const decidedAt = decisions.find(({ step }) => step === steps[last]?.step)?.decidedAt;
  const from = decidedAt === undefined ? enteredAt : Date.parse(decidedAt);
  const isKnown = from !== null && !lengths.includes(null);
  return {
    step: next.step,
    channel: next.channel,
    dueAt: isKnown ? lengths.reduce<number>((sum, ms) => sum + (ms ?? 0), from) : null,
    isAtLatest: waits.some(({ atMostMs }) => atMostMs !== null),
    hasHours: before.some(({ step }) => step === hours),
  };
}

/** The delay step in which a message waits for the sending hours. */
export function hoursBefore(step: string): string {
  return `${step}-hours`;
}

const TAKE_TIME = new Set(["delay", "digest"]);

/** `exits` are the events that end the run. */
export function nextInWords({ step, channel, dueAt, isAtLatest, hasHours }: NextMessage, exits: string[]): string {
  const message = `The ${CHANNEL_NAMES[channel]} ${step}`;
  const unless = exits.length === 0 ? "" : `, unless ${exits.join(" or ")} comes before`;
  if (dueAt === null) return `${message} is next${unless}. The code finds its time during the run.`;
  const hours = hasHours ? " Outside the sending hours it waits until they begin." : "";
  return `${message} is due ${isAtLatest ? "at the latest " : ""}on ${weekdayAndTime(dueAt)}${unless}.${hours}`;
}

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** "Thursday 2026-03-12 at 09:00 UTC" */
function weekdayAndTime(at: number): string {
  const text = new Date(at).toISOString();
  return `${WEEKDAYS[new Date(at).getUTCDay()]} ${text.slice(0, 10)} at ${text.slice(11, 16)} UTC`;
}
