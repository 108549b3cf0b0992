import { formatDuration } from "../../lib/durations.ts";
import type { Change } from "./changes.ts";
import type { Comparison, Report } from "./compare.ts";
import type { Kind } from "./differences.ts";
import type { SideMeasure, WorkflowMeasure } from "./measure.ts";
import { channelName, counted, digits, messagesBy, oneOf, onSide, type Pen, people, reasonsOf, verb } from "./pen.ts";
import { type Count, sum } from "./tally.ts";

/** A report with two sides. */
export type ComparingReport = Report & { against: SideMeasure; comparison: Comparison };

export interface Context {
  report: ComparingReport;
  pen: Pen;
}

const MOST_STEPS = 4;

type Words = (change: Change, context: Context) => string;

/** The changes of which the workflow itself is the subject. */
export const PREDICATES: Partial<Record<Kind, Words>> = {
  "workflow added": ({ workflow }, { report, pen }) => {
    const measured = find(report.now, workflow);
    const isUsed = measured !== undefined && measured.people > 0;
    return `is a new workflow: ${isUsed ? entries(measured, pen) : "nobody enters it in this time"}`;
  },
  "workflow removed": (change, { report, pen }) =>
    change.people > 0
      ? `is removed: ${reach(change, pen, "no longer")}`
      : `is removed: it sends nothing in this time ${onSide(pen, report.against.facts)}`,
  starts: (change, { pen }) => {
    const messages = change.people > 0 ? `: ${reach(change, pen)}` : ", without a message";
    return `starts ${counted(change.runs, "more run")}${onEvent(change, pen)}${messages}`;
  },
  "does not start": (change, { pen }) => {
    const messages = change.people > 0 ? `: ${reach(change, pen, "no longer")}` : ", none of them with a message";
    return `starts ${counted(change.runs, "fewer run")}${onEvent(change, pen)}${messages}`;
  },
  "exit removed": (change, { report, pen }) => {
    const event = pen.code(change.about ?? "");
    const ends = exits(report.now, change) === 0 ? `no longer ends on ${event}` : endsRuns(change, "fewer", event);
    if (change.people > 0) return `${ends}: ${reach(change, pen, "", " after it")}`;
    return `${ends}: ${counted(change.runs, "run goes", "runs go")} on after it, without a message`;
  },
  "exit added": (change, { report, pen }) => {
    const event = pen.code(change.about ?? "");
    const ends = exits(report.against, change) === 0 ? `now ends on ${event}` : endsRuns(change, "more", event);
    if (change.people > 0) return `${ends}: ${reach(change, pen, "no longer")}`;
    return `${ends}: ${counted(change.runs, "run ends", "runs end")} earlier, and no message changes`;
  },
  "step added": ({ workflow, about }, { report, pen }) => {
    const step = find(report.now, workflow)?.steps.find((one) => one.step === about);
    const has = `has a new ${channelName(step?.channel ?? "email")} ${pen.code(about ?? "")}`;
    if (step === undefined || step.sent + sum(step.notSent) === 0)
      return `${has}, which is due for nobody in this time`;
    if (step.notSent.length === 0) return `${has}: ${digits(step.sent)} sent`;
    return `${has}: ${digits(step.sent)} sent, ${digits(sum(step.notSent))} not sent (${reasonsOf(pen, step.notSent)})`;
  },
  "step removed": (change, { report, pen }) => {
    const step = find(report.against, change.workflow)?.steps.find((one) => one.step === change.about);
    const has = `no longer has the ${channelName(step?.channel ?? "email")} ${pen.code(change.about ?? "")}`;
    if (change.people === 0) return `${has}, which is never sent in this time ${onSide(pen, report.against.facts)}`;
    return `${has}: ${digits(sum(change.channels))} sent to ${people(change.people)} ${onSide(pen, report.against.facts)}`;
  },
  channel: ({ workflow, about, channels }, { report, pen }) => {
    const channel = (side: SideMeasure) => find(side, workflow)?.steps.find(({ step }) => step === about)?.channel;
    const [now = "email", before = "email"] = [channel(report.now), channel(report.against)];
    const messages = channels.length === 0 ? "" : `: ${counted(sum(channels), "message")}`;
    return `sends ${pen.code(about ?? "")} as ${oneOf(now)} instead of ${oneOf(before)}${messages}`;
  },
};

/** The changes of which the messages are the subject. */
export function clauseOf(change: Change, isOneStep: boolean, context: Context): string {
  const { pen, report } = context;
  const { kind, channels, reasons } = change;
  const steps = isOneStep ? [] : [stepsOf(change.steps, pen)];
  const brackets = (...parts: string[]) => ` (${parts.join("; ")})`;
  const because = reasonsOf(pen, reasons);
  if (kind === "sends") {
    const before = `not sent ${onSide(pen, report.against.facts)}: ${because}`;
    return `${messagesBy(channels, "more ")} ${verb(channels, "is", "are")} sent${brackets(...steps, before)}`;
  }
  if (kind === "does not send") {
    const gone = (step: string) =>
      find(report.now, change.workflow)?.steps.find((one) => one.step === step)?.sent === 0;
    const parts = isOneStep && change.steps.some(({ name }) => gone(name)) ? ["all of them"] : [];
    const where = isOneStep ? parts : [stepsOf(change.steps, pen, gone)];
    return `${messagesBy(channels)} ${verb(channels, "is", "are")} no longer sent${brackets(...where, because)}`;
  }
  if (kind === "reason")
    return `${messagesBy(channels)} ${verb(channels, "is", "are")} sent on neither side, for different reasons${brackets(...steps, because)}`;
  const where = steps.length === 0 ? "" : brackets(...steps);
  if (kind === "content") return `${messagesBy(channels)} ${verb(channels, "has", "have")} other content${where}`;
  return `${timeClause(change)}${where}`;
}

function timeClause({ channels, earlier, later }: Change): string {
  const arrive = `${messagesBy(channels)} ${verb(channels, "arrives", "arrive")}`;
  if (earlier !== null && later !== null)
    return `${arrive} at another time: ${digits(earlier.count)} earlier${range(earlier)}, ${digits(later.count)} later${range(later)}`;
  const [shift, word] = earlier === null ? [later, "later"] : [earlier, "earlier"];
  if (shift === null) return `${arrive} at another time`;
  const [least, most] = [formatDuration(shift.least), formatDuration(shift.most)];
  return least === most ? `${arrive} ${most} ${word}` : `${arrive} ${word}${range(shift)}`;
}

function range({ least, most, median }: NonNullable<Change["earlier"]>): string {
  const [from, to] = [formatDuration(least), formatDuration(most)];
  return from === to ? ` by ${to}` : ` by ${from} to ${to}, by ${formatDuration(median)} in the median`;
}

/** "`check-in` 310, `tips` all 70" */
function stepsOf(steps: Count[], pen: Pen, isAll: (step: string) => boolean = () => false): string {
  const names = steps
    .slice(0, MOST_STEPS)
    .map(({ name, count }) => `${pen.code(name)} ${isAll(name) ? "all " : ""}${digits(count)}`);
  if (steps.length > MOST_STEPS) names.push(`${steps.length - MOST_STEPS} more`);
  return names.join(", ");
}

function find(side: SideMeasure, workflow: string): WorkflowMeasure | undefined {
  return side.workflows.find(({ id }) => id === workflow);
}

function exits(side: SideMeasure, { workflow, about }: Change): number {
  return find(side, workflow)?.exits.find(({ name }) => name === about)?.count ?? 0;
}

function endsRuns({ runs }: Change, more: string, event: string): string {
  return `ends ${counted(runs, `${more} run`)} on ${event}`;
}

/** "310 people get the email `check-in`", "2 people no longer get 3 emails and 1 push (`check-in` 3, `tips` 1)" */
function reach(change: Change, pen: Pen, not = "", when = ""): string {
  const { channels, steps } = change;
  const get = `${people(change.people)} ${not === "" ? "" : `${not} `}${change.people === 1 ? "gets" : "get"}`;
  const [[step, channel], all] = [[steps[0], channels[0]], sum(channels)];
  if (steps.length === 1 && step !== undefined && channel !== undefined && all === change.people)
    return `${get} the ${channelName(channel.name)} ${pen.code(step.name)}${when}`;
  return `${get} ${messagesBy(channels)}${when} (${stepsOf(steps, pen)})`;
}

/** "812 people enter; 2,100 emails are sent, 300 not (exited 200, over the cap 100)" */
export function entries({ people: entered, sent, notSent }: WorkflowMeasure, pen: Pen): string {
  const enter = `${people(entered)} ${entered === 1 ? "enters" : "enter"}`;
  const because = notSent.length === 0 ? "" : `, ${digits(sum(notSent))} not (${reasonsOf(pen, notSent)})`;
  return `${enter}; ${messagesBy(sent)} ${sum(sent) > 1 ? "are" : "is"} sent${because}`;
}

function onEvent({ about }: Change, pen: Pen): string {
  return about === null ? "" : ` on ${pen.code(about)}`;
}
