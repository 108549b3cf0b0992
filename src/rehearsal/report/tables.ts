import { CHANNELS, type Channel } from "../../contracts/channel.ts";
import type { Report } from "./compare.ts";
import type { SideMeasure, WorkflowMeasure } from "./measure.ts";
import { channelName, counted, digits, messagesBy, type Pen, sideName } from "./pen.ts";
import { type Count, sum } from "./tally.ts";

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
}

/** One number on both sides. */
interface Row {
  words: string;
  now: number;
  /** Null if the rehearsal has one side. */
  before: number | null;
}

/** The numbers over all workflows. */
export function totalsTable(report: Report, pen: Pen): Table {
  const { now, against, mostPerWeek } = report;
  const row = (words: string, of: (side: SideMeasure) => number): Row => rowOf(words, against, now, of);
  const channels = (Object.keys(CHANNELS) as Channel[]).map((channel) =>
    row(`${messagesBy([{ name: channel, count: 2 }]).replace(/^\S+ /, "")} sent`, ({ sent }) => countOf(sent, channel)),
  );
  const ignored = namesIn(now.ignored, against?.ignored).map((reason) =>
    row(`ignored events: ${pen.text(reason)}`, (side) => countOf(side.ignored, reason)),
  );
  const kept = [
    row("people with a message", ({ reached }) => reached),
    row(`people with more than ${counted(mostPerWeek, "message")} in 7 days`, ({ overWeek }) => overWeek),
    row("messages after an exit event", ({ afterExit }) => afterExit),
    row("messages at night", ({ atNight }) => atNight),
    row("messages over the cap", ({ overCap }) => overCap),
  ];
  const failed = row("failed messages", (side) => sum(side.failed));
  return table("All workflows", report, pen, [...kept, ...[...channels, failed, ...ignored].filter(isUsed)]);
}

/** A table for each workflow with a difference; for one side, for each workflow with a run. */
export function workflowTables(report: Report, pen: Pen): Table[] {
  const { now, against } = report;
  const ids = new Set([...now.workflows, ...(against?.workflows ?? [])].map(({ id }) => id));
  return [...ids].flatMap((id) => {
    const before = against === null ? null : workflowIn(against, id);
    const rows = workflowRows(before, workflowIn(now, id), pen).filter(isUsed);
    const isChanged = report.comparison?.changes.some(({ workflow }) => workflow === id) ?? rows.length > 0;
    return isChanged && rows.length > 0 ? [table(pen.code(id), report, pen, rows)] : [];
  });
}

/** The workflows that are the same on both sides. */
export function sameWorkflows({ now, comparison }: Report): string[] {
  if (comparison === null) return [];
  const changed = new Set(comparison.changes.map(({ workflow }) => workflow));
  return now.workflows.filter((one) => !isUnused(one) && !changed.has(one.id)).map(({ id }) => id);
}

/** The workflows without a run, also on the other side. A workflow that only one side has is a change instead. */
export function unusedWorkflows({ now, against, comparison }: Report): string[] {
  const changed = new Set(comparison?.changes.map(({ workflow }) => workflow));
  const isUnusedThere = (id: string) => against === null || isUnused(workflowIn(against, id));
  return now.workflows
    .filter((one) => isUnused(one) && isUnusedThere(one.id) && !changed.has(one.id))
    .map(({ id }) => id);
}

export function isUnused({ runs, notStarted }: Pick<WorkflowMeasure, "runs" | "notStarted">): boolean {
  return runs + notStarted === 0;
}

function workflowRows(before: WorkflowMeasure | null, now: WorkflowMeasure, pen: Pen): Row[] {
  const row = (words: string, of: (side: WorkflowMeasure) => number): Row => rowOf(words, before, now, of);
  const steps = new Map([...now.steps, ...(before?.steps ?? [])].map(({ step, channel }) => [step, channel]));
  const stepIn = (side: WorkflowMeasure, id: string) => side.steps.find(({ step }) => step === id);
  const perStep = [...steps].flatMap(([step, channel]) => {
    const name = `${pen.code(step)} (${channelName(channel)})`;
    const reasons = namesIn(stepIn(now, step)?.notSent, before === null ? [] : stepIn(before, step)?.notSent);
    return [
      row(`${name} sent`, (side) => stepIn(side, step)?.sent ?? 0),
      ...reasons.map((reason) =>
        row(`${name} not sent: ${pen.text(reason)}`, (side) => countOf(stepIn(side, step)?.notSent ?? [], reason)),
      ),
    ];
  });
  const exits = namesIn(now.exits, before?.exits).map((event) =>
    row(`runs that end on ${pen.code(event)}`, (side) => countOf(side.exits, event)),
  );
  return [
    row("people who enter", ({ people }) => people),
    row("runs", ({ runs }) => runs),
    row("runs that do not start", ({ notStarted }) => notStarted),
    ...perStep,
    ...exits,
    row("runs that fail", ({ failed }) => failed),
  ];
}

function table(title: string, { now, against }: Report, pen: Pen, rows: Row[]): Table {
  if (against === null) return { title, head: ["", ""], rows: rows.map((row) => [row.words, digits(row.now)]) };
  return {
    title,
    head: ["", sideName(pen, against.facts), sideName(pen, now.facts), ""],
    rows: rows.map((row) => [row.words, digits(row.before ?? 0), digits(row.now), changeOf(row)]),
  };
}

function changeOf({ before, now }: Row): string {
  if (before === null || before === now) return "";
  return now > before ? `+${digits(now - before)}` : `−${digits(before - now)}`;
}

function rowOf<Side>(words: string, before: Side | null, now: Side, of: (side: Side) => number): Row {
  return { words, before: before === null ? null : of(before), now: of(now) };
}

function isUsed({ before, now }: Row): boolean {
  return now > 0 || (before ?? 0) > 0;
}

function workflowIn({ workflows }: SideMeasure, id: string): WorkflowMeasure {
  const none = { people: 0, runs: 0, notStarted: 0, failed: 0, sent: [], notSent: [], exits: [], steps: [] };
  return workflows.find((workflow) => workflow.id === id) ?? { id, ...none };
}

function namesIn(now: Count[] = [], before: Count[] = []): string[] {
  return [...new Set([...before, ...now].map(({ name }) => name))];
}

function countOf<Name extends string>(counts: Array<Count<Name>>, wanted: Name): number {
  return counts.find(({ name }) => name === wanted)?.count ?? 0;
}
