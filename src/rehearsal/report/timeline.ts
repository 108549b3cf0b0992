import { Temporal } from "temporal-polyfill";
import { isTimeZone } from "../../lib/time-zone.ts";
import type { MessageOutcome, RunOutcome } from "../outcome.ts";
import type { ComparingReport } from "./change-words.ts";
import type { Kind } from "./differences.ts";
import { isEntered, reasonOf } from "./measure.ts";
import { channelName, counted, type Pen, sideName } from "./pen.ts";
import type { SamplePerson } from "./sample.ts";
import type { Table } from "./tables.ts";

const MOST_ROWS = 24;
const NOTHING = "–";
/** The details that come from code and hold no personal data. */
const SHOWN_DETAILS = new Set(["exited", "not needed", "opted out", "held out", "unreadable", "error"]);

/** The differences that a person shows, in words. */
const LABELS: Record<Kind, string> = {
  "workflow added": "enters the new workflow",
  "workflow removed": "does not enter the removed workflow",
  starts: "another run starts",
  "does not start": "a run does not start",
  "exit removed": "a run goes on after the exit event",
  "exit added": "a run ends on an exit event",
  "step added": "the new message",
  "step removed": "without the removed message",
  sends: "a message more",
  "does not send": "a message fewer",
  channel: "another channel",
  time: "another time",
  content: "other content",
  reason: "another reason",
};

/** Both timelines of a person side by side, by the person's clock. */
export function timelineOf(person: SamplePerson, { now, against }: ComparingReport, pen: Pen): Table {
  const kinds = [...new Set(person.differences.map(({ kind }) => kind))].map((kind) => LABELS[kind]);
  const stepsOf = (workflow: string) => now.facts.workflows.find(({ id }) => id === workflow)?.messages ?? [];
  const rows = person.runs.flatMap((run) => runRows(run, { person, pen, stepsOf }));
  const shown = rows.slice(0, MOST_ROWS);
  if (rows.length > shown.length) shown.push([`… and ${counted(rows.length - shown.length, "more row")}`, "", ""]);
  if (person.more > 0) shown.push([`… and ${counted(person.more, "more run")}`, "", ""]);
  return {
    title: `${pen.code(person.person)} (${pen.text(person.timeZone)}): ${kinds.join(", ")}`,
    head: ["", sideName(pen, against.facts), sideName(pen, now.facts)],
    rows: shown,
  };
}

interface RunContext {
  person: SamplePerson;
  pen: Pen;
  /** The steps of a workflow, in order. */
  stepsOf(workflow: string): Array<Pick<MessageOutcome, "step">>;
}

function runRows({ against, now }: SamplePerson["runs"][number], { person, pen, stepsOf }: RunContext): string[][] {
  const run = now ?? against;
  if (run === null) return [];
  const { timeZone, differences } = person;
  const steps = stepsOf(run.workflow).map(({ step }) => step);
  const own = differences.filter(({ transactionId }) => transactionId === run.transactionId);
  const on = run.event === null ? "" : ` on ${pen.code(run.event)}`;
  const rows = [row(`${pen.code(run.workflow)} starts${on}`, start(against, timeZone), start(now, timeZone), pen)];
  for (const { step, channel } of inOrder(now, against, steps)) {
    const cell = (side: RunOutcome | null) => messageCell(messageIn(side, step), timeZone, pen);
    const isOther = own.some((one) => one.message?.step === step && one.kind === "content");
    const after = `${cell(now)}${isOther ? ", other content" : ""}`;
    rows.push(row(`${pen.code(step)} (${channelName(channel)})`, cell(against), after, pen));
  }
  const [before, after] = [endCell(against, timeZone, pen), endCell(now, timeZone, pen)];
  rows.push(row("end", before, after, pen));
  return rows;
}

function row(words: string, before: string, after: string, pen: Pen): string[] {
  return [words, before, before === after ? after : pen.bold(after)];
}

/** The messages of both sides, by their time; an exit event decides several at once, which are in the order of steps. */
function inOrder(now: RunOutcome | null, against: RunOutcome | null, steps: string[]): MessageOutcome[] {
  const messages = new Map((against?.messages ?? []).map((one) => [one.step, one]));
  for (const one of now?.messages ?? []) messages.set(one.step, one);
  const place = ({ step }: MessageOutcome) => steps.indexOf(step);
  return [...messages.values()].sort((one, other) => one.at - other.at || place(one) - place(other));
}

function messageIn(run: RunOutcome | null, step: string): MessageOutcome | undefined {
  return run?.messages.find((message) => message.step === step);
}

function start(run: RunOutcome | null, timeZone: string): string {
  if (run === null) return NOTHING;
  return isEntered(run) ? localTime(run.at, timeZone) : "not started";
}

function messageCell(message: MessageOutcome | undefined, timeZone: string, pen: Pen): string {
  if (message === undefined) return NOTHING;
  if (message.outcome === "sent") return `sent ${localTime(message.at, timeZone)}`;
  const detail = message.detail === null || !SHOWN_DETAILS.has(reasonOf(message)) ? "" : ` (${message.detail})`;
  return `${message.outcome === "failed" ? "failed" : "not sent"}: ${pen.text(`${reasonOf(message)}${detail}`)}`;
}

function endCell(run: RunOutcome | null, timeZone: string, pen: Pen): string {
  if (run === null || !isEntered(run)) return NOTHING;
  const at = run.endedAt === null ? "" : ` ${localTime(run.endedAt, timeZone)}`;
  return run.exit === null ? `${run.status}${at}` : `on ${pen.code(run.exit)}${at}`;
}

/** "2 Mar 10:00" */
function localTime(at: number, timeZone: string): string {
  const zone = isTimeZone(timeZone) ? timeZone : "UTC";
  const { day, month, hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
  const two = (number: number) => String(number).padStart(2, "0");
  return `${day} ${MONTHS[month - 1]} ${two(hour)}:${two(minute)}`;
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
