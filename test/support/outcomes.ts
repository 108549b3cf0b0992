import { Channel } from "../../src/contracts/channel.ts";
import type { MessageOutcome, PersonOutcome, RunOutcome, SideFacts } from "../../src/rehearsal/outcome.ts";
import { makeReport, type Report, type ReportOptions } from "../../src/rehearsal/report/compare.ts";

/** The beginning of the history of these outcomes, which lasts 30 days. */
export const START = Date.parse("2026-03-02T10:00:00Z");
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "30 min", "6 h" or "2 d 6 h" after the beginning. */
export function after(text: string): number {
  const units = { min: MINUTE, h: HOUR, d: DAY };
  const parts = [...text.matchAll(/(\d+) (min|h|d)/g)];
  return parts.reduce((at, [, number, unit]) => at + Number(number) * units[unit as keyof typeof units], START);
}

/** `sent` is a time, `not` a reason. */
interface Message {
  sent?: string;
  not?: string;
  failed?: string;
  content?: string;
  isAfterExit?: boolean;
  channel?: Channel;
}

interface Run extends Partial<Omit<RunOutcome, "at" | "endedAt" | "messages">> {
  at?: string;
  endedAt?: string;
  /** By step; a step that ends in "-note" is an in-app note. */
  messages?: Record<string, Message>;
}

export function run(workflow: string, { at = "0 h", endedAt, messages = {}, ...rest }: Run = {}): RunOutcome {
  return {
    transactionId: `${at}:${workflow}`,
    workflow,
    event: "checkout_started",
    at: after(at),
    status: rest.exit ? "exited" : endedAt === undefined ? "in progress" : "finished",
    endedAt: endedAt === undefined ? null : after(endedAt),
    exit: null,
    messages: Object.entries(messages).map(([step, message]) => messageOf(step, message, at)),
    ...rest,
  };
}

function messageOf(step: string, message: Message, at: string): MessageOutcome {
  const { sent, not, failed, content = "c1", isAfterExit = false, channel = channelOf(step) } = message;
  const isSent = sent !== undefined;
  return {
    step,
    channel,
    at: after(sent ?? at),
    outcome: isSent ? "sent" : failed === undefined ? "skipped" : "failed",
    reason: failed ?? not ?? null,
    detail: null,
    isAfterExit,
    content: isSent ? content : null,
  };
}

function channelOf(step: string): Channel {
  return step.endsWith("-note") ? "in_app" : step.endsWith("-push") ? "push" : "email";
}

/** `count` people with the same runs: "a-000", "a-001" … */
export function people(prefix: string, count: number, ...runs: RunOutcome[]): PersonOutcome[] {
  return Array.from({ length: count }, (_, index) => {
    const person = `${prefix}-${String(index).padStart(3, "0")}`;
    const own = runs.map((one) => ({ ...one, transactionId: `${person}:${one.transactionId}` }));
    return { person, timeZone: "Europe/Berlin", runs: own };
  });
}

/** `workflows` has the steps of each; "nudge:push" is a step with a channel. */
export function facts(ref: string, workflows: Record<string, string[]>, more: Partial<SideFacts> = {}): SideFacts {
  return {
    ref,
    from: START,
    until: START + 30 * DAY,
    events: 10_000,
    ignored: {},
    people: 2_000,
    seconds: 12.34,
    memory: 300 * 2 ** 20,
    limits: [],
    workflows: Object.entries(workflows).map(([id, steps]) => ({
      id,
      messages: steps.map((step) => {
        const [name = "", channel = channelOf(step)] = step.split(":");
        return { step: name, channel: Channel.parse(channel) };
      }),
    })),
    ...more,
  };
}

interface SideOutcomes {
  facts: SideFacts;
  people: PersonOutcome[];
}

export function reportOf(
  sides: { against?: SideOutcomes; now: SideOutcomes },
  options?: ReportOptions,
): Promise<Report> {
  const side = ({ facts, people }: SideOutcomes) => ({ facts, people: [stream(people)] });
  return makeReport({ now: side(sides.now), against: sides.against && side(sides.against) }, options);
}

async function* stream(people: PersonOutcome[]): AsyncGenerator<PersonOutcome> {
  yield* people.toSorted((one, other) => (one.person < other.person ? -1 : 1));
}
