import { DAY_MS, HOUR_MS } from "../../lib/durations.ts";
import type { SideFacts } from "../outcome.ts";
import { workflowLines } from "./change-sentences.ts";
import { type ComparingReport, entries } from "./change-words.ts";
import type { Report } from "./compare.ts";
import type { SideMeasure } from "./measure.ts";
import { counted, digits, inWords, messagesBy, onSide, type Pen, people, reasonsOf, sideName } from "./pen.ts";
import { isUnused, unusedWorkflows } from "./tables.ts";
import { type Count, sum } from "./tally.ts";

/** The lines between the headline and the warnings. */
const MOST_LINES = 3;
const MOST_NAMES = 4;

/** The facts that a reader needs first: at most five lines. */
export interface Lead {
  headline: string;
  /** At most three. */
  largest: string[];
  warning: { isOne: boolean; words: string };
}

export function leadOf(report: Report, pen: Pen): Lead {
  const isTwo = isComparing(report);
  const largest = isTwo ? workflowLines(report, pen) : largestWorkflows(report.now, pen);
  const unused = unusedWords(report, pen);
  if (unused !== null && largest.length < MOST_LINES) largest.push(unused);
  return {
    headline: isTwo ? comparingHeadline(report, pen) : headline(report.now, pen),
    largest,
    warning: warningOf(report, pen),
  };
}

/** A change of a workflow that nobody enters shows no difference, so a reviewer has to know of it. */
export function unusedWords(report: Report, pen: Pen): string | null {
  const unused = unusedWorkflows(report).map(pen.code);
  if (unused.length === 0) return null;
  const names = unused.length > MOST_NAMES ? [...unused.slice(0, MOST_NAMES - 1), "others"] : unused;
  const change = isComparing(report) ? `, so a change of ${unused.length === 1 ? "it" : "them"} does not show` : "";
  return `Nobody enters ${inWords(names, "or")} in this time${change}.`;
}

export function isComparing(report: Report): report is ComparingReport {
  return report.against !== null && report.comparison !== null;
}

/** "30 days", or "5 hours" for a short history. */
export function periodOf({ from, until }: Pick<SideFacts, "from" | "until">): string {
  const days = Math.round((until - from) / DAY_MS);
  return days >= 2 ? counted(days, "day") : counted(Math.round((until - from) / HOUR_MS), "hour");
}

function comparingHeadline(report: ComparingReport, pen: Pen): string {
  const { now, against, comparison } = report;
  const [all, period, there] = [peopleOf(report), periodOf(now.facts), onSide(pen, against.facts)];
  if (all === 0)
    return `${pen.bold("The history has no people")}: nothing is compared with ${sideName(pen, against.facts)}.`;
  if ([now, against].every(({ workflows }) => workflows.every(isUnused)))
    return `${pen.bold("No run starts")} in ${period}, as ${there}: the events of ${people(all)} show nothing.`;
  if (comparison.people === 0) {
    const same = comparison.changes.length === 0 ? "No difference" : "No message changes";
    const messages = sum(now.sent);
    const get = messages === 0 ? "no message" : `the same ${counted(messages, "message")}`;
    return `${pen.bold(same)}: ${people(all)} would get ${get} in ${period}${messages === 0 ? "," : ""} as ${there}.`;
  }
  const { more, fewer, time, channel, content } = comparison.messages;
  const parts = [
    [more, "more"],
    [fewer, "fewer"],
    [time, "at another time"],
    [channel, "on another channel"],
    [content, "with other content"],
  ] as const;
  const changed = parts
    .filter(([count]) => count > 0)
    .map(([count, words], index) => `${index > 0 ? digits(count) : counted(count, "message")} ${words}`);
  const would = `${digits(comparison.people)} of ${people(all)} would get other messages`;
  return `${pen.bold(would)} in ${period} than ${there}: ${changed.join(", ")}.`;
}

/** A side may leave out people without a run. */
function peopleOf({ now, against }: Report): number {
  return Math.max(now.facts.people, now.people, against?.people ?? 0);
}

function headline({ reached, people: seen, facts, sent }: SideMeasure, pen: Pen): string {
  const all = Math.max(facts.people, seen);
  if (all === 0) return `${pen.bold("The history has no people")}: nothing is rehearsed.`;
  const would = `${digits(reached)} of ${people(all)} would get messages`;
  const messages = sent.length === 0 ? "" : `: ${messagesBy(sent)}`;
  return `${pen.bold(would)} in ${periodOf(facts)} ${onSide(pen, facts)}${messages}.`;
}

/** At most three lines. */
function largestWorkflows({ workflows }: SideMeasure, pen: Pen): string[] {
  const used = workflows
    .filter(({ runs, notStarted }) => runs + notStarted > 0)
    .sort((one, other) => sum(other.sent) - sum(one.sent) || other.people - one.people);
  const lines = used.slice(0, used.length > 3 ? 2 : 3).map((one) => `${pen.code(one.id)}: ${entries(one, pen)}.`);
  const others = used.slice(lines.length).map(({ id, sent }) => `${pen.code(id)} (${counted(sum(sent), "message")})`);
  return others.length === 0 ? lines : [...lines, `Also: ${inWords(others)}.`];
}

interface Figure {
  words: string;
  before: number | null;
  now: number;
  /** Words behind the numbers. */
  note: string;
  isWarning: boolean;
}

/** One line: the warnings, or else that there is none, with the same figures. */
function warningOf(report: Report, pen: Pen): Lead["warning"] {
  const figures = figuresOf(report, pen);
  const warnings = figures.filter(({ isWarning }) => isWarning);
  const isOne = warnings.length > 0;
  const shown = isOne ? warnings : figures.filter(({ words }) => ALWAYS.some((start) => words.startsWith(start)));
  const words = shown.map(({ words, before, now, note }) => {
    const numbers = before === null ? digits(now) : `${digits(before)} → ${digits(now)}`;
    return `${words}: ${numbers}${note}.`;
  });
  return { isOne, words: [...(isOne ? [] : ["No warning."]), ...words].join(" ") };
}

const ALWAYS = ["People with", "Messages after an exit event", "Messages at night"];

function figuresOf(report: Report, pen: Pen): Figure[] {
  const { now, against, mostPerWeek } = report;
  const rising = (words: string, of: (side: SideMeasure) => number, note = ""): Figure => {
    const before = against === null ? null : of(against);
    return { words, before, now: of(now), note, isWarning: of(now) > (before ?? 0) };
  };
  const failedRuns = (side: SideMeasure) => side.workflows.reduce((all, { failed }) => all + failed, 0);
  const afterExit = rising("Messages after an exit event", (side) => side.afterExit);
  const figures = [
    rising(`People with more than ${counted(mostPerWeek, "message")} in 7 days`, ({ overWeek }) => overWeek),
    { ...afterExit, isWarning: now.afterExit > 0, note: now.afterExit > 0 ? " (must be 0)" : "" },
    rising("Messages at night", ({ atNight }) => atNight),
    rising("Failed messages", ({ failed }) => sum(failed), bracketed(reasonsOf(pen, now.failed))),
    rising("Failed runs", failedRuns),
  ];
  if (!isComparing(report)) return figures;
  const removed = report.comparison.changes.filter(({ kind }) => kind === "exit removed");
  const channels: Count[] = removed.flatMap((change) => change.channels);
  const words = `Messages after an event that ends the workflow ${onSide(pen, report.against.facts)}`;
  return [...figures, { words, before: null, now: sum(channels), note: "", isWarning: channels.length > 0 }];
}

function bracketed(words: string): string {
  return words === "" ? "" : ` (${words})`;
}
